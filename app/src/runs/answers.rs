//! What a run's model answered to the same few validation prompts at each validation: a row for each prompt, a column for
//! each step, what differs from the step before marked. The address names the last step shown.

use super::api::{AnswersView, get_answers};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        conversation::pieces,
        format::{gist, integer},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use domain::{
    id::{ProjectId, RunId},
    lang::Lang,
    run::{Answered, Answers},
};
use leptos::prelude::*;

crate::texts! {
    title(n) = "Sample answers of run {n}", "运行 {n} 的示例回答";
    lead = "The same validation prompts, answered at each validation. What differs from the validation before is marked.", "每次验证时对相同验证提示的回答，与上一次验证不同之处已标出。";
    back = "Back to the run", "返回运行";
    export = "JSON", "JSON";
    prompt = "Prompt", "提示";
    expected = "Expected", "期望";
    step(n) = "Step {n}", "第 {n} 步";
    earlier = "Earlier", "更早";
    later = "Later", "更晚";
    keys = "← and → go through the validations.", "按 ← 和 → 切换验证。";
    window(first, last, all) = "Validations {first} to {last} of {all}", "第 {first} 至 {last} 次验证，共 {all} 次";
    right = "as expected", "与期望一致";
    unchanged = "unchanged", "未变";
    none_title = "No answers yet", "暂无回答";
    none_hint = "At each validation the model answers a few validation samples; the recipe says how many (0 for none).",
        "每次验证时模型会回答若干验证样本，数量由配方设置（0 表示不生成）。";
}

/// `/p/:project/runs/:run/answers?step=N`
#[component]
pub fn AnswersPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<RunId>("run")?)));
    let step = routes::query::<u32>("step");
    let data = async move {
        let (project, run) = ids?;
        Ok::<_, AppError>((project, get_answers(project, run, step).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, view: AnswersView) -> AnyView {
    let l = lang();
    let AnswersView { run, steps, shown: (begin, end), rows } = view;
    let json = format!("/api/v1/projects/{project}/runs/{}/previews", run.id);
    let header = view! {
        <PageHeader title=title(l, run.number) lead=lead(l)>
            <a class="button" href=routes::run(project, run.id)>{back(l)}</a>
            <a class="button" href=json download="">{export(l)}</a>
        </PageHeader>
    };
    if rows.is_empty() {
        return view! { {header} <Empty title=none_title(l) hint=none_hint(l)/> }.into_any();
    }
    let to = |place: Option<usize>| Some(routes::answers(project, run.id, Some(*steps.get(place?)?)));
    let back = (begin > 0).then(|| to(end.checked_sub(2))).flatten();
    let on = to(Some(end));
    let back = back.map(|href| view! { <a class="button" rel="prev" href=href>{earlier(l)}</a> });
    let on = on.map(|href| view! { <a class="button" rel="next" href=href>{later(l)}</a> });
    let place = window(l, begin + 1, end, steps.len());
    let label = place.clone();
    let table = table(l, project, run.id, &steps[begin..end], rows);
    view! {
        {header}
        <nav class="toolbar" aria-label=label>
            {back} <span class="muted">{place}</span> {on}
            <span class="help keyboard-help needs-script">{keys(l)}</span>
            <TurnKeys/>
        </nav>
        {table}
    }
    .into_any()
}

fn table(l: Lang, project: ProjectId, run: RunId, steps: &[u32], rows: Vec<Answers>) -> impl IntoView + use<> {
    let names: Vec<String> = steps.iter().map(|s| step(l, integer((*s).into()))).collect();
    let heads = steps.iter().zip(&names).map(|(step, name)| {
        view! { <th scope="col"><a href=routes::answers(project, run, Some(*step))>{name.clone()}</a></th> }
    });
    let heads = heads.collect_view();
    let rows = rows.into_iter().map(|row| {
        let cells = row.answers.into_iter().zip(&names);
        let cells = cells
            .map(|(cell, name)| view! { <td class="answer" data-label=name.clone()>{cell.map(|c| answer(l, c))}</td> });
        let cells = cells.collect_view();
        let short = gist(&row.prompt);
        view! {
            <tr>
                <th scope="row" class="answer" dir="auto" title=row.prompt>{short}</th>
                <td class="answer" dir="auto" data-label=expected(l)>{row.expected}</td>
                {cells}
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards answers">
                <thead><tr><th scope="col">{prompt(l)}</th><th scope="col">{expected(l)}</th>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn answer(l: Lang, answer: Answered) -> impl IntoView {
    view! {
        <div>
            <div class="answer-text" dir="auto">{pieces(answer.pieces)}</div>
            {answer.is_right.then(|| view! { <span class="badge badge-good">{right(l)}</span> })}
            {answer.is_same.then(|| view! { <span class="muted">{unchanged(l)}</span> })}
        </div>
    }
}

/// The arrow keys follow the links to what comes before and next.
#[island]
fn TurnKeys() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let listener = window_event_listener(leptos::ev::keydown, |e| {
            let link = match e.key().as_str() {
                "ArrowLeft" => "nav a[rel=prev]",
                "ArrowRight" => "nav a[rel=next]",
                _ => return,
            };
            let target = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
            let is_elsewhere = e.ctrl_key() || e.meta_key() || e.alt_key() || e.shift_key();
            if is_elsewhere
                || target.is_some_and(|t| t.matches("input, select, textarea, .table-wrap").unwrap_or(false))
            {
                return;
            }
            if let Ok(Some(link)) = document().query_selector(link)
                && let Ok(link) = link.dyn_into::<web_sys::HtmlElement>()
            {
                link.click();
            }
        });
        on_cleanup(move || listener.remove());
    }
    view! { <span hidden></span> }
}
