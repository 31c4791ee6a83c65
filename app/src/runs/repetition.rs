//! Whether a run can be reproduced: what it was made of, running it again, and how the two compare bit by bit.

use super::{
    api::{RepeatRun, RunView},
    text,
};
use crate::{role, routes, text::lang};
use domain::{
    access::Action,
    id::ProjectId,
    lang::Lang,
    run::{Differences, Repetition, RunStatus},
};
use leptos::{prelude::*, server_fn::ServerFn};

crate::texts! {
    title = "Reproducibility", "可复现性";
    lead = "The same recipe, model, data, seed and machine give the same bits. Run it again to see that they do: the new run's page compares weights, losses and manifest.",
        "相同的配方、模型、数据、随机种子和机器会得到逐位相同的结果。再运行一次即可验证：新运行的页面会比较权重、损失和清单。";
    again = "Run again and compare", "再次运行并比较";
    manifest = "Manifest (JSON)", "清单（JSON）";
    repeated_by = "Repeated by", "重复运行";
    waits(n) = "Repeats run {n}. The comparison stands here when both have succeeded.", "重复运行 {n}。两次运行都成功后，此处显示比较结果。";
    same(n) = "The same bits as run {n}: trained weights and every training loss.", "与运行 {n} 逐位相同：训练后的权重和每一步的训练损失。";
    differs(n) = "Not the same bits as run {n}.", "与运行 {n} 并非逐位相同。";
    weights = "Weights with other bits", "不同的权重文件";
    first_loss(step) = "First other training loss, step {step}", "首个不同的训练损失，第 {step} 步";
    made_of = "What differs in the making", "构成上的差异";
    nothing = "Nothing: the manifests are the same.", "无：清单相同。";
    entry = "Entry", "条目";
    none = "none", "无";
}

/// The card of a run that has succeeded or repeats another.
pub(super) fn repetition_card(project: ProjectId, view: &RunView) -> Option<impl IntoView + use<>> {
    let (l, run) = (lang(), &view.run);
    let has_succeeded = run.summary.state.status == RunStatus::Succeeded;
    if !has_succeeded && view.repetition.is_none() {
        return None;
    }
    let id = run.summary.id;
    let comparison = view.repetition.as_ref().map(|r| compared(l, run.summary.number, r));
    let repetitions = run.repetitions.iter().map(|(id, number)| {
        view! { <a href=routes::run(project, *id)>{text::run_number(l, *number)}</a> " " }
    });
    let repetitions =
        (!run.repetitions.is_empty()).then(|| view! { <p>{repeated_by(l)} " " {repetitions.collect_view()}</p> });
    let made = has_succeeded.then(|| {
        let href = format!("/api/v1/projects/{project}/runs/{id}/manifest.json");
        view! { <a class="button" href=href download="">{manifest(l)}</a> }
    });
    let button = (has_succeeded && role::may(Action::Launch)).then(|| {
        view! {
            <form method="post" action=RepeatRun::url()>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="run" value=id.to_string()/>
                <button type="submit" class="button">{again(l)}</button>
            </form>
        }
    });
    Some(view! {
        <section class="card stack" id="reproducibility">
            <div class="card-title">
                <h2>{title(l)}</h2>
                <div class="actions">{made} {button}</div>
            </div>
            <p class="muted">{lead(l)}</p>
            {comparison}
            {repetitions}
        </section>
    })
}

fn compared(l: Lang, number: i32, repetition: &Repetition) -> AnyView {
    let original = repetition.original_number;
    let Some(differences) = &repetition.differences else {
        return view! { <p class="notice">{waits(l, original)}</p> }.into_any();
    };
    if differences.is_same() {
        return view! { <p class="notice notice-good">{same(l, original)}</p> }.into_any();
    }
    view! {
        <p class="notice notice-warn">{differs(l, original)}</p>
        {table(l, (original, number), differences)}
    }
    .into_any()
}

/// Every difference as a line: what, and both values.
fn table(l: Lang, numbers: (i32, i32), differences: &Differences) -> impl IntoView + use<> {
    let number = |value: Option<f64>| value.map_or_else(|| none(l).to_owned(), |v| v.to_string());
    let words = |value: &Option<String>| value.clone().unwrap_or_else(|| none(l).to_owned());
    let mut rows = Vec::new();
    if let Some(loss) = &differences.first_loss {
        rows.push((first_loss(l, loss.step), number(loss.first), number(loss.second)));
    }
    let unequal = || "≠".to_owned();
    rows.extend(differences.weights.iter().map(|file| (format!("{}: {file}", weights(l)), unequal(), unequal())));
    let manifest = differences.manifest.iter();
    rows.extend(manifest.map(|line| (line.name.clone(), words(&line.first), words(&line.second))));
    let rows = rows.into_iter().map(|(what, first, second)| {
        view! { <tr><th scope="row">{what}</th><td><code>{first}</code></td><td><code>{second}</code></td></tr> }
    });
    let unexplained = differences.manifest.is_empty().then(|| view! { <p>{made_of(l)} ": " {nothing(l)}</p> });
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{entry(l)}</th>
                        <th scope="col">{text::run_number(l, numbers.0)}</th>
                        <th scope="col">{text::run_number(l, numbers.1)}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        {unexplained}
    }
}
