//! The project's own causes of bad cases: a tree below each of the five kinds, which scientists and owners change.

use super::{
    api::{AddCause, MergeCause, UpdateCause, list_causes},
    choices, text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::integer, frame::PageHeader, load::load},
};
use domain::{
    access::Action,
    badcase::{
        Cause,
        taxonomy::{MAX_NAME_CHARS, OwnCause, tree},
    },
    id::ProjectId,
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    title = "Causes", "原因管理";
    lead = "The five kinds are the same in every project, so that trends stay comparable. Below them stand the project's own causes, in its own words.",
        "五大类在所有项目中一致，便于比较趋势。其下是本项目自定义的具体原因。";
    none = "No cause of its own.", "没有自定义原因。";
    cases(n) = "{n} cases", "{n} 条";
    archived = "put away", "已停用";
    edit = "Change", "更改";
    name = "Name", "名称";
    name_help = "Short, in the words that the team uses.", "简短，使用团队惯用的说法。";
    below = "Below", "隶属于";
    below_help = "A kind, or a cause that it is a part of.", "某个大类，或其所属的上级原因。";
    add = "Add a cause", "添加原因";
    rename = "Save", "保存";
    put_away = "Not to be chosen any more", "停用，不再可选";
    put_away_help = "Bad cases that have it keep it.", "已使用该原因的 Bad Case 不受影响。";
    merge_into = "Merge into", "合并到";
    merge_help = "Its bad cases and the causes below it go over, then it is gone. This cannot be taken back.", "其 Bad Case 及下级原因将转入目标原因，随后删除此原因，无法撤销。";
    merge = "Merge", "合并";
}

/// `/p/:project/bad-cases/causes`
#[component]
pub fn CausesPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    view! {
        <PageHeader title=title(l) lead=lead(l)>
            <a class="button button-quiet" href=routes::bad_cases(project)>{text::back(l)}</a>
        </PageHeader>
        {load(list_causes(project), move |causes| body(project, &causes, l).into_any())}
    }
    .into_any()
}

fn body(project: ProjectId, causes: &[OwnCause], l: Lang) -> impl IntoView + use<> {
    let may = role::may(Action::EditDatasets);
    let kinds = Cause::ALL.map(|kind| {
        let own = tree(causes, kind);
        let none = own.is_empty().then(|| view! { <p class="muted">{none(l)}</p> });
        let rows = own.into_iter().map(|(depth, cause)| row(project, causes, (depth, cause), may, l)).collect_view();
        view! {
            <section class="card">
                <h2>{text::cause_name(l, kind)}</h2>
                <p class="muted">{text::cause_help(l, kind)}</p>
                {none}
                <ul class="cause-tree">{rows}</ul>
            </section>
        }
    });
    let form = may.then(|| add_form(project, causes, l));
    view! { {form} <div class="grid">{kinds.collect_view()}</div> }
}

fn add_form(project: ProjectId, causes: &[OwnCause], l: Lang) -> impl IntoView + use<> {
    let options = choices::all_causes(causes, l);
    view! {
        <PostForm action={ServerAction::<AddCause>::new()} class="card filters">
            <input type="hidden" name="project" value=project.to_string()/>
            <Field id="below" label=below(l) help=below_help(l)>
                <select id="below" name="below" aria-describedby="below-help">{options}</select>
            </Field>
            <Field id="name" label=name(l) help=name_help(l)>
                <input id="name" name="name" required dir="auto" maxlength=MAX_NAME_CHARS.to_string() aria-describedby="name-help"/>
            </Field>
            <button class="button button-primary" type="submit">{add(l)}</button>
        </PostForm>
    }
}

/// A cause, with the forms that change it in a fold.
fn row(
    project: ProjectId,
    causes: &[OwnCause],
    (depth, cause): (usize, &OwnCause),
    may: bool,
    l: Lang,
) -> impl IntoView + use<> {
    let href = format!("{}?own={}", routes::bad_cases(project), cause.id);
    let badge = cause.archived.then(|| view! { " "<span class="badge badge-quiet">{archived(l)}</span> });
    let forms = may.then(|| forms(project, causes, cause, l));
    view! {
        <li class=format!("cause-{depth}")>
            <bdi>{cause.name.clone()}</bdi>{badge}" "
            <a class="muted" href=href>{cases(l, integer(cause.cases.unsigned_abs()))}</a>
            {forms}
        </li>
    }
}

fn forms(project: ProjectId, causes: &[OwnCause], cause: &OwnCause, l: Lang) -> impl IntoView + use<> {
    let id = cause.id;
    let about = move || {
        view! {
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="cause" value=id.to_string()/>
        }
    };
    let others: Vec<&OwnCause> = causes.iter().filter(|c| c.id != id).collect();
    let merge_form = (!others.is_empty()).then(|| {
        let options = others.iter().map(|c| {
            let words = format!("{}: {}", text::cause_name(l, c.kind), c.name);
            view! { <option value=c.id.to_string()>{words}</option> }
        });
        let options = options.collect_view();
        view! {
            <PostForm action={ServerAction::<MergeCause>::new()}>
                {about()}
                <Field id=format!("into-{id}") label=merge_into(l) help=merge_help(l)>
                    <select id=format!("into-{id}") name="into" aria-describedby=format!("into-{id}-help")>{options}</select>
                </Field>
                <button class="button button-danger" type="submit">{merge(l)}</button>
            </PostForm>
        }
    });
    let (old, is_archived) = (cause.name.clone(), cause.archived);
    let label = format!("{}: {}", edit(l), cause.name);
    view! {
        <details class="fold">
            <summary aria-label=label>{edit(l)}</summary>
            <PostForm action={ServerAction::<UpdateCause>::new()}>
                {about()}
                <Field id=format!("name-{id}") label=name(l) help=name_help(l)>
                    <input id=format!("name-{id}") name="name" required dir="auto" value=old maxlength=MAX_NAME_CHARS.to_string() aria-describedby=format!("name-{id}-help")/>
                </Field>
                <div class="field">
                    <label class="check"><input type="checkbox" name="archived" value="true" checked=is_archived aria-describedby=format!("away-{id}")/><span>{put_away(l)}</span></label>
                    <p class="help" id=format!("away-{id}")>{put_away_help(l)}</p>
                </div>
                <button class="button" type="submit">{rename(l)}</button>
            </PostForm>
            {merge_form}
        </details>
    }
}
