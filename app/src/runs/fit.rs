//! The overfit watch of a run: a card on its page, kept up to date by what each validation brings, and a page of its own
//! with every change.

use super::api::get_fit;
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::{Time, integer, number},
        frame::PageHeader,
        load::load,
        notice::Empty,
    },
    words::{fit_advice, fit_badge, fit_name, fit_sentence},
};
use domain::{
    id::{ProjectId, RunId},
    lang::Lang,
    overfit::{Figures, FitChange, FitHistory, Verdict},
    run::RunSummary,
};
use leptos::prelude::*;

crate::texts! {
    title = "Overfit watch", "过拟合监测";
    title_of(n) = "Overfit watch of run {n}", "运行 {n} 的过拟合监测";
    lead = "Whether the run still learns what holds beyond its training samples, by its losses.", "根据损失判断：模型学到的内容在训练样本之外是否仍然成立。";
    details = "Details", "详情";
    json = "JSON", "JSON";
    back = "Back to the run", "返回运行";
    to_do = "What to do", "建议";
    changes_title = "Changes", "变化记录";
    none_title = "Nothing to show yet", "暂无内容";
    none_hint = "The watch begins with the run's first validation.", "首次验证后开始监测。";
    step = "Step", "步数";
    when = "When", "时间";
    state = "State", "状态";
    why = "Why", "依据";
    lowest = "Lowest validation loss", "最低验证损失";
    at_step(loss, step) = "{loss} at step {step}", "{loss}（第 {step} 步）";
    now = "Validation loss now", "当前验证损失";
    training = "Training loss since the validation before", "上次验证以来的训练损失";
    gap = "Gap, now and at the lowest", "差值（当前 / 最低点）";
    ratio = "Validation ÷ training loss", "验证损失 ÷ 训练损失";
    since = "Validations since the lowest", "最低点之后的验证次数";
    slope = "Slope since the lowest (nats per 1000 steps)", "最低点之后的斜率（nats/千步）";
    chance = "Chance of such a rise without a trend", "无趋势时出现此上升的概率";
    noise = "Noise of the validation loss", "验证损失的噪声";
    rule_title = "How it is judged", "判断方法";
    rule = "Overfitting: at least 4 validations after the lowest rise by Mann's trend test (p ≤ 0.02, or p ≤ 0.05 for a very steep rise), by more than 4 times the noise and 1 % of the loss, and the gap to the training loss has widened. On losses that only jitter about a level this raises a false alarm in fewer than 5 of 100 runs of 30 validations. Diverging: training loss rises too. Underfitting: at the end of the run both losses still fell.",
        "过拟合：最低点之后至少 4 次验证按 Mann 趋势检验呈上升（p ≤ 0.02；上升很陡时 p ≤ 0.05），升幅超过噪声的 4 倍且超过损失的 1%，并且与训练损失的差距扩大。若损失只是围绕某一水平抖动，每 100 个含 30 次验证的运行中误报少于 5 个。发散：训练损失也在上升。欠拟合：运行结束时两项损失仍在下降。";
}

/// The card on the run's page; none for a run that ended without a validation.
pub(super) fn fit_card(project: ProjectId, run: &RunSummary, history: Option<&FitHistory>) -> Option<AnyView> {
    let l = lang();
    if history.is_none() && run.state.status.is_final() {
        return None;
    }
    let now = now_view(l, history.map(|h| &h.verdict));
    Some(
        view! {
            <section class="card" id="fit">
                <div class="card-title">
                    <h2>{title(l)}</h2>
                    <a class="button button-small" href=routes::fit(project, run.id)>{details(l)}</a>
                </div>
                {now}
            </section>
        }
        .into_any(),
    )
}

/// What is said now. The run's page takes it over from the other one when a validation comes.
fn now_view(l: Lang, verdict: Option<&Verdict>) -> AnyView {
    let inside = match verdict {
        None => view! { <p class="muted">{none_hint(l)}</p> }.into_any(),
        Some(verdict) => {
            let advice = verdict.advice.iter().map(|a| view! { <li>{fit_advice(l, a)}</li> }).collect_view();
            view! {
                <p role="status">
                    <span class=fit_badge(verdict.fit)>{fit_name(l, verdict.fit)}</span> " " {fit_sentence(l, verdict, number)}
                </p>
                {(!verdict.advice.is_empty()).then(|| view! { <h3>{to_do(l)}</h3><ul>{advice}</ul> })}
            }
            .into_any()
        }
    };
    view! { <div id="fit-now" data-live>{inside}</div> }.into_any()
}

/// `/p/:project/runs/:run/fit`
#[component]
pub fn FitPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<RunId>("run")?)));
    let data = async move {
        let (project, run) = ids?;
        Ok::<_, AppError>((project, get_fit(project, run).await?))
    };
    load(data, |(project, (run, history))| page(project, &run, history))
}

fn page(project: ProjectId, run: &RunSummary, history: Option<FitHistory>) -> AnyView {
    let l = lang();
    let export = format!("/api/v1/projects/{project}/runs/{}/fit", run.id);
    let export = history.is_some().then(|| view! { <a class="button" href=export download="">{json(l)}</a> });
    let address = routes::run(project, run.id);
    let header = view! {
        <PageHeader title=title_of(l, run.number) lead=lead(l)>
            <a class="button" href=address>{back(l)}</a>
            {export}
        </PageHeader>
    };
    let Some(history) = history else {
        return view! { {header} <Empty title=none_title(l) hint=none_hint(l)/> }.into_any();
    };
    let now = now_view(l, Some(&history.verdict));
    let figures = history.verdict.figures.as_ref().map(|f| figures(l, f));
    let table = (!history.changes.is_empty()).then(|| change_table(l, history.changes));
    view! {
        {header}
        <section class="card stack">{now} {figures}</section>
        {table}
        <section class="card"><h2>{rule_title(l)}</h2><p class="prose">{rule(l)}</p></section>
    }
    .into_any()
}

fn figures(l: Lang, f: &Figures) -> impl IntoView + use<> {
    let shown = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), number);
    let row = |term: &'static str, value: String| view! { <div><dt>{term}</dt><dd>{value}</dd></div> };
    let rows = [
        (lowest(l), at_step(l, number(f.best_loss), integer(f.best_step.into()))),
        (now(l), at_step(l, number(f.validation), integer(f.step.into()))),
        (training(l), shown(f.training)),
        (gap(l), format!("{} / {}", shown(f.gap), shown(f.gap_at_best))),
        (ratio(l), shown(f.ratio)),
        (since(l), integer(f.since_best.into())),
        (slope(l), number(f.slope)),
        (chance(l), format!("{:.3}", f.p_value)),
        (noise(l), number(f.noise)),
    ];
    view! { <dl class="meta">{rows.map(|(term, value)| row(term, value)).collect_view()}</dl> }
}

fn change_table(l: Lang, changes: Vec<FitChange>) -> impl IntoView {
    let row = |change: FitChange| {
        let fit = change.verdict.fit;
        view! {
            <tr>
                <th scope="row" class="num">{integer(change.step.into())}</th>
                <td><span class=fit_badge(fit)>{fit_name(l, fit)}</span></td>
                <td class="prose">{fit_sentence(l, &change.verdict, number)}</td>
                <td class="nowrap"><Time at=change.at/></td>
            </tr>
        }
    };
    view! {
        <section class="card">
            <h2>{changes_title(l)}</h2>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col" class="num">{step(l)}</th>
                            <th scope="col">{state(l)}</th>
                            <th scope="col">{why(l)}</th>
                            <th scope="col">{when(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
