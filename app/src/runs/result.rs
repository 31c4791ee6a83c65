//! What a run leaves: its adapter's files, how to use them, and the recipe that made it.

use crate::{
    text::lang,
    ui::{copy::CopyText, format::bytes},
};
use domain::{
    id::ProjectId,
    run::{RunDetail, RunStatus},
};
use leptos::prelude::*;

crate::texts! {
    adapter = "Adapter", "适配器";
    adapter_lead = "In PEFT's format: loads in Python with the base model.", "PEFT 格式：可在 Python 中与基座模型一起加载。";
    download_all = "Download all (zip)", "全部下载（zip）";
    file = "File", "文件";
    size = "Size", "大小";
    usage = "In Python", "在 Python 中使用";
    recipe = "Recipe", "训练配方";
    setting = "Setting", "设置";
    value = "Value", "值";
    as_toml = "As TOML", "TOML 格式";
    download_toml = "Download recipe.toml", "下载 recipe.toml";
    by_hand = "The same run by hand:", "手动执行同一运行：";
    predicted = "Predicted before launch", "启动前预估";
    predicted_values(steps, time, memory) = "{steps} steps, {time}, {memory}", "{steps} 步，{time}，{memory}";
}

/// The adapter, once the run has succeeded.
pub(super) fn adapter_card(project: ProjectId, run: &RunDetail) -> Option<impl IntoView + use<>> {
    if run.summary.state.status != RunStatus::Succeeded || run.adapter.is_empty() {
        return None;
    }
    let l = lang();
    let base = format!("/api/v1/projects/{project}/runs/{}/adapter", run.summary.id);
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
                <a class="button" href=format!("{base}.zip") download="">{download_all(l)}</a>
            </div>
            <p class="muted">{adapter_lead(l)}</p>
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col">{file(l)}</th><th scope="col" class="num">{size(l)}</th></tr></thead>
                    <tbody>{files.collect_view()}</tbody>
                </table>
            </div>
            <h3>{usage(l)}</h3>
            <pre class="code">{USAGE}</pre>
        </section>
    })
}

const USAGE: &str = "from peft import PeftModel\n\
from transformers import AutoModelForCausalLM, AutoTokenizer\n\n\
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(\"BASE_MODEL\"), \"ADAPTER_FOLDER\")\n\
tokenizer = AutoTokenizer.from_pretrained(\"BASE_MODEL\")";

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
