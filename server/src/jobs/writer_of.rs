//! The endpoint or the model that a request names, ready to be asked.

use crate::{
    jobs::{JobContext, JobError, model_files::ModelFiles},
    writer::{Asked, Local, Manner, Service},
};
use domain::{
    job::{Gone, JobFailure},
    paraphrase::Writer,
};

/// Who is asked, its name, and the files that it needs for as long as it is.
pub(super) async fn writer_of(
    context: &JobContext,
    writer: &Writer,
    manner: impl Into<Manner>,
) -> Result<(Asked, String, Option<ModelFiles>), JobError> {
    let manner: Manner = manner.into();
    match writer {
        Writer::Endpoint { name } => {
            let endpoint = context.config.endpoints.iter().find(|e| e.name == *name);
            let endpoint = endpoint.ok_or_else(|| JobFailure::NoEndpoint { name: name.clone() })?;
            Ok((Asked::Endpoint(Service::new(endpoint, manner)?), name.clone(), None))
        }
        Writer::Model { model_id, run_id } => {
            let model = store::models::get(&context.db, context.project, *model_id).await?;
            let mut name = model.ok_or(JobFailure::Gone { what: Gone::Model })?.name;
            if let Some(run) = run_id
                && let Some(run) = store::runs::get(&context.db, context.project, *run).await?
            {
                name = format!("{name} · #{}", run.summary.number);
            }
            let files = ModelFiles::gather(context, *model_id, *run_id).await?;
            let local = Local::start(&context.config, (&files.path, files.adapter.as_deref()), manner)?;
            Ok((Asked::Model(local), name, Some(files)))
        }
    }
}
