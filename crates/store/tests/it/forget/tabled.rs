//! The run table, what scripts tracked, and the files that task files were made of.

use super::{ANN, Place, ids};
use domain::{forget::TOMBSTONE, id::UploadId, task_file::TaskFile};
use serde_json::json;
use store::PgPool;

#[sqlx::test(migrations = "../../migrations")]
async fn the_run_table_and_the_raw_files_of_tasks_are_reached(db: PgPool) {
    let place = Place::new(db).await;
    let first = place.import().await;
    let (run, _) = place.run(first.id, ids(&place, first.id).await[0], "succeeded").await;
    let Place { user, project, .. } = &place;
    let (rendered, raw) = ("ab".repeat(32), "ef".repeat(32));
    for sha256 in [&rendered, &raw] {
        store::artifacts::record(&place.db, sha256, 10).await.unwrap();
    }
    let data = store::uploads::create(&place.db, *project, *user, "raw.jsonl", &raw, 10).await.unwrap().id;
    let task: TaskFile = serde_json::from_value(json!({
        "task": "t", "output": "multiple_choice", "format": "json", "data_files": {}, "split": "test", "description": "Ask ann@example.org",
        "text": {"template": "q"}, "target": {"place": 1}, "target_delimiter": " ", "fewshot_delimiter": "", "metrics": []
    }))
    .unwrap();
    let from = [UploadId::new(), data];
    let file =
        store::uploads::Rendered { file_name: "reviews.csv", sha256: &rendered, size_bytes: 10, task: &task, from };
    store::uploads::create_rendered(&place.db, *project, *user, file).await.unwrap();
    place
        .exec(format!(
            "insert into tracked_experiments (project_id, number, name) values ('{project}', 0, 'Default');
             insert into tracked_runs (id, experiment_id, name) select '{data}', id, 'by Ann@Example.org' from tracked_experiments;
             insert into tracked_params (run_id, key, value) values ('{data}', 'who', 'ann@example.org');
             insert into tracked_tags (run_id, key, value) values ('{data}', 'who', 'ann@example.org');
             insert into run_marks (run_id, project_id, tags, note)
                 values ('{run}', '{project}', '{{kept,ann@example.org}}', 'ask ann@example.org');
             insert into table_views (id, project_id, name, is_shared, state, created_by, updated_by)
                 values ('{data}', '{project}', 'of ann@example.org', true, '{{\"filter\": \"note ~ \\\"ann@example.org\\\"\"}}', '{user}', '{user}');"
        ))
        .await;
    store::table::refresh(&place.db, *project).await.unwrap();
    let found = store::forget::find(&place.db, *project, &[ANN.to_owned()]).await.unwrap();
    assert!(found.files.iter().any(|file| file.sha256 == raw), "{:?}", found.files);

    place.erase(1).await.unwrap();
    place.assert_gone().await;
    // The rows come back without it.
    store::table::refresh(&place.db, *project).await.unwrap();
    place.assert_gone().await;
    let rows: Vec<(Vec<String>, String)> = sqlx::query_as("select tags, note from table_rows where run_id = $1")
        .bind(run.0)
        .fetch_all(&place.db)
        .await
        .unwrap();
    assert_eq!(rows, [(vec!["kept".to_owned()], TOMBSTONE.to_owned())]);
}
