//! Writing a bad case down by hand: what the model was asked, what it answered, what it should have answered.

use super::{
    api::{CreateBadCase, NewChoices, get_new_choices},
    choices, text,
};
use crate::{
    routes,
    text::lang,
    ui::{field::Field, form::PostForm, format::shortened, frame::PageHeader, load::load, notice::Empty},
};
use domain::{badcase::view::MAX_TEXT_CHARS, id::ProjectId, lang::Lang};
use leptos::prelude::*;

crate::texts! {
    title = "Add a bad case", "添加 Bad Case";
    lead = "Something that a model answered wrongly, and that no evaluation has found. It joins the others; a correction adds it to the dataset.",
        "模型答错但评估未发现的情况。将与其他 Bad Case 一起处理；改正后加入数据集。";
    dataset = "Dataset", "数据集";
    dataset_help = "The one whose task this is. The case is kept with it, in none of its versions until a correction adds it to the next.",
        "此任务所属的数据集。样本随数据集保存，在改正并加入下一版本之前不属于任何版本。";
    prompt = "What the model was asked", "向模型提出的问题";
    prompt_help = "The last thing said to the model, as it was said.", "对模型说的最后一句话，原样填写。";
    system = "System message", "系统消息";
    system_help = "What stood before the conversation, if anything did.", "对话之前的系统消息，没有则留空。";
    output = "What it answered", "模型的回答";
    output_help = "Empty if it answered nothing.", "没有回答则留空。";
    expected = "What it should have answered", "期望的回答";
    expected_help = "For labelled data: the right label, exactly as the data writes it.", "对于带标签的数据：正确的标签，须与数据中的写法完全一致。";
    run_help = "The run whose model answered, if it was one of this project's. It then counts in the trends of that run.",
        "给出该回答的模型所属的训练运行（若为本项目）。将计入该运行的趋势。";
    note_help = "Where it was seen, who complained, what else the team should know.", "在何处发现、由谁反馈，以及团队需要了解的其他信息。";
    save = "Add it", "添加";
    no_dataset = "No dataset to add it to", "没有可用的数据集";
    no_dataset_hint = "A bad case belongs to the dataset of its task. Import one first.", "Bad Case 须归属于某个数据集，请先导入数据。";
    to_datasets = "New dataset", "新建数据集";
}

/// `/p/:project/bad-cases/new`
#[component]
pub fn NewBadCasePage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return ().into_any() };
    view! {
        <PageHeader title=title(l) lead=lead(l)>
            <a class="button button-quiet" href=routes::bad_cases(project)>{text::back(l)}</a>
        </PageHeader>
        {load(get_new_choices(project), move |choices| form(project, &choices, l).into_any())}
    }
    .into_any()
}

fn form(project: ProjectId, known: &NewChoices, l: Lang) -> impl IntoView + use<> {
    if known.datasets.is_empty() {
        return view! {
            <Empty title=no_dataset(l) hint=no_dataset_hint(l)>
                <a class="button" href=routes::new_dataset(project)>{to_datasets(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let datasets = known.datasets.iter().map(|(id, name)| {
        view! { <option value=id.to_string()>{shortened(name)}</option> }
    });
    let datasets = datasets.collect_view();
    let runs = known.runs.iter().map(|(id, number, name)| {
        view! { <option value=id.to_string()>{format!("#{number} {}", shortened(name))}</option> }
    });
    let runs = runs.collect_view();
    let most = MAX_TEXT_CHARS.to_string();
    let area = move |id: &'static str, label: &'static str, help: &'static str, rows: &'static str| {
        let most = most.clone();
        view! {
            <Field id=id label=label help=help>
                <textarea id=id name=id dir="auto" rows=rows maxlength=most aria-describedby=format!("{id}-help")></textarea>
            </Field>
        }
    };
    let (asked, said) =
        (area("prompt", prompt(l), prompt_help(l), "5"), area("system", system(l), system_help(l), "2"));
    let (answers, note) = (
        (area("output", output(l), output_help(l), "4"), area("expected", expected(l), expected_help(l), "4")),
        area("note", text::note(l), note_help(l), "2"),
    );
    view! {
        <PostForm action={ServerAction::<CreateBadCase>::new()} class="card">
            <input type="hidden" name="project" value=project.to_string()/>
            <Field id="dataset" label=dataset(l) help=dataset_help(l)>
                <select id="dataset" name="dataset" aria-describedby="dataset-help">{datasets}</select>
            </Field>
            {asked}
            {said}
            <div class="field-row">{answers.0}{answers.1}</div>
            <div class="field-row">
                <Field id="run" label=text::run(l) help=run_help(l)>
                    <select id="run" name="run" aria-describedby="run-help"><option value="">{text::no_run(l)}</option>{runs}</select>
                </Field>
                <Field id="severity" label=text::severity(l) help=text::severity_help(l)>
                    <select id="severity" name="severity" aria-describedby="severity-help">
                        <option value="">{text::unrated(l)}</option>
                        {choices::severities(None, l)}
                    </select>
                </Field>
            </div>
            {note}
            <button class="button button-primary" type="submit">{save(l)}</button>
        </PostForm>
    }
    .into_any()
}
