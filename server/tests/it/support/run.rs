//! A project with one queued run, made without model files or data.

use crate::support::TestApp;
use domain::{
    id::{DatasetId, ModelId, ProjectId, RunId, UserId, VersionId},
    recipe::Recipe,
};
use serde_json::json;

/// Somebody, their project, and a run in it that nobody works on.
pub async fn with_run(app: &TestApp) -> (UserId, ProjectId, RunId) {
    let user = app.person("ada").await;
    let project = store::projects::create(&app.db, user, "p", "").await.unwrap();
    let (model, dataset, version, run) = (ModelId::new(), DatasetId::new(), VersionId::new(), RunId::new());
    let card = json!({
        "architecture": "LlamaForCausalLM", "family": "llama", "format": "gguf", "parameters": 1, "layers": 1, "hidden_size": 1,
        "intermediate_size": 1, "attention_heads": 1, "key_value_heads": 1, "head_dim": 1, "context_length": 1024, "vocabulary": 8,
        "quantization": "F32", "licence": null, "chat_template": null, "tied_embeddings": true, "size_bytes": 5,
    });
    let stats = json!({
        "samples": 10, "train": 10, "validation": 0, "test": 0, "skipped_lines": 0, "exact_duplicates": 0, "characters": 100,
    });
    let recipe = serde_json::to_value(Recipe::default()).unwrap();
    sqlx::query(
        "with m as (insert into models (id, project_id, name, source, card, created_by) \
             values ($1, $5, 'm', '{\"kind\": \"path\", \"path\": \"/m\"}', $7, $6)), \
         d as (insert into datasets (id, project_id, name, created_by) values ($2, $5, 'd', $6)), \
         v as (insert into dataset_versions (id, dataset_id, number, origin, stats, created_by) values ($3, $2, 1, '{}', $8, $6)) \
         insert into runs (id, project_id, number, name, model_id, version_id, recipe, created_by) \
         values ($4, $5, 1, 'r', $1, $3, $9, $6)",
    )
    .bind(model.0)
    .bind(dataset.0)
    .bind(version.0)
    .bind(run.0)
    .bind(project.0)
    .bind(user.0)
    .bind(card)
    .bind(stats)
    .bind(recipe)
    .execute(&app.db)
    .await
    .unwrap();
    (user, project, run)
}
