//! What the run will cost, beside the form; and the recipe as `trainer run` takes it.

use super::Form;
use crate::{
    text::lang,
    ui::{
        copy::CopyOf,
        format::{bytes, count, duration, integer},
    },
};
use domain::{estimate::Estimate, lang::Lang};
use leptos::prelude::*;

crate::texts! {
    title = "Prediction", "预估";
    steps = "Optimizer steps", "优化步数";
    tokens = "Tokens trained on", "训练词元数";
    time = "Time", "耗时";
    of_which(train, evaluation) = "{train} training, {evaluation} evaluation", "训练 {train}，评估 {evaluation}";
    memory = "Peak memory", "峰值内存";
    disk = "Disk, checkpoints and result", "磁盘（检查点与结果）";
    trainable = "Trainable parameters", "可训练参数";
    effective_batch = "Effective batch", "有效批大小";
    guessed = "A rough guess: nothing has run here yet.", "粗略估计：此处尚未运行过。";
    measured = "From the speed of recent runs.", "依据最近运行的速度。";
    guessed_tokens = "Token counts are guessed from characters until the model's tokenizer has counted this version.",
        "在用该模型的分词器统计此版本之前，词元数由字符数推算。";
    nothing = "Choose a model and a dataset version.", "请选择模型和数据集版本。";
    as_toml = "Recipe as TOML", "TOML 配方";
    by_hand = "The same run by hand:", "手动执行同一运行：";
}

/// How to run the recipe without the server.
pub const COMMAND: &str = "trainer run recipe.toml --model MODEL --train train.jsonl --validation validation.jsonl --test test.jsonl --out OUT";

/// Predicted steps, tokens, time and memory, and the recipe as text.
#[component]
pub(super) fn Forecast(form: Form) -> impl IntoView {
    let l = lang();
    let Form { options, model, version, checked, .. } = form;
    let prediction = Memo::new(move |_| {
        checked.with(|(recipe, _)| {
            let estimate = options.with_value(|o| o.estimate(recipe, &model.read(), &version.read()))?;
            Some((estimate, recipe.effective_batch()))
        })
    });
    view! {
        <section class="card" aria-live="polite">
            <h2>{title(l)}</h2>
            {move || match prediction.get() {
                Some((e, batch)) => facts(l, &e, batch).into_any(),
                None => view! { <p class="muted">{nothing(l)}</p> }.into_any(),
            }}
        </section>
        <details class="fold card">
            <summary>{as_toml(l)}</summary>
            <pre class="code recipe-toml" id="recipe-toml">{move || checked.with(|c| c.0.to_toml())}</pre>
            <CopyOf id="recipe-toml"/>
            <p>{by_hand(l)}</p>
            <pre class="code" id="trainer-command">{COMMAND}</pre>
            <CopyOf id="trainer-command"/>
        </details>
    }
}

fn facts(l: Lang, e: &Estimate, batch: u64) -> impl IntoView + use<> {
    let seconds = |s: f64| duration(s.round() as u64, l);
    let rows = [
        (steps(l), integer(e.steps.into()), None),
        (effective_batch(l), integer(batch), None),
        (tokens(l), count(e.tokens, l), None),
        (time(l), seconds(e.seconds()), Some(of_which(l, seconds(e.train_seconds), seconds(e.evaluation_seconds)))),
        (memory(l), bytes(e.memory_bytes), None),
        (disk(l), bytes(e.disk_bytes), None),
        (trainable(l), count(e.trainable_parameters, l), None),
    ];
    view! {
        <dl class="meta">
            {rows.map(|(label, value, note)| view! {
                <div><dt>{label}</dt><dd>{value}{note.map(|n| view! { <div class="help">{n}</div> })}</dd></div>
            })}
        </dl>
        <p class="help">{if e.is_measured { measured(l) } else { guessed(l) }} " " {(!e.is_counted).then(|| guessed_tokens(l))}</p>
    }
}
