//! The launch form: an island that checks and predicts as one types, and a plain post of the same
//! fields without JavaScript.

pub use crate::words::recipe as fields;
mod forecast;
mod input;
pub mod options;
pub mod parse;

use super::{
    api::{LaunchRun, Origin},
    text,
};
use crate::{text::lang, ui::form::address};
use domain::{id::ProjectId, recipe::Recipe};
use fields::{Group, Kind};
pub use forecast::COMMAND;
use forecast::Forecast;
use input::{FieldSet, Problem};
use leptos::prelude::*;
use options::Options;
use parse::{ON, PREFLIGHT, Problems, Values};

crate::texts! {
    what = "What to run", "运行内容";
    name_help = "Optional; named after model and data otherwise.", "可选；留空则以模型和数据命名。";
    preflight_label = "Check before queueing", "排队前先预检";
    preflight_help = "Tries the longest batch, a few steps and a checkpoint, and shows what the model is taught, token by token. Takes seconds to a minute or two.",
        "试算最长的一批、若干步训练和一个检查点，并逐词元展示模型所学的内容。通常需要几秒到一两分钟。";
    no_models = "No base model yet. Register one first.", "还没有基座模型，请先注册。";
    no_versions = "No dataset version yet. Upload data first.", "还没有数据集版本，请先上传数据。";
    launch = "Launch run", "启动运行";
    sweep = "Sweep these settings", "以这些设置进行搜索";
    fix_first = "Correct these fields first:", "请先修正这些字段：";
    choose_model = "Choose a base model.", "请选择基座模型。";
    choose_version = "Choose a dataset version.", "请选择数据集版本。";
    bad_name = "At most 200 characters, without control characters.", "最多 200 个字符，不含控制字符。";
    cloned(number) = "Clone of run {number}", "克隆自运行 {number}";
    continued(number) = "Goes on training the adapter of run {number}: keep its model, method and the adapter's own settings.",
        "在运行 {number} 的适配器上继续训练：请保持其模型、方法和适配器自身的设置不变。";
    bad_repetition = "Only a run that has succeeded can be run again and compared.", "只有成功的运行才能再次运行并比较。";
    bad_continuation = "Only a run that has succeeded, with the same model and method, can be continued.", "只能在模型和方法相同且已成功的运行上继续训练。";
}

/// What the form holds at first.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Initial {
    pub name: String,
    pub model: String,
    pub version: String,
    pub origin: Origin,
    /// Makes a second click launch nothing new.
    pub key: String,
    pub values: Values,
}

/// The parts' shared state.
#[derive(Clone, Copy)]
struct Form {
    options: StoredValue<Options>,
    model: RwSignal<String>,
    version: RwSignal<String>,
    values: RwSignal<Values>,
    /// The recipe as typed, and what is wrong with it (in the browser, as one types).
    checked: Memo<(Recipe, Problems)>,
}

impl Form {
    fn new(options: Options, initial: &Initial) -> Self {
        let values = RwSignal::new(initial.values.clone());
        let (model, version) = (RwSignal::new(initial.model.clone()), RwSignal::new(initial.version.clone()));
        let options = StoredValue::new(options);
        let checked = Memo::new(move |_| {
            let (recipe, mut problems) = values.with(|v| parse::recipe(v, lang()));
            let misfits = options.with_value(|o| o.misfits(&recipe, &model.read(), &version.read()));
            for misfit in misfits {
                problems.entry(misfit.field().to_owned()).or_insert_with(|| text::misfit(lang(), misfit));
            }
            (recipe, problems)
        });
        Self { options, model, version, values, checked }
    }

    /// Whether a field of the group needs correction.
    fn has_problem(self, group: Group) -> bool {
        let in_group = |path: &String| fields::field(path).is_some_and(|f| f.group == group);
        self.checked.with_untracked(|c| c.1.keys().any(in_group))
    }
}

/// The form with its prediction.
#[island]
pub fn LaunchForm(project: ProjectId, options: Options, initial: Initial) -> impl IntoView {
    let l = lang();
    let form = Form::new(options, &initial);
    let is_live = RwSignal::new(false);
    Effect::new(move |_| is_live.set(true));
    let is_checked = initial.values.contains_key(PREFLIGHT);
    let blocked = move || is_live.get() && form.checked.with(|c| !c.1.is_empty());
    view! {
        <form id="launch" class="launch split-main" method="post" action={address::<LaunchRun>()}>
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="key" value=initial.key/>
            <input type="hidden" name="origin[cloned_from]" value=initial.origin.cloned_from/>
            <input type="hidden" name="origin[continues]" value=initial.origin.continues/>
            <div class="stack">
                <fieldset>
                    <legend>{what(l)}</legend>
                    <Choices form/>
                    <div class="field">
                        <label for="run-name">{text::name(l)}</label>
                        <input id="run-name" name="name" maxlength="200" value=initial.name aria-describedby="run-name-help"/>
                        <p class="help" id="run-name-help">{name_help(l)}</p>
                    </div>
                </fieldset>
                <fieldset>
                    <legend>{Group::Main.title(l)}</legend>
                    <FieldSet form group=Group::Main/>
                </fieldset>
                {Group::FOLDED.map(|group| view! {
                    <details class="fold card" open=form.has_problem(group)>
                        <summary>{group.title(l)}</summary>
                        <FieldSet form group/>
                    </details>
                })}
            </div>
            <aside class="stack launch-side">
                <Forecast form/>
                <div class="field field-check">
                    <label class="check">
                        <input type="checkbox" name=format!("values[{PREFLIGHT}]") value=ON checked=is_checked aria-describedby="preflight-help"/>
                        <span>{preflight_label(l)}</span>
                    </label>
                    <p class="help" id="preflight-help">{preflight_help(l)}</p>
                </div>
                <button type="submit" class="button button-primary" disabled=blocked>{launch(l)}</button>
                <button type="submit" class="button" formmethod="get" formaction=crate::routes::new_sweep(project) disabled=blocked>{sweep(l)}</button>
                {move || blocked().then(|| view! { <ToCorrect form/> })}
            </aside>
        </form>
    }
}

/// The fields that keep the form from being sent, each a way to it: it may stand in a fold far above.
#[component]
fn ToCorrect(form: Form) -> impl IntoView {
    let l = lang();
    let links = move || {
        let link = |path: &String| {
            let (label, place) = match fields::field(path) {
                // Boxes have no place of their own: what is wrong with them stands below.
                Some(f) if matches!(f.kind, Kind::Switch | Kind::Modules) => ((f.label)(l), format!("{path}-error")),
                Some(f) => ((f.label)(l), path.clone()),
                None => (text::dataset(l), "run-version".to_owned()),
            };
            view! { <li><a href=format!("#{place}")>{label}</a></li> }
        };
        form.checked.with(|c| c.1.keys().map(link).collect_view())
    };
    view! {
        <div class="error" role="status">
            <p>{fix_first(l)}</p>
            <ul>{links}</ul>
        </div>
    }
}

/// Base model and dataset version.
#[component]
fn Choices(form: Form) -> impl IntoView {
    let l = lang();
    let (chosen_model, chosen_version) = (form.model.get_untracked(), form.version.get_untracked());
    let option = |id: String, words: String, chosen: &str| {
        let is_chosen = id == chosen;
        view! { <option value=id selected=is_chosen>{words}</option> }
    };
    let (models, versions) = form.options.with_value(|o| (o.models.clone(), o.versions.clone()));
    let models = models.into_iter().map(|m| option(m.id, m.name, &chosen_model));
    let versions = versions.into_iter().map(|v| option(v.id, v.words, &chosen_version));
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
