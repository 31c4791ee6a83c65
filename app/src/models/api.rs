//! Server functions of the model pages.

use crate::error::AppError;
use domain::{
    id::{ModelId, ProjectId},
    model::{Model, ModelFile},
};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use {
    super::text,
    crate::{api, routes, text::lang},
    domain::{
        access::Action,
        id::UploadId,
        model::{ModelOrigin, RegisterModel},
    },
};

/// The project's models.
#[server]
pub async fn list_models(project: ProjectId) -> Result<Vec<Model>, AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    Ok(store::models::list(&db, project).await?)
}

/// One model and its files.
#[server]
pub async fn get_model(project: ProjectId, model: ModelId) -> Result<(Model, Vec<ModelFile>), AppError> {
    let (db, _) = api::authorise(project, Action::Read).await?;
    let found = store::models::get(&db, project, model).await?.ok_or(AppError::NotFound)?;
    let files = store::models::files(&db, model).await?;
    Ok((found, files))
}

/// Starts the registration of a model. `way` decides which of the other fields count.
#[server]
pub async fn register_model_form(
    project: ProjectId,
    way: String,
    name: String,
    #[server(default)] path: String,
    #[server(default)] repo: String,
    #[server(default)] revision: String,
    #[server(default)] uploads: String,
) -> Result<(), AppError> {
    let (db, caller) = api::authorise(project, Action::EditModels).await?;
    let origin = origin(&way, path.trim(), repo.trim(), revision.trim(), &uploads)?;
    let payload = RegisterModel { name: name.trim().to_owned(), origin };
    let job = store::jobs::enqueue(&db, project, "register_model", &payload, caller.user_id).await?;
    leptos_axum::redirect(&format!("{}?job={job}", routes::models(project)));
    Ok(())
}

#[cfg(feature = "ssr")]
fn origin(way: &str, path: &str, repo: &str, revision: &str, uploads: &str) -> Result<ModelOrigin, AppError> {
    let l = lang();
    match way {
        "path" if path.is_empty() => Err(AppError::invalid("path", text::need_path(l))),
        "path" => Ok(ModelOrigin::Path { path: path.to_owned() }),
        "hub" if repo.split('/').filter(|p| !p.is_empty()).count() != 2 => {
            Err(AppError::invalid("repo", text::need_repo(l)))
        }
        "hub" => Ok(ModelOrigin::Hub {
            repo: repo.to_owned(),
            revision: (!revision.is_empty()).then(|| revision.to_owned()),
        }),
        "upload" => {
            let uploads: Result<Vec<UploadId>, _> =
                uploads.split(',').filter(|u| !u.is_empty()).map(str::parse).collect();
            match uploads {
                Ok(uploads) if !uploads.is_empty() => Ok(ModelOrigin::Uploads { uploads }),
                _ => Err(AppError::invalid("uploads", text::need_uploads(l))),
            }
        }
        _ => Ok(ModelOrigin::sample()),
    }
}

/// Takes a model out of lists and forms.
#[server]
pub async fn archive_model(project: ProjectId, model: ModelId) -> Result<(), AppError> {
    let (db, _) = api::authorise(project, Action::EditModels).await?;
    if !store::models::archive(&db, project, model).await? {
        return Err(AppError::NotFound);
    }
    leptos_axum::redirect(&routes::models(project));
    Ok(())
}
