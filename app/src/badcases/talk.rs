//! What people say about a bad case.

use super::{
    api::{Choices, CommentOnBadCase},
    text,
};
use crate::ui::{field::Field, form::PostForm, format::Time};
use domain::{
    badcase::view::CaseComment,
    id::{BadCaseId, ProjectId},
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    talk = "Discussion", "讨论";
    quiet = "Nobody has said anything yet.", "还没有人发言。";
    comment = "Comment", "评论";
    comment_help(names) = "Write @ and a name to tell somebody; it then stands among their mentions on the list of bad cases. Here are: {names}.",
        "输入 @ 加姓名即可提及某人，对方会在 Bad Case 列表的“提及我的”中看到。项目成员：{names}。";
    say = "Comment on it", "发表评论";
}

/// Names that the help lists.
const NAMES: usize = 12;

/// The comments, and the form for another one.
pub(super) fn card(
    project: ProjectId,
    case: BadCaseId,
    comments: &[CaseComment],
    choices: &Choices,
    may: bool,
    l: Lang,
) -> impl IntoView + use<> {
    let said = comments.iter().map(|c| {
        let who = c.author.clone().unwrap_or_else(|| text::somebody(l).to_owned());
        let at = c.created_at;
        view! {
            <li>
                <strong><bdi>{who}</bdi></strong>" "<span class="muted"><Time at/></span>
                <p dir="auto">{c.body.clone()}</p>
            </li>
        }
    });
    let said = said.collect_view();
    let list = if said.is_empty() {
        view! { <p class="muted">{quiet(l)}</p> }.into_any()
    } else {
        view! { <ul class="comments">{said}</ul> }.into_any()
    };
    let names: Vec<String> = choices.people.iter().take(NAMES).map(|(_, name)| format!("@{name}")).collect();
    let form = may.then(|| {
        view! {
            <PostForm action={ServerAction::<CommentOnBadCase>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="id" value=case.to_string()/>
                <Field id="body" label=comment(l) help=comment_help(l, names.join(", "))>
                    <textarea id="body" name="body" dir="auto" rows="3" aria-describedby="body-help"></textarea>
                </Field>
                <button class="button" type="submit">{say(l)}</button>
            </PostForm>
        }
    });
    view! {
        <section class="card" id="talk">
            <h2>{talk(l)}</h2>
            {list}
            {form}
        </section>
    }
}
