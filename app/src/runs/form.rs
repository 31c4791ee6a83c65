//! The launch form: an island that checks and predicts as one types, and a plain post of the same
//! fields without JavaScript.

pub mod fields;
mod forecast;
mod input;
pub mod parse;

use super::{
    api::{LaunchOptions, LaunchRun},
    text,
};
use crate::{
    text::lang,
    ui::{
        form::{failure, general},
        notice::FormProblem,
    },
};
use domain::{id::ProjectId, recipe::Recipe};
use fields::Group;
pub use forecast::COMMAND;
use forecast::Forecast;
use input::{FieldSet, Problem};
use leptos::{prelude::*, server_fn::ServerFn};
use parse::{Problems, Values};

crate::texts! {
    what = "What to run", "运行内容";
    name_help = "Optional; named after model and data otherwise.", "可选；留空则以模型和数据命名。";
    no_models = "No base model yet. Register one first.", "还没有基座模型，请先注册。";
    no_versions = "No dataset version yet. Upload data first.", "还没有数据集版本，请先上传数据。";
    version_option(name, number, train, validation, test) =
        "{name} v{number} ({train} train, {validation} validation, {test} test)", "{name} v{number}（训练 {train}，验证 {validation}，测试 {test}）";
    launch = "Launch run", "启动运行";
    launching = "Launching…", "正在启动…";
    fix_first = "Correct the marked fields first.", "请先修正标出的字段。";
    choose_model = "Choose a base model.", "请选择基座模型。";
    choose_version = "Choose a dataset version.", "请选择数据集版本。";
    bad_name = "At most 200 characters, without control characters.", "最多 200 个字符，不含控制字符。";
    cloned(number) = "Clone of run {number}", "克隆自运行 {number}";
}

/// What the form holds at first.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Initial {
    pub name: String,
    pub model: String,
    pub version: String,
    pub cloned_from: String,
    /// Makes a second click launch nothing new.
    pub key: String,
    pub recipe: Recipe,
}

/// The parts' shared state.
#[derive(Clone, Copy)]
struct Form {
    options: StoredValue<LaunchOptions>,
    model: RwSignal<String>,
    version: RwSignal<String>,
    values: RwSignal<Values>,
    /// The recipe as typed, and what is wrong with it (in the browser, as one types).
    checked: Memo<(Recipe, Problems)>,
}

impl Form {
    fn new(options: LaunchOptions, initial: &Initial) -> Self {
        let values = RwSignal::new(parse::values(&initial.recipe));
        let (model, version) = (RwSignal::new(initial.model.clone()), RwSignal::new(initial.version.clone()));
        let options = StoredValue::new(options);
        let checked = Memo::new(move |_| {
            let (recipe, mut problems) = values.with(|v| parse::recipe(v, lang()));
            for misfit in
                Self::chosen(options, model, version, |m, v| domain::estimate::misfits(&recipe, &m.card, &v.stats))
            {
                problems.entry(misfit.field().to_owned()).or_insert_with(|| text::misfit(lang(), misfit));
            }
            (recipe, problems)
        });
        Self { options, model, version, values, checked }
    }

    /// What `of` says of the chosen model and version; its default while one is not chosen.
    fn chosen<T: Default>(
        options: StoredValue<LaunchOptions>,
        model: RwSignal<String>,
        version: RwSignal<String>,
        of: impl FnOnce(&domain::run::ModelChoice, &domain::run::VersionChoice) -> T,
    ) -> T {
        options
            .with_value(|o| {
                let model = model.with(|id| o.choices.models.iter().find(|m| m.id.to_string() == *id))?;
                let version = version.with(|id| o.choices.versions.iter().find(|v| v.id.to_string() == *id))?;
                Some(of(model, version))
            })
            .unwrap_or_default()
    }
}

/// The form with its prediction.
#[island]
pub fn LaunchForm(project: ProjectId, options: LaunchOptions, initial: Initial) -> impl IntoView {
    let l = lang();
    let form = Form::new(options, &initial);
    let launch_action = ServerAction::<LaunchRun>::new();
    go_to_the_run(launch_action);
    let name = RwSignal::new(initial.name.clone());
    let (key, cloned_from) = (initial.key.clone(), initial.cloned_from.clone());
    let is_live = RwSignal::new(false);
    Effect::new(move |_| is_live.set(true));
    let blocked = move || is_live.get() && form.checked.with(|c| !c.1.is_empty());
    let submit = move |e: leptos::ev::SubmitEvent| {
        e.prevent_default();
        if !blocked() {
            launch_action.dispatch(LaunchRun {
                project,
                name: name.get_untracked(),
                model: form.model.get_untracked(),
                version: form.version.get_untracked(),
                key: key.clone(),
                cloned_from: cloned_from.clone(),
                values: form.values.get_untracked(),
            });
        }
    };
    let error = failure(launch_action);
    view! {
        <form class="launch split-main" method="post" action=LaunchRun::url() on:submit=submit>
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="key" value=initial.key.clone()/>
            <input type="hidden" name="cloned_from" value=initial.cloned_from.clone()/>
            <div class="stack">
                <fieldset>
                    <legend>{what(l)}</legend>
                    <Choices form/>
                    <div class="field">
                        <label for="run-name">{text::name(l)}</label>
                        <input id="run-name" name="name" maxlength="200" value=initial.name.clone() aria-describedby="run-name-help"
                            on:input=move |e| name.set(event_target_value(&e))/>
                        <p class="help" id="run-name-help">{name_help(l)}</p>
                    </div>
                </fieldset>
                <fieldset>
                    <legend>{Group::Main.title(l)}</legend>
                    <FieldSet form group=Group::Main/>
                </fieldset>
                {Group::FOLDED.map(|group| view! {
                    <details class="fold card">
                        <summary>{group.title(l)}</summary>
                        <FieldSet form group/>
                    </details>
                })}
            </div>
            <aside class="stack launch-side">
                <Forecast form/>
                <FormProblem error=general(error)/>
                {move || error.get().filter(|e| matches!(e, crate::error::AppError::Invalid { .. })).map(|e| view! { <crate::ui::notice::Problem error=e/> })}
                <button type="submit" class="button button-primary" disabled=move || blocked() || launch_action.pending().get()>
                    {move || if launch_action.pending().get() { launching(l) } else { launch(l) }}
                </button>
                <p class="error" hidden=move || !blocked()>{fix_first(l)}</p>
            </aside>
        </form>
    }
}

/// After the launch, the browser goes to the run's page.
fn go_to_the_run(action: ServerAction<LaunchRun>) {
    Effect::new(move |_| {
        if let Some(Ok(path)) = action.value().get() {
            let _ = window().location().set_href(&path);
        }
    });
}

/// Base model and dataset version.
#[component]
fn Choices(form: Form) -> impl IntoView {
    let l = lang();
    let (models, versions) = form.options.with_value(|o| (o.choices.models.clone(), o.choices.versions.clone()));
    let (chosen_model, chosen_version) = (form.model.get_untracked(), form.version.get_untracked());
    let models = models.into_iter().map(|m| {
        let id = m.id.to_string();
        view! { <option value=id.clone() selected=id == chosen_model>{m.name}</option> }
    });
    let versions = versions.into_iter().map(|v| {
        let id = v.id.to_string();
        let words = version_option(l, v.dataset_name, v.number, v.stats.train, v.stats.validation, v.stats.test);
        view! { <option value=id.clone() selected=id == chosen_version>{words}</option> }
    });
    view! {
        <div class="field">
            <label for="run-model">{text::model(l)}</label>
            <select id="run-model" name="model" required on:change=move |e| form.model.set(event_target_value(&e))>
                {models.collect_view()}
            </select>
        </div>
        <div class="field">
            <label for="run-version">{text::dataset(l)}</label>
            <select id="run-version" name="version" required on:change=move |e| form.version.set(event_target_value(&e))>
                {versions.collect_view()}
            </select>
            <Problem form path="version"/>
        </div>
    }
}
