//! The run table on a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::{catalogue, groups, known_values, marks, page, points, views};
use crate::{
    Stale, StoreError,
    runs::tests::{Place, place},
    tracking::{
        log::{self, Batch},
        runs::{self, NewTrackedRun},
    },
};
use domain::{
    id::{ProjectId, RowId, TrackedRunId, UserId},
    table::{Asked, MarksEdit, NewView, Sort, TablePage, TableView},
    tracking::{MetricPoint, Pair},
};
use serde_json::json;
use sqlx::PgPool;

/// A project whose run table is looked at.
struct Desk(Place);

impl std::ops::Deref for Desk {
    type Target = Place;
    fn deref(&self) -> &Place {
        &self.0
    }
}

/// One with 40 runs.
async fn many(db: PgPool) -> Desk {
    let place = place(db).await;
    sqlx::query(include_str!("../../tests/many_runs.sql"))
        .bind(place.project.0)
        .bind(place.model.0)
        .bind(place.version.0)
        .bind(place.user.0)
        .bind(40)
        .execute(&place.db)
        .await
        .unwrap();
    Desk(place)
}

impl Desk {
    async fn asked(&self, view: TableView) -> Asked {
        Asked::of(view, &catalogue(&self.db, self.project).await.unwrap()).unwrap()
    }

    async fn page(&self, view: TableView, offset: u64) -> TablePage {
        page(&self.db, self.project, &self.asked(view).await, offset, 10).await.unwrap()
    }

    async fn count(&self, filter: &str) -> u64 {
        self.page(TableView { filter: filter.to_owned(), ..TableView::default() }, 0).await.total
    }

    /// The ids of the runs with these names.
    async fn ids(&self, names: &[&str]) -> Vec<RowId> {
        let ids: Vec<uuid::Uuid> = sqlx::query_scalar("select id from runs where name = any($1) order by number")
            .bind(names)
            .fetch_all(&self.db)
            .await
            .unwrap();
        ids.into_iter().map(RowId).collect()
    }

    async fn track(&self, name: &str) -> TrackedRunId {
        let new = NewTrackedRun {
            experiment: 0,
            name: name.to_owned(),
            user_name: "grace".to_owned(),
            started_ms: Some(1_767_225_600_000),
            tags: Vec::new(),
        };
        runs::create(&self.db, self.project, self.user, new).await.unwrap().id
    }

    async fn log(&self, run: TrackedRunId, metrics: &[(&str, f64)], params: &[(&str, &str)]) {
        let metric = |(key, value): &(&str, f64)| MetricPoint {
            key: (*key).to_owned(),
            value: *value,
            timestamp_ms: 1,
            step: 1,
        };
        let pair = |(key, value): &(&str, &str)| Pair { key: (*key).to_owned(), value: (*value).to_owned() };
        let batch = Batch {
            metrics: metrics.iter().map(metric).collect(),
            params: params.iter().map(pair).collect(),
            tags: Vec::new(),
        };
        log::batch(&self.db, self.project, run, &batch).await.unwrap();
    }
}

fn names(page: &TablePage) -> Vec<&str> {
    page.rows.iter().map(|row| row.name.as_str()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn filters_of_every_type_find_what_they_say(db: PgPool) {
    let place = many(db).await;
    for (filter, expected) in [
        ("", 40),
        ("status = failed", 4),
        ("status != failed", 36),
        ("failure is null", 36),
        ("failure = crashed or number = 7", 5),
        ("recipe.lora.rank in (8, 16)", 20),
        ("recipe.lora.rank not in (8, 16) and method = lora", 20),
        ("eval.accuracy >= 0.5", 20),
        ("not eval.accuracy >= 0.5", 20),
        ("gain.accuracy < 0", 10),
        ("name ~ \"RUN 1\"", 11),
        ("name !~ \"RUN 1\"", 29),
        ("model = Smol and dataset = Home and version = 1", 40),
        ("duration > 1m", 10),
        ("created >= 2026-01-02 and created < 2026-01-02T02:00", 2),
        ("experiment is not null", 0),
        // A condition on what is missing does not hold, and so its opposite does.
        ("experiment = a", 0),
        ("experiment != a", 40),
        ("recipe.seed = 3 and (number <= 10 or number > 35)", 3),
        ("name = \"'; drop table runs; --\"", 0),
    ] {
        assert_eq!(place.count(filter).await, expected, "{filter}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn rows_are_sorted_with_what_is_missing_last(db: PgPool) {
    let place = many(db).await;
    place.track("script").await;
    let by = |sort: &str| TableView { sort: Sort::of(sort), ..TableView::default() };
    let first = place.page(by("-eval.accuracy"), 0).await;
    assert_eq!((first.total, names(&first)[..2].to_vec()), (41, vec!["run 39", "run 19"]), "equals by age");
    assert_eq!(first.rows[0].values["eval.accuracy"], json!(0.95));
    for sort in ["eval.accuracy", "-eval.accuracy"] {
        let last = place.page(by(sort), 40).await;
        assert_eq!((last.total, names(&last)), (41, vec!["script"]), "{sort}");
    }
    assert_eq!(names(&place.page(by("name"), 0).await)[..3], ["run 1", "run 10", "run 11"]);
    let beyond = place.page(by("name"), 1000).await;
    assert_eq!((beyond.total, beyond.rows.len()), (41, 0));
    let ids = place.ids(&["run 1", "run 39"]).await;
    let view = TableView { pins: vec![ids[0]], hidden: vec![ids[1]], ..by("-eval.accuracy") };
    let shown = place.page(view, 0).await;
    assert_eq!((shown.total, shown.pinned[0].name.as_str(), names(&shown)[0]), (40, "run 1", "run 19"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn groups_sum_up_the_shown_numbers(db: PgPool) {
    let place = many(db).await;
    let view = TableView {
        group: vec!["recipe.lora.rank".to_owned(), "status".to_owned()],
        columns: vec!["eval.accuracy".to_owned(), "name".to_owned()],
        ..TableView::default()
    };
    let found = groups(&place.db, place.project, &place.asked(view).await).await.unwrap();
    assert_eq!(found.iter().map(|g| g.runs).sum::<u64>(), 40);
    // Rank 8 has the runs 1, 5, 9 … 37, none of which is a tenth one.
    let eight = found.iter().find(|g| g.keys == [Some("8".to_owned()), Some("succeeded".to_owned())]).unwrap();
    let stat = &eight.stats[0];
    assert_eq!((eight.runs, stat.runs, eight.stats.len()), (10, 10, 1));
    let values: Vec<f64> = (0..10).map(|i| f64::from((1 + 4 * i) % 20) / 20.0).collect();
    let mean = values.iter().sum::<f64>() / 10.0;
    let spread = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 9.0).sqrt();
    assert!((stat.mean.unwrap() - mean).abs() < 1e-12 && (stat.spread.unwrap() - spread).abs() < 1e-12);
    assert_eq!((stat.min, stat.max), (Some(0.05), Some(0.85)));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_script_logs_becomes_columns(db: PgPool) {
    let place = many(db).await;
    let run = place.track("script").await;
    place.log(run, &[("val/loss", 0.5), ("bad", f64::NAN)], &[("lr", "1e-3"), ("mode", "auto")]).await;
    assert_eq!(
        place.count("source = mlflow and `metrics.val/loss` < 1 and params.lr = 0.001 and params.mode = auto").await,
        1
    );
    assert_eq!(place.count("status = running and by = grace and duration is null").await, 1);
    let columns = catalogue(&place.db, place.project).await.unwrap();
    assert!(columns.get("metrics.bad").is_none(), "what is no number is none");
    // What comes later is there with the next look, and the other way round.
    place.log(run, &[("val/loss", 0.75)], &[("late", "8")]).await;
    assert_eq!(place.count("`metrics.val/loss` = 0.75 and params.late = 8").await, 1);
    // A column of texts and numbers finds numbers however they were written.
    let other = place.track("other").await;
    place.log(other, &[], &[("lr", "auto"), ("seed", "007")]).await;
    assert_eq!(place.count("params.lr = 1e-3").await, 1);
    assert_eq!(place.count("params.lr in (0.0010, auto)").await, 2);
    assert_eq!((place.count("params.seed = 007").await, place.count("params.seed = 7").await), (1, 0));
    runs::mark(&place.db, place.project, other, true).await.unwrap();
    let column = columns.get("params.mode").unwrap();
    assert_eq!(known_values(&place.db, place.project, column, "AU", 5).await.unwrap(), ["auto"]);
    runs::mark(&place.db, place.project, run, true).await.unwrap();
    assert_eq!((place.count("source = mlflow").await, place.count("").await), (0, 40));
    runs::mark(&place.db, place.project, run, false).await.unwrap();
    assert_eq!(place.count("source = mlflow").await, 1);
    // The project's own rows, and no other's.
    let other = crate::projects::create(&place.db, place.user, "Other", "").await.unwrap();
    assert!(catalogue(&place.db, other).await.unwrap().get("params.mode").is_none());
    let asked = Asked::of(TableView::default(), &catalogue(&place.db, other).await.unwrap()).unwrap();
    assert_eq!(page(&place.db, other, &asked, 0, 10).await.unwrap().total, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_changed_run_has_a_changed_row(db: PgPool) {
    let place = many(db).await;
    assert_eq!(place.count("status = cancelled").await, 0);
    sqlx::query("update runs set status = 'cancelled' where number <= 3").execute(&place.db).await.unwrap();
    sqlx::query("update datasets set name = 'Garden'").execute(&place.db).await.unwrap();
    sqlx::query("update evals set metrics = jsonb_set(metrics, '{values,accuracy}', '1') where subject = 'tuned'")
        .execute(&place.db)
        .await
        .unwrap();
    assert_eq!(place.count("status = cancelled and dataset = Garden and eval.accuracy = 1").await, 3);
    // Also while somebody holds its mark and goes on writing; the mark stays.
    let run = place.track("script").await;
    place.log(run, &[("loss", 0.5)], &[]).await;
    assert_eq!(place.count("metrics.loss = 0.5").await, 1);
    place.log(run, &[("loss", 0.75)], &[]).await;
    let mut writer = place.db.begin().await.unwrap();
    sqlx::query("select mark_table_due($1, $2)").bind(run.0).bind(place.project.0).execute(&mut *writer).await.unwrap();
    sqlx::query("update table_rows set refreshed_at = now() - interval '3 seconds'").execute(&place.db).await.unwrap();
    assert_eq!(place.count("metrics.loss = 0.75").await, 1);
    writer.commit().await.unwrap();
    let due =
        async || -> i64 { sqlx::query_scalar("select count(*) from table_due").fetch_one(&place.db).await.unwrap() };
    assert_eq!((due().await, place.count("source = mlflow").await, due().await), (1, 1, 0));
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_run_at_work_shows_the_losses_that_count(db: PgPool) {
    let place = many(db).await;
    assert_eq!(place.count("").await, 40);
    // It is looked at again without any mark.
    sqlx::query("update runs set status = 'running', ended_at = null where number = 9")
        .execute(&place.db)
        .await
        .unwrap();
    assert_eq!(place.count("status = running").await, 1);
    let run = place.ids(&["run 9"]).await[0];
    // The second attempt takes the second step again.
    sqlx::query("with s as (insert into series (run_id, attempt, key) values ($1, 1, 'train_loss'), ($1, 2, 'train_loss') returning id, attempt) \
         insert into points (series_id, step, value, elapsed_ms) select s.id, x.step, x.value, 1 from s \
         join (values (1, 1, 2.0), (1, 2, 0.25), (2, 2, 0.5), (2, 3, 0.75)) as x(attempt, step, value) on x.attempt = s.attempt")
        .bind(run.0)
        .execute(&place.db)
        .await
        .unwrap();
    sqlx::query("update table_rows set refreshed_at = now() - interval '31 seconds'").execute(&place.db).await.unwrap();
    assert_eq!(place.count("loss.train.last = 0.75 and loss.train.min = 0.5").await, 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn marks_are_written_on_the_projects_runs_alone(db: PgPool) {
    let place = many(db).await;
    let ids = place.ids(&["run 1", "run 2", "run 3"]).await;
    let edit = |ids: &[RowId]| MarksEdit { ids: ids.to_vec(), ..MarksEdit::default() };
    let write =
        async |edit: MarksEdit| marks::apply(&place.db, place.project, &edit.checked().unwrap(), place.user).await;
    let tagged = MarksEdit { add_tags: vec![" baseline ".to_owned(), "zh run".to_owned()], ..edit(&ids) };
    assert_eq!(write(tagged.clone()).await.unwrap(), 3);
    assert_eq!(write(tagged).await.unwrap(), 3, "once more changes nothing");
    assert_eq!((place.count("tag:baseline").await, place.count("tag:\"zh run\" and number < 3").await), (3, 2));
    write(MarksEdit { remove_tags: vec!["baseline".to_owned()], ..edit(&ids[..1]) }).await.unwrap();
    write(MarksEdit { note: Some("seems odd".to_owned()), ..edit(&ids[..2]) }).await.unwrap();
    assert_eq!((place.count("tag:baseline").await, place.count("note ~ ODD").await), (2, 2));
    write(MarksEdit { archive: Some(true), ..edit(&ids[..2]) }).await.unwrap();
    assert_eq!((place.count("").await, place.count("archived").await, place.count("tag:baseline").await), (38, 2, 1));
    let all = TableView { archived: true, ..TableView::default() };
    assert_eq!(place.page(all, 0).await.total, 40);
    write(MarksEdit { archive: Some(false), ..edit(&ids[..2]) }).await.unwrap();
    let row = &place.page(TableView { filter: "number = 2".to_owned(), ..TableView::default() }, 0).await.rows[0];
    assert_eq!(
        (row.tags.clone(), row.note.as_str(), row.is_archived),
        (vec!["baseline".to_owned(), "zh run".to_owned()], "seems odd", false)
    );
    let verbs: Vec<String> = sqlx::query_scalar("select verb from activity where verb like 'runs.%' order by id")
        .fetch_all(&place.db)
        .await
        .unwrap();
    assert_eq!(verbs, ["runs.tagged", "runs.tagged", "runs.tagged", "runs.noted", "runs.archived", "runs.restored"]);
    let other = crate::projects::create(&place.db, place.user, "Other", "").await.unwrap();
    let foreign = MarksEdit { archive: Some(true), ..edit(&ids) };
    let refused = marks::apply(&place.db, other, &foreign, place.user).await;
    assert!(matches!(refused, Err(StoreError::Stale(Stale::NotOfProject))), "{refused:?}");
}

async fn person(db: &PgPool, project: ProjectId, name: &str) -> UserId {
    let id = UserId::new();
    sqlx::query("insert into users (id, email, name, password_hash) values ($1, $2 || '@example.org', $2, '')")
        .bind(id.0)
        .bind(name)
        .execute(db)
        .await
        .unwrap();
    sqlx::query("insert into members (project_id, user_id, role) values ($1, $2, 'scientist')")
        .bind(project.0)
        .bind(id.0)
        .execute(db)
        .await
        .unwrap();
    id
}

#[sqlx::test(migrations = "../../migrations")]
async fn views_are_kept_listed_and_overwritten_on_purpose(db: PgPool) {
    let place = place(db).await;
    let (ada, grace) = (place.user, person(&place.db, place.project, "grace").await);
    let save = async |new: &NewView, by| views::save(&place.db, place.project, new, by, by == ada).await;
    let list = async |reader| views::list(&place.db, place.project, reader).await.unwrap();
    let state = TableView { filter: "status = failed".to_owned(), sort: Sort::of("-name"), ..TableView::default() };
    let mine = NewView { name: "Failed".to_owned(), is_shared: false, state: state.clone(), overwrites: None };
    let id = save(&mine, grace).await.unwrap();
    assert!(matches!(save(&mine, grace).await, Err(StoreError::Taken(_))));
    // A personal view is listed for its owner alone; its link works for everybody.
    assert_eq!((list(grace).await.len(), list(ada).await.len()), (1, 0));
    let opened = views::get(&place.db, place.project, id, ada).await.unwrap().unwrap();
    assert_eq!((opened.state, opened.is_own, opened.created_by.as_str()), (state, false, "grace"));
    let changed = NewView { state: TableView::default(), overwrites: Some(0), ..mine.clone() };
    assert_eq!(save(&changed, grace).await.unwrap(), id);
    assert!(matches!(save(&changed, grace).await, Err(StoreError::Stale(Stale::EditedMeanwhile))), "another revision");
    let shared = NewView { is_shared: true, ..mine };
    let common = save(&shared, grace).await.unwrap();
    assert_eq!(list(ada).await.iter().map(|v| (v.id, v.is_own)).collect::<Vec<_>>(), [(common, false)]);
    assert!(views::delete(&place.db, place.project, id, grace, false).await.unwrap());
    assert!(!views::delete(&place.db, place.project, id, grace, false).await.unwrap());
    let stranger = person(&place.db, place.project, "alan").await;
    assert!(!views::delete(&place.db, place.project, common, stranger, false).await.unwrap(), "not theirs");
    assert!(views::delete(&place.db, place.project, common, ada, true).await.unwrap(), "an owner may");
}

#[sqlx::test(migrations = "../../migrations")]
async fn plots_get_the_columns_that_they_ask_for(db: PgPool) {
    let place = many(db).await;
    let asked = place.asked(TableView { filter: "number <= 8".to_owned(), ..TableView::default() }).await;
    let columns = catalogue(&place.db, place.project).await.unwrap();
    let columns = ["recipe.lora.rank", "eval.accuracy", "tags"].map(|name| columns.get(name).unwrap().clone());
    let found = points(&place.db, place.project, &asked, &columns, 5).await.unwrap();
    assert_eq!(found.iter().map(|p| p.number.unwrap()).collect::<Vec<_>>(), [8, 7, 6, 5, 4], "the newest");
    assert_eq!(found[0].values, [Some(json!(4)), Some(json!(0.4)), None]);
}
