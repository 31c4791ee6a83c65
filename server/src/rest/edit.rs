//! Editing many samples of a version at once.

use crate::{
    jobs::edit_version::{self, EditVersion},
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{extract::State, http::StatusCode};
use dataprep::edit::Editor;
use domain::{
    access::Action,
    edit::{BulkEdit, EditError, EditPreview},
    id::{ProjectId, VersionId},
    job::Job,
};
use store::{PgPool, access::authorise};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(preview_edit)).routes(routes!(edit_samples))
}

impl From<EditError> for Problem {
    fn from(e: EditError) -> Self {
        let field = match &e {
            EditError::Find | EditError::Regex { .. } => "action.find",
            EditError::With => "action.with",
            EditError::Label => "action.label",
            EditError::IntoTest => "action.split",
        };
        Self::invalid(field, e)
    }
}

/// Try an edit on the first 2000 samples that are selected: how many it would change, with examples. Changes nothing.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/edit/preview", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = BulkEdit, responses((status = OK, body = EditPreview)))]
async fn preview_edit(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(edit): Json<BulkEdit>,
) -> Result<Json<EditPreview>, Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    let editor = Editor::new(&edit.action)?;
    let preview = store::explore::preview_edit(&db, version, &edit.selection, &editor).await?;
    preview.map(Json).ok_or_else(not_indexed)
}

/// Delete, label anew, move or rewrite all samples that a search and filters select: makes the dataset's next version.
/// Samples of the test split are left as they are. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/edit", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), request_body = BulkEdit, responses((status = ACCEPTED, body = Job)))]
async fn edit_samples(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    Json(edit): Json<BulkEdit>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    Editor::new(&edit.action)?;
    if store::explore::select(&db, version, &edit.selection).await?.is_none() {
        return Err(not_indexed());
    }
    let request = EditVersion { version_id: version, edit };
    let id = store::jobs::enqueue(&db, project, edit_version::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

fn not_indexed() -> Problem {
    Problem::conflict("the index of this version is not ready yet")
}
