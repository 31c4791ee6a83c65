//! Curves over each other, the overfit watch and answers over time, over HTTP.

use crate::run;
use crate::support::{Credential, TestApp};
use axum::{body::Body, http::StatusCode};
use domain::{
    access::TokenScope,
    event::series::{TRAIN_LOSS, VALIDATION_LOSS},
    id::{ProjectId, RunId, UserId},
    overfit::{Circumstances, Fit, judge},
    recipe::Recipe,
    run::Preview,
};
use serde_json::Value;
use store::{PgPool, points::NewPoint};

const POINTS: u32 = 20_000;
const SPIKE: u32 = 12_345;

struct Reader {
    app: TestApp,
    user: UserId,
    project: ProjectId,
    run: RunId,
    credential: Credential,
}

impl Reader {
    /// Somebody with a run whose training loss has a spike.
    async fn new(db: PgPool) -> Self {
        let app = TestApp::new(db);
        let (user, project, run) = run::with_run(&app).await;
        let credential = Credential::Script(app.token(user, TokenScope::Read, None).await);
        let value = |step| if step == SPIKE { 99.0 } else { f64::from(step % 10) };
        let point = |step| NewPoint { key: TRAIN_LOSS.to_owned(), step, value: value(step), elapsed_ms: step.into() };
        let mut connection = app.db.acquire().await.unwrap();
        for part in (0..POINTS).map(point).collect::<Vec<_>>().chunks(5000) {
            store::points::insert(&mut connection, run, 1, part).await.unwrap();
        }
        drop(connection);
        Self { app, user, project, run, credential }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let path = format!("/api/v1/projects/{}/{path}", self.project);
        let answer = self.app.send(self.credential.request("GET", &path).body(Body::empty()).unwrap()).await;
        (answer.status(), String::from_utf8(answer.body().to_vec()).unwrap())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// A page as its people see it.
    async fn page(&self, path: &str) -> String {
        let credential = Credential::Browser(self.app.session(self.user).await);
        let path = format!("/p/{}/{path}", self.project);
        let answer = self.app.send(credential.request("GET", &path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        String::from_utf8(answer.body().to_vec()).unwrap()
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn extremes_survive_and_the_figures_are_said(db: PgPool) {
    let reader = Reader::new(db).await;
    let run = reader.run;
    let whole = reader.json(&format!("overlay?runs={run}&metric=loss&width=100&smooth=0.9")).await;
    assert_eq!((&whole["points"], &whole["columns"]), (&POINTS.into(), &100.into()), "{whole}");
    let line = whole["runs"][0]["line"].as_array().unwrap();
    assert!(line.len() <= 400 && line.iter().any(|p| p[1] == 99.0), "{} points", line.len());
    assert_eq!(whole["runs"][0]["smooth"].as_array().unwrap().len(), 100);
    let part = reader.json(&format!("overlay?runs={run}&from=12340&to=12350")).await;
    assert_eq!(part["points"], 11);
    assert!(part["runs"][0]["line"].as_array().unwrap().iter().any(|p| p[0] == f64::from(SPIKE) && p[1] == 99.0));
    let (status, csv) = reader.get(&format!("overlay?runs={run}&width=10&format=csv")).await;
    assert_eq!((status, csv.lines().count()), (StatusCode::OK, 11), "{csv}");
    let nobody = RunId::new();
    assert_eq!(reader.json(&format!("overlay?runs={nobody}")).await["runs"].as_array().unwrap().len(), 0);
    for wrong in ["overlay?runs=x", "overlay?runs=", "overlay?runs={r}&smooth=1", "overlay?runs={r}&from=NaN"] {
        let (status, text) = reader.get(&wrong.replace("{r}", &run.to_string())).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {text}");
    }
    let page = reader.page(&format!("overlay?runs={run}&metric=loss&smooth=0.5&log=1")).await;
    assert!(page.contains("<svg") && page.contains("20,000 values in 600 columns"), "{page}");
    assert!(reader.page("overlay").await.contains("Choose runs"));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_the_losses_say_is_kept_and_shown(db: PgPool) {
    let reader = Reader::new(db).await;
    let (run, fit) = (reader.run, format!("runs/{}/fit", reader.run));
    assert_eq!(reader.get(&fit).await.0, StatusCode::NOT_FOUND);
    // Falls until step 1000, then rises.
    let loss = |i: u32| f64::from(i.abs_diff(10)) * 0.1 + 1.0;
    let validations: Vec<_> = (0..20)
        .map(|i| NewPoint { key: VALIDATION_LOSS.to_owned(), step: i * 100, value: loss(i), elapsed_ms: 1 })
        .collect();
    let mut connection = reader.app.db.acquire().await.unwrap();
    // Training goes on falling.
    sqlx::query("update points set value = 3.0 / (1 + step)").execute(&mut *connection).await.unwrap();
    store::points::insert(&mut connection, run, 1, &validations).await.unwrap();
    let watched = store::fits::watched(&mut connection, run).await.unwrap();
    let recipe = Recipe::default();
    for until in 1..=watched.looks.len() {
        let about = Circumstances { recipe: &recipe, total_steps: 1900, train_samples: watched.train_samples };
        let looks = &watched.looks[..until];
        store::fits::record(&mut connection, run, looks[until - 1].step, &judge(looks, about)).await.unwrap();
    }
    drop(connection);
    let found = reader.json(&fit).await;
    assert_eq!(
        (&found["verdict"]["fit"], &found["verdict"]["figures"]["best_step"]),
        (&"overfitting".into(), &1000.into())
    );
    let changes: Vec<_> = found["changes"].as_array().unwrap().iter().map(|c| c["verdict"]["fit"].clone()).collect();
    assert_eq!(changes, ["fine", "watch", "overfitting"]);
    assert_eq!(reader.json(&format!("runs/{run}")).await["state"]["fit"], Fit::Overfitting.as_str());
    let page = reader.page(&format!("runs/{run}")).await;
    assert!(page.contains("Overfitting") && page.contains("Use the checkpoint of step 1000"), "{page}");
    assert!(reader.page(&fit).await.contains("How it is judged"));
    assert!(reader.page("runs").await.contains(&format!("/runs/{run}/fit")), "a mark in the list");
}

#[sqlx::test(migrations = "../migrations")]
async fn answers_stand_side_by_side(db: PgPool) {
    let reader = Reader::new(db).await;
    let preview = |step, output: &str| Preview {
        step,
        index: 0,
        prompt: "How was it?".to_owned(),
        expected: "very good".to_owned(),
        output: output.to_owned(),
    };
    let all: Vec<_> = (1..=6).map(|i| preview(i * 10, if i < 6 { "good" } else { "very good" })).collect();
    store::points::insert_previews(&mut reader.app.db.acquire().await.unwrap(), reader.run, &all).await.unwrap();
    let page = reader.page(&format!("runs/{}/answers", reader.run)).await;
    assert!(page.contains("Step 60") && !page.contains("Step 20<"), "the last four: {page}");
    assert!(page.contains("<ins>very </ins>") && page.contains("as expected"), "{page}");
    let earlier = reader.page(&format!("runs/{}/answers?step=20", reader.run)).await;
    assert!(earlier.contains("Validations 1 to 2 of 6") && !earlier.contains("as expected"), "{earlier}");
}
