//! The annotator's screen. The server writes one item as a plain form, which posts and leads to the next one; with
//! JavaScript `screen` swaps items that it has asked for before, and sends in the background.

mod api;
#[cfg(any(feature = "hydrate", test))]
mod clock;
mod item;
#[cfg(any(feature = "hydrate", test))]
mod outbox;
mod progress;
#[cfg(feature = "hydrate")]
mod screen;
pub mod text;

use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{field::Confirm, form::PostForm, frame::PageHeader, load::load, markdown::markdown, notice::Empty},
};
use api::{
    AskSkippedAgain, GiveItemsBack, SaveDraft, SkipItem, SubmitJudgement, TakeItems, UndoJudgement, WorkView, get_work,
};
use domain::{
    annotation::{TaskStatus, view::Next},
    id::{ProjectId, TaskId},
};
use leptos::{prelude::*, server_fn::ServerFn};

/// A task by its address.
#[derive(Clone, Copy, Debug)]
struct Place {
    project: ProjectId,
    task: TaskId,
}

impl Place {
    /// What every form of the task posts.
    fn ids(self) -> impl IntoView {
        view! {
            <input type="hidden" name="project" value=self.project.to_string()/>
            <input type="hidden" name="task" value=self.task.to_string()/>
        }
    }
}

/// `/p/:project/annotation/:task/work`.
#[component]
pub fn WorkPage() -> impl IntoView {
    let place =
        || -> Result<_, AppError> { Ok(Place { project: routes::param("project")?, task: routes::param("task")? }) };
    let place = place();
    let undo = routes::query::<u8>("undo").is_some();
    let data = async move {
        let place = place?;
        Ok::<_, AppError>((place, get_work(place.project, place.task, undo).await?))
    };
    load(data, |(place, view)| page(place, view))
}

fn page(place: Place, view: WorkView) -> impl IntoView {
    let l = lang();
    let WorkView { name, design, guideline: rules, next, me } = view;
    let bar = match &next {
        Next::Work { mine, .. } | Next::NothingLeft { mine, .. } | Next::DeadlinePassed { mine } => {
            progress::bar(*mine).into_any()
        }
        Next::NotOpen { .. } | Next::NotQualified { .. } | Next::NotAssigned => ().into_any(),
    };
    let works = matches!(next, Next::Work { .. } | Next::NothingLeft { .. });
    let item = match &next {
        Next::Work { items, .. } => items.first().map(|work| item::item(place, &design, work).into_any()),
        _ => None,
    };
    let item = item.unwrap_or_else(|| nothing(place, &next));
    view! {
        <PageHeader title=name lead=text::lead(l)>
            {works.then(|| view! {
                <a class="button" href=format!("{}?undo=1", routes::annotation_work(place.project, place.task)) data-undo="">
                    {text::undo(l)}<kbd class="keyboard-help" aria-hidden="true">"z"</kbd>
                </a>
            })}
            <a class="button button-quiet" href=routes::annotation_task(place.project, place.task)>{text::to_task(l)}</a>
        </PageHeader>
        <div id="work-progress">{bar}</div>
        <p id="work-state" class="work-state" role="status" aria-live="polite"></p>
        <div class="work-layout">
            <section id="work" class="card work" tabindex="-1" aria-label=text::item(l)>{item}</section>
            <aside class="stack work-side">{works.then(aside)}{guideline(&rules)}{works.then(options)}</aside>
        </div>
        {works.then(|| keys(place, me.to_string()))}
    }
}

/// What is said in the place of an item.
fn nothing(place: Place, next: &Next) -> AnyView {
    let l = lang();
    match next {
        Next::Work { .. } | Next::NothingLeft { .. } => {
            let (skipped, more_later) = match next {
                Next::NothingLeft { mine, more_later } => (mine.skipped, *more_later),
                _ => (0, false),
            };
            let hint = if more_later { text::nothing_now_hint(l) } else { text::nothing_left_hint(l) };
            let again = (skipped > 0).then(|| {
                view! {
                    <PostForm action={ServerAction::<AskSkippedAgain>::new()}>
                        {place.ids()}
                        <button class="button" type="submit">{text::skipped_again(l, skipped)}</button>
                    </PostForm>
                }
            });
            view! { <Empty title=text::nothing_left(l) hint/>{again} }.into_any()
        }
        Next::NotOpen { status } => {
            let (title, hint) = match status {
                TaskStatus::Closed => (text::closed(l), text::closed_hint(l)),
                TaskStatus::Paused => (text::paused(l), text::paused_hint(l)),
                TaskStatus::Draft | TaskStatus::Open => (text::not_open(l), text::not_open_hint(l)),
            };
            view! { <Empty title hint/> }.into_any()
        }
        Next::NotQualified { right, of } => {
            view! { <Empty title=text::not_qualified(l) hint=text::not_qualified_hint(l, right, of)/> }.into_any()
        }
        Next::DeadlinePassed { .. } => {
            view! { <Empty title=text::deadline_passed(l) hint=text::deadline_passed_hint(l)/> }.into_any()
        }
        Next::NotAssigned => view! { <Empty title=text::not_assigned(l) hint=text::not_assigned_hint(l)/> }.into_any(),
    }
}

fn guideline(rules: &str) -> impl IntoView + use<> {
    let l = lang();
    let shown = markdown(rules);
    (!rules.trim().is_empty()).then(|| {
        view! {
            <details id="work-guideline" class="card">
                <summary>{text::guideline(l)} " " <kbd class="keyboard-help" aria-hidden="true">"g"</kbd></summary>
                {shown}
            </details>
        }
    })
}

/// What the server never took, hidden until there is some; the screen copies the line for each.
fn aside() -> impl IntoView {
    let l = lang();
    view! {
        <section id="work-aside" class="card" hidden aria-labelledby="work-aside-title">
            <h2 id="work-aside-title">{text::aside_title(l)}</h2>
            <p class="help">{text::aside_lead(l)}</p>
            <ul class="work-letters">
                <li hidden data-blank="">
                    <p data-why="" dir="auto">{text::aside_unread(l)}</p>
                    <code></code>
                    <div class="actions">
                        <button type="button" class="button button-small" data-aside="retry">{text::aside_retry(l)}</button>
                        <button type="button" class="button button-small" data-aside="copy">{text::aside_copy(l)}</button>
                        <Confirm label=text::aside_discard(l) question=text::aside_sure(l)>
                            <button type="button" class="button button-small button-danger" data-aside="discard">{text::aside_discard(l)}</button>
                        </Confirm>
                    </div>
                </li>
            </ul>
        </section>
    }
}

/// What the person may set for this screen; the browser remembers it.
fn options() -> impl IntoView {
    let l = lang();
    view! {
        <div class="card needs-script">
            <label class="check"><input type="checkbox" id="work-at-once"/>{text::at_once(l)}</label>
            <p class="help">{text::at_once_help(l)}</p>
            <button type="button" class="button button-quiet keyboard-help" id="work-help">
                {text::keyboard(l)}<kbd aria-hidden="true">"?"</kbd>
            </button>
        </div>
    }
}

/// The keys in words, and the island that follows them.
fn keys(place: Place, me: String) -> impl IntoView {
    let l = lang();
    let line = |keys: &'static str, what: &'static str| view! { <div><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div> };
    view! {
        <dialog id="work-keys" class="work-keys" aria-labelledby="work-keys-title">
            <h2 id="work-keys-title">{text::keyboard(l)}</h2>
            <dl class="meta">
                {line("1–9 · a–z", text::key_choose(l))}
                {line("Enter", text::key_send(l))}
                {line("Space · s", text::key_skip(l))}
                {line("x", text::key_cannot(l))}
                {line("z", text::key_undo(l))}
                {line("↑ ↓", text::key_move(l))}
                {line("← → ↓", text::key_better(l))}
                {line("← → Shift", text::key_mark(l))}
                {line("g", text::key_guideline(l))}
                {line("Esc", text::key_leave(l))}
                {line("?", text::key_help(l))}
            </dl>
            <form method="dialog"><button class="button" type="submit">{text::close(l)}</button></form>
        </dialog>
        <Screen
            take=TakeItems::url().to_owned() submit=SubmitJudgement::url().to_owned() skip=SkipItem::url().to_owned()
            draft=SaveDraft::url().to_owned() undo=UndoJudgement::url().to_owned() leave=GiveItemsBack::url().to_owned()
            ids=format!("project={}&task={}&shown_to={me}", place.project, place.task)
            kept=format!("annotation-{}-{me}", place.task)
            me
        />
    }
}

/// Works without loading pages. The first six are addresses to post to, `ids` what a post without a form says, `kept` the
/// name under which the browser keeps what is not sent yet, `me` the id of the person that the page is shown to.
#[island]
fn Screen(
    take: String,
    submit: String,
    skip: String,
    draft: String,
    undo: String,
    leave: String,
    ids: String,
    kept: String,
    me: String,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        let all = [&take, &submit, &skip, &draft, &undo, &leave, &ids, &me];
        let [take, submit, skip, draft, undo, leave, ids, me] = all.map(Clone::clone);
        screen::start(screen::Addresses { take, submit, skip, draft, undo, leave, ids, me }, kept.clone());
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (take, submit, skip, draft, undo, leave, ids, kept, me);
    view! { <span hidden></span> }
}
