//! Server functions of the augmentation page.

use crate::error::AppError;
use domain::{
    dataset::Version,
    id::{DatasetId, ProjectId},
    paraphrase::{Decision, Proposal, ProposalCounts, Way},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        id::{ModelId, RunId},
        paraphrase::{Decide, Paraphrase, TakeProposals, Writer},
    },
    store::proposals,
};

/// Texts on a page.
pub const PAGE: u32 = 25;

/// Somebody who can write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// `endpoint:NAME`, `model:ID`, or `model:ID:RUN` for a model as a run has tuned it.
    pub value: String,
    pub name: String,
    pub is_endpoint: bool,
    pub is_tuned: bool,
    /// Whether the run that has tuned it learnt from samples that were erased since.
    pub saw_erased: bool,
}

/// What the page shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AugmentView {
    pub version: Version,
    pub writers: Vec<Choice>,
    pub counts: ProposalCounts,
    pub items: Vec<Proposal>,
}

/// A version with the texts written for it.
#[server]
pub async fn get_augment(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    decision: Decision,
    stopped: bool,
    after: i64,
) -> Result<AugmentView, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let endpoints = api::services()?.endpoints;
    let endpoints = endpoints.into_iter().map(|name| Choice {
        value: format!("endpoint:{name}"),
        name,
        is_endpoint: true,
        is_tuned: false,
        saw_erased: false,
    });
    let models = store::scores::scorers(&db, project).await?.into_iter();
    let models = models.map(|known| Choice {
        value: own_writer(known.model, known.run),
        name: known.name,
        is_endpoint: false,
        is_tuned: known.run.is_some(),
        saw_erased: known.saw_erased,
    });
    let writers = endpoints.chain(models).collect();
    let passed = (decision == Decision::Waiting).then_some(!stopped);
    let counts = proposals::counts(&db, version.id).await?;
    let items = proposals::page(&db, version.id, decision, passed, after, PAGE).await?;
    Ok(AugmentView { version, writers, counts, items })
}

/// How the form names a model, or a run's.
#[cfg(feature = "ssr")]
fn own_writer(model: ModelId, run: Option<RunId>) -> String {
    run.map_or_else(|| format!("model:{model}"), |run| format!("model:{model}:{run}"))
}

/// What the form for asking a model says, as it was typed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForm {
    pub writer: String,
    pub way: Way,
    pub samples: String,
    pub temperature: String,
    pub seed: String,
    #[serde(default)]
    pub instruction: String,
}

/// Asks a model for texts, then comes back with how far it is.
#[server]
pub async fn ask_model(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    #[server(flatten)] form: AskForm,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let l = lang();
    let AskForm { writer, way, samples, temperature, seed, instruction } = form;
    let number_of =
        |field: &str, text: &str| text.trim().parse::<f64>().map_err(|_| AppError::invalid(field, text::no_number(l)));
    let unknown = || AppError::invalid("writer", text::no_such_writer(l));
    let writer = match writer.split_once(':') {
        Some(("endpoint", name)) if api::services()?.endpoints.iter().any(|e| e == name) => {
            Writer::Endpoint { name: name.to_owned() }
        }
        _ => {
            let known = store::scores::scorers(&db, project).await?;
            let own = known.into_iter().find(|known| own_writer(known.model, known.run) == writer);
            own.map(|own| Writer::Model { model_id: own.model, run_id: own.run }).ok_or_else(unknown)?
        }
    };
    let request = Paraphrase {
        writer,
        way,
        samples: samples.trim().parse().map_err(|_| AppError::invalid("samples", text::no_number(l)))?,
        seed: seed.trim().parse().map_err(|_| AppError::invalid("seed", text::no_number(l)))?,
        temperature: number_of("temperature", &temperature)?,
        instruction: Some(instruction).filter(|own| !own.trim().is_empty()),
    };
    request.check().map_err(|e| AppError::invalid(e.field(), text::problem(l, &e)))?;
    let request = serde_json::json!({ "version_id": version.id, "request": request });
    let job = store::jobs::enqueue(&db, project, "paraphrase", &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::augment(project, dataset, version.number)));
    Ok(())
}

/// Decides on the chosen texts, or on all that passed the gate and wait where none could be chosen.
#[server]
pub async fn decide_texts(
    project: ProjectId,
    dataset: DatasetId,
    number: u32,
    decision: Decision,
    #[server(default)] ids: Vec<i64>,
    #[server(default)] chosen: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::Annotate).await?;
    let version = api::version(&db, project, dataset, number).await?;
    if ids.is_empty() && !chosen.is_empty() {
        return Err(AppError::Conflict(text::none_chosen(lang()).to_owned()));
    }
    proposals::decide(&db, version.id, &Decide { ids, decision }, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}#texts", routes::augment(project, dataset, version.number)));
    Ok(())
}

/// Makes the next version with the accepted texts.
#[server]
pub async fn take_texts(project: ProjectId, dataset: DatasetId, number: u32) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditDatasets).await?;
    let version = api::version(&db, project, dataset, number).await?;
    let request = TakeProposals { version_id: version.id };
    let job = store::jobs::enqueue(&db, project, "take_proposals", &request, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}&made=1", routes::augment(project, dataset, version.number)));
    Ok(())
}
