//! The regression set: what every later model must get right.

use crate::{
    rest::{Json, Path, Problem, auth::Caller, export::attachment},
    state::AppState,
};
use axum::{
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use dataprep::export::write_jsonl;
use domain::{
    access::Action,
    badcase::regression::{Regression, RegressionVerdict},
    id::ProjectId,
    sample::Split,
};
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;
use std::io;
use store::{PgPool, access::authorise, badcases::regressions};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_regressions)).routes(routes!(download_regressions))
}

/// A sample of the regression set with what its history says.
#[derive(Serialize, ToSchema)]
struct Judged {
    #[serde(flatten)]
    regression: Regression,
    #[serde(flatten)]
    verdict: RegressionVerdict,
}

/// The project's regression set with the history of each sample; those that a later run broke again come first.
#[utoipa::path(get, path = "/projects/{project}/regressions", tag = "bad cases", params(("project" = ProjectId, Path)), responses((status = OK, body = Vec<Judged>)))]
async fn list_regressions(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Json<Vec<Judged>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let all = regressions::list(&db, project).await?;
    let judged = all.into_iter().map(|regression| Judged { verdict: regression.verdict(), regression });
    Ok(Json(judged.collect()))
}

/// The regression set as JSONL, each sample with the right answer as it is known now: for models that are tested elsewhere.
#[utoipa::path(get, path = "/projects/{project}/regressions/download", tag = "bad cases", params(("project" = ProjectId, Path)), responses((status = OK, content_type = "application/jsonl", body = String)))]
async fn download_regressions(
    State(db): State<PgPool>,
    caller: Caller,
    Path(project): Path<ProjectId>,
) -> Result<Response, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        if let Err(error) = send(&db, project, &sender).await {
            tracing::warn!(%project, %error, "download broken off");
            // Nobody may be listening any more, and then nobody needs to know.
            drop(sender.send(Err(error)).await);
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receiver));
    Ok(attachment("regressions.jsonl", "application/jsonl", body))
}

/// Lines of a part.
const PART: usize = 200;

async fn send(db: &PgPool, project: ProjectId, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut parts = regressions::samples(db, project).map_err(io::Error::other).chunks(PART);
    while let Some(part) = parts.next().await {
        let mut lines = Vec::new();
        for sample in part {
            write_jsonl(&mut lines, &sample?.1, Split::Test)?;
        }
        if sender.send(Ok(lines.into())).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}
