//! What a run learnt of its training samples: those it never learnt and those it forgot again. A card on the run's
//! page, and a page with the samples.

use super::{api::get_learning, text};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{conversation::Folded, format::integer, frame::PageHeader, load::load, notice::Empty},
};
use domain::{
    dataset::SampleRow,
    id::{ProjectId, RunId},
    lang::Lang,
    recipe::Objective,
    run::{Learning, LearntSamples, RunDetail, RunSummary},
};
use leptos::prelude::*;

crate::texts! {
    title(n) = "What run {n} learnt", "运行 {n} 学到了什么";
    lead = "Training samples that the model did not take in. Often their label or answer is wrong, contradicts others, or is unlike everything else.",
        "模型没有学会的训练样本。通常是标签或答案有误、与其他样本矛盾，或与其余数据差异很大。";
    heading = "Learning", "学习情况";
    show = "Show samples", "查看样本";
    back = "Back to the run", "返回运行";
    export = "JSON", "JSON";
    seen = "Trained on", "参与训练";
    never = "Never learnt", "从未学会";
    never_help = "In no epoch did the model give the answer's tokens more than one half each (mean loss below 0.69). Highest loss first.",
        "在任何一轮中，模型对答案词元的平均概率都未超过一半（平均损失低于 0.69）。按损失从高到低排列。";
    pairs(n) = "{n} pairs", "{n} 个偏好对";
    never_preferred = "Never preferred", "从未偏好";
    never_preferred_help = "In no epoch had the chosen answer gained more than the rejected one: the reward margin stayed at or below 0. Often the two answers stand the wrong way round. Lowest margin first.",
        "在任何一轮中，选中回答的提升都未超过被拒绝的回答：奖励差始终不大于 0。通常是两个回答的顺序颠倒了。按奖励差从低到高排列。";
    forgotten_pairs_help = "Margin above 0 in one epoch and not in the next. Most often forgotten first.", "某一轮的奖励差大于 0，下一轮又不再大于 0。按遗忘次数从多到少排列。";
    forgotten = "Forgotten", "学会后又遗忘";
    forgotten_help = "Learnt in one epoch and not in the next. Most often forgotten first.", "某一轮已学会，下一轮又没有学会。按遗忘次数从多到少排列。";
    samples(n) = "{n} samples", "{n} 个样本";
    nothing = "None of these samples.", "没有这样的样本。";
    first_of(shown, all) = "The first {shown} of {all}.", "共 {all} 个，显示前 {shown} 个。";
    short = "With a single pass over the data, or a run stopped early, most samples are still unlearnt: that says little.",
        "如果只训练了一轮或提前停止，大多数样本尚未学会，这说明不了什么。";
    position = "No.", "序号";
    label = "Label", "标签";
    sample = "Sample", "样本";
    none_title = "Nothing to show yet", "暂无内容";
    none_hint = "A run tells this when its training has ended.", "训练结束后才会显示。";
}

/// Counts on the run's page, once there are any.
pub(super) fn learning_card(project: ProjectId, run: &RunDetail) -> Option<impl IntoView + use<>> {
    let learning = run.result.as_ref().and_then(Learning::of_result)?;
    let l = lang();
    let words = Words::of(l, run.recipe.objective);
    Some(view! {
        <section class="card">
            <div class="card-title">
                <h2>{heading(l)}</h2>
                <a class="button" href=routes::learning(project, run.summary.id)>{show(l)}</a>
            </div>
            <dl class="meta">
                <div><dt>{seen(l)}</dt><dd>{(words.count)(l, integer(learning.seen.into()))}</dd></div>
                <div><dt>{words.never}</dt><dd>{(words.count)(l, integer(learning.never_learnt.into()))}</dd></div>
                <div><dt>{forgotten(l)}</dt><dd>{(words.count)(l, integer(learning.forgotten.into()))}</dd></div>
            </dl>
        </section>
    })
}

/// What learning means depends on the objective.
struct Words {
    count: fn(Lang, String) -> String,
    never: &'static str,
    never_help: &'static str,
    forgotten_help: &'static str,
}

impl Words {
    fn of(l: Lang, objective: Objective) -> Self {
        match objective {
            Objective::Sft => Self {
                count: |l, n| samples(l, n),
                never: never(l),
                never_help: never_help(l),
                forgotten_help: forgotten_help(l),
            },
            Objective::Dpo => Self {
                count: |l, n| pairs(l, n),
                never: never_preferred(l),
                never_help: never_preferred_help(l),
                forgotten_help: forgotten_pairs_help(l),
            },
        }
    }
}

/// `/p/:project/runs/:run/learning`
#[component]
pub fn LearningPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<RunId>("run")?)));
    let data = async move {
        let (project, run) = ids?;
        Ok::<_, AppError>((project, get_learning(project, run).await?))
    };
    load(data, |(project, (run, objective, learnt))| page(project, &run, objective, learnt))
}

fn page(project: ProjectId, run: &RunSummary, objective: Objective, learnt: Option<LearntSamples>) -> AnyView {
    let l = lang();
    let words = Words::of(l, objective);
    let json = format!("/api/v1/projects/{project}/runs/{}/learning", run.id);
    let export = learnt.is_some().then(|| view! { <a class="button" href=json download="">{export(l)}</a> });
    let up = routes::run(project, run.id);
    let header = view! {
        <PageHeader title=title(l, run.number) lead=lead(l)>
            <a class="button" href=up>{back(l)}</a>
            {export}
        </PageHeader>
    };
    let Some(learnt) = learnt else {
        return view! { {header} <Empty title=none_title(l) hint=none_hint(l)/> }.into_any();
    };
    let never_table = table(project, run, learnt.never_learnt_samples, learnt.never_learnt);
    let forgotten_table = table(project, run, learnt.forgotten_samples, learnt.forgotten);
    view! {
        {header}
        <p class="muted">{seen(l)} " " {(words.count)(l, integer(learnt.seen.into()))} " · " {short(l)}</p>
        <section class="card">
            <h2>{words.never}</h2>
            <p class="help">{words.never_help}</p>
            {never_table}
        </section>
        <section class="card">
            <h2>{forgotten(l)}</h2>
            <p class="help">{words.forgotten_help}</p>
            {forgotten_table}
        </section>
    }
    .into_any()
}

fn table(project: ProjectId, run: &RunSummary, rows: Vec<SampleRow>, all: u32) -> AnyView {
    let l = lang();
    if rows.is_empty() {
        return view! { <p>{nothing(l)}</p> }.into_any();
    }
    let shown = rows.len() as u64;
    let rest = (shown < u64::from(all))
        .then(|| view! { <p class="muted">{first_of(l, integer(shown), integer(all.into()))}</p> });
    let has_labels = rows.iter().any(|r| r.sample.label.is_some());
    let rows = rows.into_iter().map(|row| sample_row(project, run, row, has_labels)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table samples-table">
                <thead>
                    <tr>
                        <th scope="col" class="num">{position(l)}</th>
                        {has_labels.then(|| view! { <th scope="col">{label(l)}</th> })}
                        <th scope="col">{sample(l)}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {rest}
    }
    .into_any()
}

fn sample_row(project: ProjectId, run: &RunSummary, row: SampleRow, has_labels: bool) -> impl IntoView + use<> {
    let href = routes::sample(project, run.dataset_id, run.version_number, row.position);
    let place = integer(u64::from(row.position) + 1);
    let version = text::version_label(lang(), &run.dataset_name, run.version_number);
    let label = row.sample.label.clone();
    view! {
        <tr>
            <th scope="row" class="num"><a href=href title=version>{place}</a></th>
            {has_labels.then(|| view! { <td><span class="clip" dir="auto" title=label.clone()>{label.clone()}</span></td> })}
            <td><Folded sample=row.sample/></td>
        </tr>
    }
}
