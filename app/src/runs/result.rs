//! What a run leaves: its adapter's files, how to use them, and the recipe that made it.

use crate::{
    role, routes,
    text::lang,
    ui::{copy::CopyText, format::bytes},
};
use domain::{
    access::Action,
    id::ProjectId,
    lang::Lang,
    recipe::Method,
    run::{RunDetail, RunStatus},
};
use leptos::prelude::*;

crate::texts! {
    adapter = "Adapter", "适配器";
    for_peft = "In PEFT's format: loads in Python with the base model.", "PEFT 格式：可在 Python 中与基座模型一起加载。";
    for_peft_with_encoder = "In PEFT's format: loads in Python with the base model. encoder.safetensors is the network that made the virtual tokens: only going on with the training needs it.",
        "PEFT 格式：可在 Python 中与基座模型一起加载。encoder.safetensors 是生成虚拟词元的网络，仅继续训练时需要。";
    for_transformers = "A whole model in the format of Hugging Face: transformers opens it without the base, and it can be registered here as a base model.",
        "Hugging Face 格式的完整模型：transformers 无需基座即可打开，也可在此注册为基座模型。";
    for_trainer = "In the trainer's own format, since PEFT has no bottleneck adapters: the trainer answers with it, scores it and trains it on.",
        "训练器自有的格式（PEFT 没有瓶颈适配器）：可由训练器用于回答、评估和继续训练。";
    download_all = "Download all (zip)", "全部下载（zip）";
    go_on = "Train it further", "继续训练";
    file = "File", "文件";
    size = "Size", "大小";
    usage = "In Python", "在 Python 中使用";
    by_trainer = "On the command line", "在命令行中使用";
    as_model = "Folded into the base as a plain model", "合并到基座成为普通模型";
    recipe = "Recipe", "训练配方";
    setting = "Setting", "设置";
    value = "Value", "值";
    as_toml = "As TOML", "TOML 格式";
    download_toml = "Download recipe.toml", "下载 recipe.toml";
    by_hand = "The same run by hand:", "手动执行同一运行：";
    predicted = "Predicted before launch", "启动前预估";
    predicted_by_preflight = "Predicted from the preflight", "根据预检预估";
    predicted_values(steps, time, memory, disk) = "{steps} steps, {time}, {memory} of memory, {disk} on disk",
        "{steps} 步，{time}，内存 {memory}，磁盘 {disk}";
    actual = "Actual", "实际";
}

/// The adapter, once the run has succeeded.
pub(super) fn adapter_card(project: ProjectId, run: &RunDetail) -> Option<impl IntoView + use<>> {
    if run.summary.state.status != RunStatus::Succeeded || run.adapter.is_empty() {
        return None;
    }
    let (l, method) = (lang(), run.recipe.method);
    let base = format!("/api/v1/projects/{project}/runs/{}/adapter", run.summary.id);
    let further = format!("{}?continue={}", routes::new_run(project), run.summary.id);
    let files = run.adapter.iter().map(|f| {
        view! {
            <tr>
                <th scope="row"><a href=format!("{base}/{}", f.path) download="">{f.path.clone()}</a></th>
                <td class="num">{bytes(f.size_bytes)}</td>
            </tr>
        }
    });
    Some(view! {
        <section class="card">
            <div class="card-title">
                <h2>{adapter(l)}</h2>
                <div class="actions">
                    {role::may(Action::Launch).then(|| view! { <a class="button" href=further>{go_on(l)}</a> })}
                    <a class="button" href=format!("{base}.zip") download="">{download_all(l)}</a>
                </div>
            </div>
            <p class="muted">{lead(l, method)}</p>
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col">{file(l)}</th><th scope="col" class="num">{size(l)}</th></tr></thead>
                    <tbody>{files.collect_view()}</tbody>
                </table>
            </div>
            {ways(l, method)}
        </section>
    })
}

/// Who can read the adapter.
fn lead(l: Lang, method: Method) -> &'static str {
    match method {
        Method::Lora | Method::PromptTuning | Method::PrefixTuning => for_peft(l),
        Method::Full => for_transformers(l),
        Method::PTuning => for_peft_with_encoder(l),
        Method::Bottleneck => for_trainer(l),
    }
}

/// Ways to use the adapter, each with its code.
fn ways(l: Lang, method: Method) -> impl IntoView + use<> {
    let first = match method {
        Method::Bottleneck => (by_trainer(l), TRAINER),
        Method::Full => (usage(l), MODEL_USAGE),
        _ => (usage(l), USAGE),
    };
    // What full fine-tuning gives is a plain model already.
    let merge = (method.can_merge() && method != Method::Full).then(|| (as_model(l), MERGE));
    let way = |(title, code)| view! { <h3>{title}</h3><pre class="code">{code}</pre> };
    std::iter::once(first).chain(merge).map(way).collect_view()
}

const TRAINER: &str = "trainer generate --model BASE_MODEL --adapter ADAPTER_FOLDER --prompt \"PROMPT\"";

const MERGE: &str = "trainer merge --model BASE_MODEL --adapter ADAPTER_FOLDER --out MODEL_FOLDER";

const USAGE: &str = "from peft import PeftModel\n\
from transformers import AutoModelForCausalLM, AutoTokenizer\n\n\
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(\"BASE_MODEL\"), \"ADAPTER_FOLDER\")\n\
tokenizer = AutoTokenizer.from_pretrained(\"BASE_MODEL\")";

const MODEL_USAGE: &str = "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n\
model = AutoModelForCausalLM.from_pretrained(\"MODEL_FOLDER\")\n\
tokenizer = AutoTokenizer.from_pretrained(\"MODEL_FOLDER\")";

/// Every setting, as a table and as the file that `trainer run` takes.
pub(super) fn recipe_card(project: ProjectId, run: &RunDetail) -> impl IntoView + use<> {
    let l = lang();
    let rows = run.recipe.fields().into_iter().map(|(path, value)| {
        let label = super::form::fields::field(&path).map(|f| (f.label)(l));
        view! { <tr><th scope="row">{label} <code class="muted">{path}</code></th><td>{value}</td></tr> }
    });
    let toml = run.recipe.to_toml();
    let href = format!("/api/v1/projects/{project}/runs/{}/recipe.toml", run.summary.id);
    view! {
        <details class="fold card">
            <summary>{recipe(l)}</summary>
            <div class="split">
                <div class="table-wrap">
                    <table class="table">
                        <thead><tr><th scope="col">{setting(l)}</th><th scope="col">{value(l)}</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
                <div class="stack">
                    <h3>{as_toml(l)}</h3>
                    <pre class="code">{toml}</pre>
                    <a class="button" href=href download="recipe.toml">{download_toml(l)}</a>
                    <p>{by_hand(l)}</p>
                    <CopyText id="trainer-command" text=super::form::COMMAND/>
                </div>
            </div>
        </details>
    }
}
