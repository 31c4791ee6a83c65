//! The browsers a person is signed in with.

use super::{
    api::{RevokeSession, my_sessions},
    text,
};
use crate::{
    text::lang,
    ui::{field::Confirm, format::Time, load::load},
};
use domain::people::SessionInfo;
use leptos::{form::ActionForm, prelude::*};

/// The list, with a way to sign each browser out.
#[component]
pub(super) fn Sessions() -> impl IntoView {
    let l = lang();
    view! {
        <section>
            <h2>{text::sessions_title(l)}</h2>
            {load(my_sessions(), move |sessions| view! {
                <div class="table-wrap">
                    <table class="table table-cards">
                        <thead><tr>
                            <th scope="col">{text::browser(l)}</th>
                            <th scope="col">{text::since(l)}</th>
                            <th scope="col">{text::last_used(l)}</th>
                            <th scope="col"><span class="visually-hidden">{text::actions(l)}</span></th>
                        </tr></thead>
                        <tbody>{sessions.into_iter().map(|session| view! { <Row session/> }).collect_view()}</tbody>
                    </table>
                </div>
            })}
        </section>
    }
}

#[component]
fn Row(session: SessionInfo) -> impl IntoView {
    let l = lang();
    let last = if session.is_current {
        view! { <span class="badge badge-good">{text::this_browser(l)}</span> }.into_any()
    } else {
        view! {
            <Confirm label=text::sign_out(l) question=text::revoke_session_question(l)>
                <ActionForm action={ServerAction::<RevokeSession>::new()}>
                    <input type="hidden" name="handle" value=session.handle/>
                    <button class="button button-danger" type="submit">{text::sign_out(l)}</button>
                </ActionForm>
            </Confirm>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row" title=session.user_agent.clone()>{browser_name(&session.user_agent).unwrap_or_else(|| text::unknown_browser(l).to_owned())}</th>
            <td class="nowrap" data-label=text::since(l)><Time at=session.created_at/></td>
            <td class="nowrap" data-label=text::last_used(l)><Time at=session.last_seen_at/></td>
            <td class="num">{last}</td>
        </tr>
    }
}

/// "Firefox, Linux" out of a `User-Agent`: the first known name wins, because browsers name
/// those they descend from too.
fn browser_name(user_agent: &str) -> Option<String> {
    let browsers = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_name;

    #[test]
    fn browsers_have_names() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
        assert_eq!(browser_name(edge).as_deref(), Some("Edge, Windows"));
        assert_eq!(browser_name("curl/8.5.0").as_deref(), Some("curl"));
        assert_eq!(browser_name("x"), None);
    }
}
