//! One model: the facts its files state, its chat template, its files.

use super::{
    api::{ArchiveModel, get_model},
    text,
};
use crate::{
    role, routes,
    text::lang,
    ui::{
        field::Confirm,
        format::{Time, bytes, count, integer},
        frame::PageHeader,
        load::load,
    },
};
use domain::{
    access::Action,
    id::{ModelId, ProjectId},
    lang::Lang,
    model::{Model, ModelFile, ModelSource},
};
use leptos::{form::ActionForm, prelude::*};

/// `/p/:project/models/:model`
#[component]
pub fn ModelPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<ModelId>("model")?)));
    let data = async move {
        let (project, id) = ids?;
        get_model(project, id).await.map(|found| (project, found))
    };
    load::<_, _>(data, |(project, (model, files))| body(project, model, files))
}

fn body(project: ProjectId, model: Model, files: Vec<ModelFile>) -> impl IntoView {
    let l = lang();
    let template = model.card.chat_template.clone();
    view! {
        <PageHeader title=model.name.clone() lead=model.card.architecture.clone()>
            {role::may(Action::Launch).then(|| view! {
                <a class="button button-primary" href=format!("{}?model={}", routes::new_run(project), model.id)>{text::launch(l)}</a>
            })}
            {role::may(Action::EditModels).then(|| view! {
                <Confirm label=text::archive(l) question=text::archive_question(l)>
                    <ActionForm action={ServerAction::<ArchiveModel>::new()}>
                        <input type="hidden" name="project" value=project.to_string()/>
                        <input type="hidden" name="model" value=model.id.to_string()/>
                        <button class="button button-danger" type="submit">{text::archive(l)}</button>
                    </ActionForm>
                </Confirm>
            })}
        </PageHeader>
        <section class="card">
            <h2>{text::facts(l)}</h2>
            {facts(&model, l)}
        </section>
        <section class="card">
            <h2>{text::template(l)}</h2>
            {match template {
                Some(source) => view! { <pre class="code">{source}</pre> }.into_any(),
                None => view! { <p class="muted">{text::template_none(l)}</p> }.into_any(),
            }}
        </section>
        <section class="card">
            <h2>{text::files(l)}</h2>
            {file_table(files, l)}
        </section>
    }
}

fn facts(model: &Model, l: Lang) -> impl IntoView + use<> {
    let card = &model.card;
    let pairs = [
        (text::parameters(l), count(card.parameters, l)),
        (text::layers(l), card.layers.to_string()),
        (text::context(l), format!("{} {}", integer(card.context_length.into()), text::tokens(l))),
        (text::vocabulary(l), integer(card.vocabulary.into())),
        (text::hidden(l), integer(card.hidden_size.into())),
        (text::heads(l), text::heads_value(l, card.attention_heads, card.key_value_heads)),
        (text::quantization(l), card.quantization.clone()),
        (text::embeddings(l), if card.tied_embeddings { text::tied(l) } else { text::untied(l) }.to_owned()),
        (text::licence(l), card.licence.clone().unwrap_or_else(|| text::licence_unknown(l).to_owned())),
        (text::size(l), bytes(card.size_bytes)),
        (text::source(l), source(&model.source)),
        (text::by(l), model.created_by.clone()),
    ];
    let facts =
        pairs.map(|(name, value)| view! { <div><dt>{name}</dt><dd dir="auto">{value}</dd></div> }).collect_view();
    view! {
        <dl class="meta">
            {facts}
            <div><dt>{text::registered(l)}</dt><dd><Time at=model.created_at/></dd></div>
        </dl>
    }
}

fn source(source: &ModelSource) -> String {
    match source {
        ModelSource::Path { path } => path.clone(),
        ModelSource::Upload { file_name } => file_name.clone(),
        ModelSource::Hub { repo, revision } => format!("{repo} @ {revision}"),
        ModelSource::Package { name, version } => format!("PyPI {name} {version}"),
    }
}

fn file_table(files: Vec<ModelFile>, l: Lang) -> impl IntoView {
    let rows = files.into_iter().map(|f| {
        view! {
            <tr>
                <th scope="row">{f.path}</th>
                <td class="num">{bytes(f.size_bytes)}</td>
                <td class="mono prose">{f.sha256}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{text::file(l)}</th>
                        <th scope="col" class="num">{text::size(l)}</th>
                        <th scope="col">"SHA-256"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
