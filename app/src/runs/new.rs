//! The page that launches a run.

use super::{
    api::{LaunchOptions, LaunchRun, Origin, get_launch_options},
    benchmarks,
    form::{Initial, LaunchForm, cloned, continued, no_models, no_versions, options::Options, parse},
    text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        form::{Refusal, refusal_of},
        frame::PageHeader,
        load::{load, refuse},
        notice,
    },
    words,
};
use domain::{
    access::Action,
    id::{ProjectId, RunId},
    recipe::Recipe,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

crate::texts! {
    register_model = "Register a model", "注册模型";
    upload_data = "Upload data", "上传数据";
}

/// `/p/:project/runs/new?model=&version=&clone=&continue=`
#[component]
pub fn NewRunPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::Launch) {
        return refuse(AppError::Forbidden).into_any();
    }
    let query = use_query_map().get_untracked();
    let run = |key: &str| query.get(key).and_then(|c| c.parse::<RunId>().ok());
    let continued = run("continue");
    let original = continued.or_else(|| run("clone"));
    let wanted = (query.get("model").unwrap_or_default(), query.get("version").unwrap_or_default());
    let refusal = refusal_of::<LaunchRun>();
    let refused = refusal.as_ref().map(|r| r.error.clone());
    view! {
        <PageHeader title=text::new_run(l) lead=text::lead(l)/>
        {refused.map(|error| view! { <div data-refusal=""><notice::Problem error/></div> })}
        {load(get_launch_options(project, original), move |options| {
            form(project, options, wanted, continued.is_some(), refusal)
        })}
    }
    .into_any()
}

fn form(
    project: ProjectId,
    options: LaunchOptions,
    wanted: (String, String),
    continues: bool,
    refusal: Option<Refusal>,
) -> impl IntoView {
    let l = lang();
    if options.choices.models.is_empty() {
        return view! {
            <notice::Empty title=no_models(l) hint=text::lead(l)>
                <a class="button button-primary" href=routes::new_model(project)>{register_model(l)}</a>
            </notice::Empty>
        }
        .into_any();
    }
    if options.choices.versions.is_empty() {
        return view! {
            <notice::Empty title=no_versions(l) hint=text::lead(l)>
                <a class="button button-primary" href=routes::new_dataset(project)>{upload_data(l)}</a>
            </notice::Empty>
        }
        .into_any();
    }
    let of_original = options.original.as_ref().map(|original| {
        // A clone trains on the version anew; who goes on takes what the adapter has learnt along.
        let number = |is_marked: bool| words::marked_run(l, original.number.to_string(), is_marked);
        if continues { continued(l, number(original.saw_erased)) } else { cloned(l, number(false)) }
    });
    let initial = match refusal {
        Some(refusal) => typed(refusal),
        None => initial(&options, wanted, continues),
    };
    let benchmarks = benchmarks::card(&options, &initial.values);
    let options = Options::of(&options.choices, l);
    view! {
        {of_original.map(|of| view! { <p class="notice">{of}</p> })}
        {benchmarks}
        <LaunchForm project options initial/>
    }
    .into_any()
}

/// What the address asks for, else what the cloned run had, else the newest.
fn initial(options: &LaunchOptions, (model, version): (String, String), continues: bool) -> Initial {
    let original = options.original.as_ref();
    let mut values = parse::values(&original.map_or_else(Recipe::default, |o| o.recipe.clone()));
    values.insert(parse::PREFLIGHT.to_owned(), parse::ON.to_owned());
    let benchmarks = original.iter().flat_map(|o| &o.benchmarks);
    values.extend(benchmarks.map(|b| (parse::benchmark(b.version_id), parse::ON.to_owned())));
    let inherited = original.and_then(|o| o.continues).map(|run| run.to_string()).unwrap_or_default();
    let id = |wanted: bool| original.filter(|_| wanted).map(|o| o.id.to_string()).unwrap_or_default();
    let models: Vec<_> = options.choices.models.iter().map(|m| m.id.to_string()).collect();
    let versions: Vec<_> = options.choices.versions.iter().map(|v| v.id.to_string()).collect();
    Initial {
        name: original.map(|o| o.name.clone()).unwrap_or_default(),
        model: first_known(&models, [Some(model), original.map(|o| o.model.to_string())]),
        version: first_known(&versions, [Some(version), original.map(|o| o.version.to_string())]),
        origin: Origin { cloned_from: id(!continues), continues: if continues { id(true) } else { inherited } },
        key: new_key(),
        values,
    }
}

/// What had been typed into a form that was refused. A key that has made a run makes no other one.
fn typed(refusal: Refusal) -> Initial {
    let is_key_used = matches!(refusal.error, AppError::Conflict(_));
    let mut fields: parse::Values = refusal.typed.into_iter().collect();
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let (name, model, version) = (take("name"), take("model"), take("version"));
    let origin = Origin { cloned_from: take("origin[cloned_from]"), continues: take("origin[continues]") };
    let key = take("key");
    let key = if is_key_used { new_key() } else { key };
    let setting =
        |(name, value): (String, String)| Some((name.strip_prefix("values[")?.strip_suffix(']')?.to_owned(), value));
    Initial { name, model, version, origin, key, values: fields.into_iter().filter_map(setting).collect() }
}

fn new_key() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn first_known(known: &[String], wanted: [Option<String>; 2]) -> String {
    let found = wanted.into_iter().flatten().find(|w| known.contains(w));
    found.or_else(|| known.first().cloned()).unwrap_or_default()
}
