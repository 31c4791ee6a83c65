//! The regression set: what broke again, then each sample with how every run answered it.

use super::{
    api::list_regressions,
    list::{alarms, clip},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        format::{Time, last_paragraph},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
};
use domain::{
    badcase::regression::{Alarm, Regression, RegressionVerdict, RunAnswer},
    id::ProjectId,
    lang::Lang,
};
use leptos::prelude::*;

crate::texts! {
    title = "Regression set", "回归集";
    lead = "Every confirmed bad case is in it. Each later evaluation that contains its sample says here whether the model still gets it right; a bad case is resolved only so.",
        "每条已确认的 Bad Case 都会加入。之后每次包含该样本的评估都会在此记录模型是否答对；Bad Case 只有这样才算解决。";
    download = "Download (JSONL)", "下载（JSONL）";
    download_help = "The samples with their right answers, as a file: to test models elsewhere, or to import it as test data. Cases by hand are in no version until a correction adds them.",
        "包含正确答案的样本文件，可用于在其他地方测试模型，或作为测试数据导入。手动添加的样本在改正并加入之前不属于任何版本。";
    none = "Nothing to test yet", "回归集为空";
    none_hint = "Confirm a bad case, that is give it a cause, and its sample joins by itself.", "确认一条 Bad Case（指定原因）后，其样本会自动加入。";
    since = "Since", "加入时间";
    runs = "Runs", "各次运行";
    verdict = "Verdict", "结论";
    untested = "not tested yet", "尚未测试";
    failing = "never passed", "从未通过";
    fixed(run) = "fixed in run {run}", "第 {run} 次运行已修复";
    passes(n) = "{n} pass", "{n} 条通过";
    fails(n) = "{n} fail", "{n} 条未通过";
    untested_of(n) = "{n} not tested", "{n} 条未测试";
}

/// `/p/:project/bad-cases/regressions`
#[component]
pub fn RegressionsPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    let file = format!("/api/v1/projects/{project}/regressions/download");
    view! {
        <PageHeader title=title(l) lead=lead(l)>
            <a class="button button-quiet" href=routes::bad_cases(project)>{text::back(l)}</a>
            <a class="button" href=file download="">{download(l)}</a>
        </PageHeader>
        <p class="help">{download_help(l)}</p>
        {load(list_regressions(project), move |set| body(project, &set, l).into_any())}
    }
    .into_any()
}

fn body(project: ProjectId, set: &[Regression], l: Lang) -> impl IntoView + use<> {
    if set.is_empty() {
        return view! { <Empty title=none(l) hint=none_hint(l)/> }.into_any();
    }
    let broken: Vec<Alarm> = set.iter().filter_map(alarm).collect();
    let summary = [
        passes(l, count(set, |v| matches!(v, RegressionVerdict::Fixed { .. }))),
        fails(l, count(set, |v| matches!(v, RegressionVerdict::Failing | RegressionVerdict::Broken { .. }))),
        untested_of(l, count(set, |v| v == RegressionVerdict::Untested)),
    ];
    let rows = set.iter().map(|r| row(project, r, l)).collect_view();
    view! {
        {alarms(project, &broken, l)}
        <p class="muted">{summary.join(" · ")}</p>
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::prompt(l)}</th>
                    <th scope="col">{text::expected(l)}</th>
                    <th scope="col">{runs(l)}</th>
                    <th scope="col">{verdict(l)}</th>
                    <th scope="col">{text::status(l)}</th>
                    <th scope="col">{since(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// How many of the set have such a verdict.
fn count(set: &[Regression], wanted: impl Fn(RegressionVerdict) -> bool) -> usize {
    set.iter().filter(|r| wanted(r.verdict())).count()
}

fn alarm(r: &Regression) -> Option<Alarm> {
    match r.verdict() {
        RegressionVerdict::Broken { fixed_in, broken_in } => {
            Some(Alarm { bad_case_id: r.bad_case_id, prompt: r.prompt.clone(), fixed_in: Some(fixed_in), broken_in })
        }
        _ => None,
    }
}

fn row(project: ProjectId, r: &Regression, l: Lang) -> impl IntoView + use<> {
    let (class, words) = match r.verdict() {
        RegressionVerdict::Untested => ("badge badge-quiet", untested(l).to_owned()),
        RegressionVerdict::Failing => ("badge badge-warn", failing(l).to_owned()),
        RegressionVerdict::Fixed { fixed_in } => ("badge badge-good", fixed(l, fixed_in)),
        RegressionVerdict::Broken { fixed_in, broken_in } => {
            ("badge badge-bad", text::alarm_words(l, Some(fixed_in), broken_in))
        }
    };
    let (at, prompt) = (r.since, clip(last_paragraph(&r.prompt), l));
    view! {
        <tr>
            <th scope="row" dir="auto"><a href=routes::bad_case(project, r.bad_case_id)>{prompt}</a></th>
            <td class="prose" data-label=text::expected(l)><span dir="auto">{clip(&r.expected, l)}</span></td>
            <td data-label=runs(l)>{strip(project, &r.history, l)}</td>
            <td class="prose" data-label=verdict(l)><span class=class>{words}</span></td>
            <td data-label=text::status(l)><span class=text::status_class(r.status)>{text::status_name(l, r.status)}</span></td>
            <td class="nowrap" data-label=since(l)><Time at/></td>
        </tr>
    }
}

/// A history as one mark per run.
pub(super) fn strip(project: ProjectId, history: &[RunAnswer], l: Lang) -> impl IntoView + use<> {
    let marks = history.iter().map(|a| {
        let (class, title) = if a.passed {
            ("strip-pass", text::passed_in(l, a.run_number))
        } else {
            ("strip-fail", text::failed_in(l, a.run_number))
        };
        let (label, mark) = (title.clone(), if a.passed { "✓" } else { "✗" });
        view! { <li><a class=class href=routes::run(project, a.run_id) title=title aria-label=label>{format!("{mark}{}", a.run_number)}</a></li> }
    });
    view! { <ul class="strip">{marks.collect_view()}</ul> }
}
