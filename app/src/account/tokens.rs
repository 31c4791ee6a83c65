//! A person's API tokens.

use super::{
    api::{CreateToken, RevokeToken, Tokens as TokensData, my_tokens},
    text,
};
use crate::{
    text::lang,
    ui::{
        copy::CopyText,
        field::{Confirm, Field},
        form::PostForm,
        format::Time,
        load::load,
    },
};
use domain::{
    access::TokenScope,
    people::{Project, TokenInfo},
};
use leptos::{either::Either, form::ActionForm, prelude::*};

/// Lives a token may have, in days.
const LIVES: [i32; 4] = [7, 30, 90, 365];

/// The list, the form for a new one, and the secret of one just made.
#[component]
pub(super) fn Tokens() -> impl IntoView {
    let l = lang();
    view! {
        <section id="tokens" class="stack">
            <div>
                <h2>{text::tokens_title(l)}</h2>
                <p class="muted">{text::tokens_lead(l)} " " <a href="/api/docs">{text::api_docs(l)}</a></p>
            </div>
            {load(my_tokens(), |TokensData { tokens, projects, fresh }| view! {
                {fresh.map(|secret| view! { <Fresh secret/> })}
                <List tokens projects=projects.clone()/>
                <NewToken projects/>
            })}
        </section>
    }
}

/// A secret that is shown this once.
#[component]
fn Fresh(secret: String) -> impl IntoView {
    let l = lang();
    view! {
        <div class="notice notice-good" role="status">
            <strong>{text::new_token_title(l)}</strong>
            <p>{text::new_token_hint(l)}</p>
            <CopyText id="new-token" text=secret/>
        </div>
    }
}

#[component]
fn List(tokens: Vec<TokenInfo>, projects: Vec<Project>) -> impl IntoView {
    let l = lang();
    if tokens.is_empty() {
        return view! { <p class="muted">{text::no_tokens(l)}</p> }.into_any();
    }
    let project_name = move |token: &TokenInfo| match token.project_id {
        None => text::every_project(l).to_owned(),
        Some(id) => projects.iter().find(|p| p.id == id).map_or("–".to_owned(), |p| p.name.clone()),
    };
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead><tr>
                    <th scope="col">{text::token_name(l)}</th>
                    <th scope="col">{text::scope(l)}</th>
                    <th scope="col">{text::token_project(l)}</th>
                    <th scope="col">{text::expires(l)}</th>
                    <th scope="col">{text::last_used(l)}</th>
                    <th scope="col"><span class="visually-hidden">{text::actions(l)}</span></th>
                </tr></thead>
                <tbody>
                    {tokens.into_iter().map(|token| {
                        let project = project_name(&token);
                        view! { <Row token project/> }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(token: TokenInfo, project: String) -> impl IntoView {
    let l = lang();
    view! {
        <tr>
            <th scope="row">{token.name.clone()}<br/><code class="muted">{token.prefix} "…"</code></th>
            <td class="nowrap">{text::scope_name(l, token.scope)}</td>
            <td class="nowrap">{project}</td>
            <td class="nowrap"><Time at=token.expires_at/></td>
            <td class="nowrap">{match token.last_used_at {
                Some(at) => Either::Left(view! { <Time at/> }),
                None => Either::Right(text::never(l)),
            }}</td>
            <td class="num">
                <Confirm label=text::revoke(l) question=text::revoke_token_question(l, token.name)>
                    <ActionForm action={ServerAction::<RevokeToken>::new()}>
                        <input type="hidden" name="token" value=token.id.to_string()/>
                        <button class="button button-danger" type="submit">{text::revoke(l)}</button>
                    </ActionForm>
                </Confirm>
            </td>
        </tr>
    }
}

#[component]
fn NewToken(projects: Vec<Project>) -> impl IntoView {
    let l = lang();
    let scopes = [TokenScope::Read, TokenScope::Write];
    view! {
        <PostForm action={ServerAction::<CreateToken>::new()} class="card">
            <div class="field-row">
                <Field id="token-name" label=text::token_name(l)>
                    <input id="token-name" name="name" required maxlength="200" placeholder=text::token_name_example(l)/>
                </Field>
                <Field id="token-scope" label=text::scope(l)>
                    <select id="token-scope" name="scope">
                        {scopes.map(|s| view! { <option value=s.as_str()>{text::scope_name(l, s)}</option> }).collect_view()}
                    </select>
                </Field>
                <Field id="token-project" label=text::token_project(l)>
                    <select id="token-project" name="project">
                        <option value="">{text::every_project(l)}</option>
                        {projects.into_iter().map(|p| view! { <option value=p.id.to_string()>{p.name}</option> }).collect_view()}
                    </select>
                </Field>
                <Field id="token-days" label=text::life(l)>
                    <select id="token-days" name="days">
                        {LIVES.map(|days| view! { <option value=days.to_string() selected={days == 90}>{text::days(l, days)}</option> }).collect_view()}
                    </select>
                </Field>
            </div>
            <button class="button" type="submit">{text::create_token(l)}</button>
        </PostForm>
    }
}
