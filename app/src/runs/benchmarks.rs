//! Which versions a run is held against before it trains: the project's benchmarks, and those that this run adds. Stands
//! beside the launch form, to which its boxes belong by the form's id, so that the browser is sent nothing for it.

use super::{
    api::LaunchOptions,
    form::parse::{ON, Values, benchmark},
};
use crate::{text::lang, ui::format::shortened};
use domain::{id::VersionId, split::MAX_BENCHMARKS};
use leptos::prelude::*;

crate::texts! {
    title = "Benchmarks", "基准";
    help(most) = "Tick versions that this run's training must not have seen, because the model will be measured with them: up to {most}. If training holds one of their samples in some form, the run ends before it trains, unless an owner signs for it. The run's own version is left out.",
        "勾选此次训练不得见过的版本（模型将用它们衡量），最多 {most} 个。若训练集以某种形式包含其中的样本，训练在开始前即终止，除非所有者签字。此次训练所用的版本不计在内。";
    of_project(names) = "Always held against the project's own: {names}.", "始终会与项目的基准比对：{names}。";
    of_project_none = "The project has no benchmarks of its own. They are chosen on the page of a version's splits.", "项目尚无基准，可在版本的划分页面中设置。";
    no_others = "There is no other version to choose.", "没有其他可选的版本。";
    chosen(count) = "{count} chosen", "已选 {count} 个";
}

/// The versions to choose, with the project's own said beside them.
pub(super) fn card(options: &LaunchOptions, values: &Values) -> impl IntoView + use<> {
    let l = lang();
    let project: Vec<String> = options.benchmarks.iter().map(ToString::to_string).collect();
    let mut ticked = 0;
    let others: Vec<_> = offered(options)
        .into_iter()
        .map(|(version, name)| {
            let key = benchmark(version);
            let is_ticked = values.contains_key(&key);
            ticked += usize::from(is_ticked);
            view! {
                <label class="check">
                    <input type="checkbox" form="launch" name=format!("values[{key}]") value=ON checked=is_ticked/>
                    <span dir="auto">{shortened(&name)}</span>
                </label>
            }
        })
        .collect();
    let count = (ticked > 0).then(|| view! { " " <span class="muted">{chosen(l, ticked)}</span> });
    let of_project = if project.is_empty() { of_project_none(l).to_owned() } else { of_project(l, project.join(", ")) };
    let none = others.is_empty().then(|| view! { <p class="muted">{no_others(l)}</p> });
    view! {
        <details class="fold card" id="benchmarks" open={ticked > 0}>
            <summary>{title(l)}{count}</summary>
            <p class="help" id="benchmarks-help">{help(l, MAX_BENCHMARKS)}</p>
            <p dir="auto">{of_project}</p>
            <div class="checks checks-many" role="group" aria-label=title(l) aria-describedby="benchmarks-help">{others}</div>
            {none}
        </details>
    }
}

/// The versions that have a box, with their names. What a cloned run was held against comes first where it is not to be
/// chosen otherwise, being archived or old by now: without a box the clone would silently not be held against it.
fn offered(options: &LaunchOptions) -> Vec<(VersionId, String)> {
    let choices = &options.choices.versions;
    let of_original = options.original.iter().flat_map(|original| &original.benchmarks);
    let missing = of_original.filter(|benchmark| choices.iter().all(|version| version.id != benchmark.version_id));
    let missing = missing.map(|benchmark| (benchmark.version_id, benchmark.to_string()));
    let known = choices.iter().map(|version| (version.id, format!("{} v{}", version.dataset_name, version.number)));
    let is_of_project = |id: VersionId| options.benchmarks.iter().any(|benchmark| benchmark.version_id == id);
    missing.chain(known).filter(|(id, _)| !is_of_project(*id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::api::Original;
    use domain::{
        id::{DatasetId, ModelId, RunId},
        recipe::Recipe,
        run::LaunchChoices,
        split::Benchmark,
    };

    #[test]
    fn a_clone_keeps_the_boxes_of_archived_benchmarks() {
        let named = |name: &str| Benchmark {
            version_id: VersionId::new(),
            dataset_id: DatasetId::new(),
            dataset_name: name.to_owned(),
            number: 2,
        };
        let (archived, of_project) = (named("old"), named("own"));
        let original = Original {
            id: RunId::new(),
            number: 1,
            name: String::new(),
            model: ModelId::new(),
            version: VersionId::new(),
            recipe: Recipe::default(),
            saw_erased: false,
            continues: None,
            benchmarks: vec![archived.clone(), of_project.clone()],
        };
        let choices = LaunchChoices { models: Vec::new(), versions: Vec::new(), measured_flops: None };
        let options = LaunchOptions { choices, benchmarks: vec![of_project], original: Some(original) };
        assert_eq!(offered(&options), [(archived.version_id, "old v2".to_owned())]);
    }
}
