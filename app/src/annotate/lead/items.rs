//! The items of a task, and one item with all that was said of it.

use super::{
    super::said::said,
    api::results::{ItemsView, SetGold, get_item, get_items},
    ids, item_status, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        conversation::Conversation,
        form::PostForm,
        format::{Time, excerpt, percent},
        frame::PageHeader,
        load::{load, refuse},
        notice::{Empty, not_applied},
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    annotation::{
        ItemStatus, Origin, Verdict,
        answer::{Answer, ItemContent, Judgement},
        design::{Design, Question},
        view::{Consensus, ConsensusMethod, Item, Judged, Reviewed},
    },
    id::{ItemId, ProjectId, TaskId},
    lang::Lang,
    page::DEFAULT_LIMIT,
    sample::Speaker,
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// `/p/:project/annotation/:task/items?status=&cursor=`.
#[component]
pub fn ItemListPage() -> impl IntoView {
    let l = lang();
    let (Ok(project), Ok(task)) = (routes::param::<ProjectId>("project"), routes::param::<TaskId>("task")) else {
        return refuse(AppError::NotFound).into_any();
    };
    let status = routes::query::<ItemStatus>("status");
    let gold = routes::query::<String>("gold").is_some();
    let cursor = routes::query::<String>("cursor");
    view! {
        <PageHeader title=text::items(l) lead=text::items_lead(l)>
            <a class="button" href=routes::annotation_task(project, task)>{text::back(l)}</a>
        </PageHeader>
        {not_applied([routes::misread::<ItemStatus>("status")])}
        {load(get_items(project, task, status, gold, cursor), move |view| list(project, task, status, gold, view))}
    }
    .into_any()
}

fn list(project: ProjectId, task: TaskId, status: Option<ItemStatus>, gold: bool, view: ItemsView) -> impl IntoView {
    let l = lang();
    let here = routes::annotation_items(project, task);
    let options = ItemStatus::ALL.iter().map(|s| {
        view! { <option value=s.as_str() selected=status == Some(*s)>{item_status(l, *s).0}</option> }
    });
    let options = options.collect_view();
    let filters = view! {
        <form class="filters" method="get" action=here.clone()>
            <div class="field">
                <label for="item-status">{text::status_label(l)}</label>
                <select id="item-status" name="status"><option value="">{text::any(l)}</option>{options}</select>
            </div>
            <label class="check"><input type="checkbox" name="gold" value="1" checked=gold/>{text::only_gold(l)}</label>
            <button class="button" type="submit">{text::filter(l)}</button>
        </form>
    };
    let cursor = routes::query::<String>("cursor").unwrap_or_default();
    let place =
        Place { shown: view.page.items.len(), size: DEFAULT_LIMIT, total: None, next_cursor: view.page.next_cursor };
    let kept = format!("status={}{}", status.map_or("", ItemStatus::as_str), if gold { "&gold=1" } else { "" });
    let pages = pager(|c| format!("{here}?{kept}&cursor={c}"), "", &cursor, place);
    if view.page.items.is_empty() {
        return view! { {filters}<Empty title=text::no_items(l) hint=text::no_items_hint(l)/> }.into_any();
    }
    let rows = view.page.items.into_iter().map(|item| row(project, task, l, &view.task.design, item)).collect_view();
    view! {
        {filters}
        <div class="table-wrap">
            <table class="table table-cards">
                <thead>
                    <tr>
                        <th scope="col">{text::item(l)}</th>
                        <th scope="col">{text::status_label(l)}</th>
                        <th scope="col">{text::shown_text(l)}</th>
                        <th scope="col" class="num">{text::done_label(l)}</th>
                        <th scope="col">{text::consensus(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {pages}
    }
    .into_any()
}

fn row(project: ProjectId, task: TaskId, l: Lang, design: &Design, item: Item) -> impl IntoView + use<> {
    let (words, class) = item_status(l, item.status);
    let prompt = item.content.messages.iter().rev().find(|m| m.role == Speaker::User);
    let prompt = prompt.map(|m| excerpt(&m.content)).unwrap_or_default();
    let current = item.judgements.iter().filter(|j| !j.superseded).count();
    let agreed = item.consensus.as_ref().map(|c| in_words(l, design, &item.content, &c.answers)).unwrap_or_default();
    view! {
        <tr>
            <th scope="row"><a href=routes::annotation_item(project, task, item.id)>{item.rank + 1}</a></th>
            <td data-label=text::status_label(l)>
                <span class=class>{words}</span>
                {item.is_gold.then(|| view! { " "<span class="badge badge-quiet">{text::gold(l)}</span> })}
            </td>
            <td class="prose" dir="auto" data-label=text::shown_text(l)>{prompt}</td>
            <td class="num" data-label=text::done_label(l)>{text::of(l, current, item.wanted)}</td>
            <td class="prose" dir="auto" data-label=text::consensus(l)>{agreed}</td>
        </tr>
    }
}

/// Answers in one line, as `Tone: good · Names: 王小明 [Person]`.
fn in_words(l: Lang, design: &Design, content: &ItemContent, answers: &BTreeMap<String, Answer>) -> String {
    let of =
        |q: &Question| Some(format!("{}: {}", q.title, said(l, q, content, answers.get(&q.name)?).replace('\n', ", ")));
    design.questions.iter().filter_map(of).collect::<Vec<_>>().join(" · ")
}

/// `/p/:project/annotation/:task/items/:item`.
#[component]
pub fn ItemPage() -> impl IntoView {
    let asked = (|| {
        let (project, task) = (routes::param::<ProjectId>("project")?, routes::param::<TaskId>("task")?);
        Ok::<_, AppError>((project, task, routes::param::<ItemId>("item")?))
    })();
    let data = async move {
        let (project, task, item) = asked?;
        Ok::<_, AppError>((project, task, get_item(project, task, item).await?))
    };
    load(data, |(project, task, (found, item))| item_page(project, task, &found.design, item))
}

fn item_page(project: ProjectId, task: TaskId, design: &Design, item: Item) -> impl IntoView + use<> {
    let l = lang();
    let (words, class) = item_status(l, item.status);
    let answers = item.content.answers.iter().enumerate().map(|(i, answer)| {
        view! { <div class="card"><h3>{text::answer_number(l, i + 1)}</h3><p class="annotation-text" dir="auto">{answer.clone()}</p></div> }
    });
    let answers = answers.collect_view();
    let gold = role::may(Action::EditDatasets).then(|| gold_form(project, task, l, design, &item));
    let consensus = item.consensus.as_ref().map(|c| agreed(l, design, &item.content, c));
    let judgements = item.judgements.iter().map(|j| judged(l, design, &item.content, j)).collect_view();
    let none = item.judgements.is_empty().then(|| view! { <p class="muted">{text::nothing_said(l)}</p> });
    let messages = item.content.messages.clone();
    let reviews = item.reviews.into_iter().map(|r| reviewed(l, r)).collect_view();
    view! {
        <PageHeader title=format!("{} {}", text::item(l), item.rank + 1)>
            <a class="button" href=routes::annotation_items(project, task)>{text::items(l)}</a>
            <a class="button" href=routes::annotation_task(project, task)>{text::back(l)}</a>
        </PageHeader>
        <p class="annotation-line">
            <span class=class>{words}</span>
            {item.is_gold.then(|| view! { <span class="badge badge-quiet">{text::gold(l)}</span> })}
        </p>
        <section class="card"><Conversation messages=messages/></section>
        {answers}
        {consensus}
        <section class="stack">
            <h2>{text::said_of_it(l)}</h2>
            {none}
            {judgements}
            {reviews}
        </section>
        {gold}
    }
}

fn agreed(l: Lang, design: &Design, content: &ItemContent, consensus: &Consensus) -> impl IntoView + use<> {
    let method = match consensus.method {
        ConsensusMethod::Majority => text::majority(l),
        ConsensusMethod::DawidSkene => text::dawid_skene(l),
        ConsensusMethod::Expert => text::expert(l),
    };
    let lines = design.questions.iter().filter_map(|q| {
        let answer = said(l, q, content, consensus.answers.get(&q.name)?);
        let sure = consensus.confidence.get(&q.name).map(|c| text::sure(l, percent(*c)));
        Some(view! { <div><dt dir="auto">{q.title.clone()}</dt><dd class="annotation-text" dir="auto">{answer}" "<span class="muted">{sure}</span></dd></div> })
    });
    let lines = lines.collect_view();
    view! { <section class="card"><h2>{text::consensus(l)}</h2><p class="help">{method}</p><dl class="meta">{lines}</dl></section> }
}

fn judged(l: Lang, design: &Design, content: &ItemContent, judged: &Judged) -> impl IntoView + use<> {
    let who = judged.by.as_ref().map_or_else(|| text::somebody(l).to_owned(), |p| p.name.clone());
    let origin = match judged.origin {
        Origin::Annotator => text::origin_annotator(l),
        Origin::Review => text::origin_review(l),
        Origin::Adjudication => text::origin_adjudication(l),
        Origin::Import => text::origin_import(l),
    };
    let Judgement { answers, cannot_judge, comment } = &judged.judgement;
    let words = if *cannot_judge { text::cannot_judge(l).to_owned() } else { in_words(l, design, content, answers) };
    let comment = (!comment.is_empty()).then(|| view! { <p class="muted" dir="auto">{comment.clone()}</p> });
    let seconds =
        judged.duration_ms.map(|ms| format!(" · {}", text::seconds(l, format!("{:.1}", f64::from(ms) / 1000.0))));
    let older = judged.superseded.then(|| view! { <span class="badge badge-quiet">{text::superseded(l)}</span> });
    view! {
        <div class="card">
            <div class="card-title">
                <strong><bdi>{who}</bdi></strong>
                <span class="muted">{origin}" · "<Time at=judged.at/>{seconds}" "{older}</span>
            </div>
            <p dir="auto">{words}</p>
            {comment}
        </div>
    }
}

fn reviewed(l: Lang, review: Reviewed) -> impl IntoView {
    let verdict = match review.verdict {
        Verdict::Accept => text::verdict_accept(l),
        Verdict::Fix => text::verdict_fix(l),
        Verdict::Return => text::verdict_return(l),
    };
    let reason = (!review.reason.is_empty()).then(|| view! { <span dir="auto">" “"{review.reason}"”"</span> });
    view! { <p class="muted"><bdi>{review.by}</bdi>": "{verdict}{reason}" · "<Time at=review.at/></p> }
}

/// Makes an item a gold item with the answers of one of its judgements or of its consensus, or an ordinary one again.
fn gold_form(project: ProjectId, task: TaskId, l: Lang, design: &Design, item: &Item) -> impl IntoView + use<> {
    let words = if item.is_gold { text::no_gold(l) } else { text::make_gold(l) };
    let judgements = item.judgements.iter().filter(|j| !j.superseded && !j.judgement.cannot_judge);
    let options = judgements.map(|j| {
        view! { <option value=j.id.to_string()>{in_words(l, design, &item.content, &j.judgement.answers)}</option> }
    });
    let mut options: Vec<AnyView> = options.map(IntoAny::into_any).collect();
    if let Some(consensus) = &item.consensus {
        options.insert(
            0,
            view! { <option value="consensus">{in_words(l, design, &item.content, &consensus.answers)}</option> }
                .into_any(),
        );
    }
    let can = item.is_gold || !options.is_empty();
    let choice = (!item.is_gold && can)
        .then(|| view! { <select name="from" aria-label=text::right_answers(l)>{options}</select> });
    let clear = item.is_gold.then(|| view! { <input type="hidden" name="from" value="none"/> });
    let button = can.then(|| view! { <button class="button" type="submit">{words}</button> });
    let id = item.id.to_string();
    view! {
        <section class="card stack">
            <h2>{text::gold(l)}</h2>
            <p class="help">{text::gold_item_help(l)}</p>
            <PostForm action={ServerAction::<SetGold>::new()} class="filters">
                {ids(project, task)}
                <input type="hidden" name="item" value=id/>
                {choice}
                {clear}
                {button}
            </PostForm>
        </section>
    }
}
