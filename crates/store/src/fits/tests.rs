//! The watch's books on a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::{
    evals::tests::place,
    points::{NewPoint, insert},
};

fn point(key: &str, step: u32, value: f64) -> NewPoint {
    NewPoint { key: key.to_owned(), step, value, elapsed_ms: 1 }
}

fn verdict(fit: Fit) -> Verdict {
    Verdict { fit, figures: None, advice: Vec::new() }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_validation_stands_beside_the_training_since_the_one_before(db: PgPool) {
    let p = place(db).await;
    let mut connection = p.db.acquire().await.unwrap();
    let train = |steps: std::ops::RangeInclusive<u32>, add: f64| {
        steps.map(|step| point(TRAIN_LOSS, step, f64::from(step) + add)).collect::<Vec<_>>()
    };
    let valid = |step| point(VALIDATION_LOSS, step, 100.0 + f64::from(step));
    let first = [train(1..=6, 0.0), vec![valid(0), valid(2), valid(4), valid(6)]].concat();
    insert(&mut connection, p.run, 1, &first).await.unwrap();
    // The second attempt begins again after step 4.
    insert(&mut connection, p.run, 2, &[train(5..=6, 10.0), vec![valid(6)]].concat()).await.unwrap();
    let looks = watched(&mut connection, p.run).await.unwrap().looks;
    let found: Vec<_> = looks.iter().map(|l| (l.step, l.validation, l.training)).collect();
    assert_eq!(found, [(0, 100.0, None), (2, 102.0, Some(1.5)), (4, 104.0, Some(3.5)), (6, 106.0, Some(15.5))]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_changes_are_kept_and_a_step_taken_again_replaces_them(db: PgPool) {
    let p = place(db).await;
    let mut connection = p.db.acquire().await.unwrap();
    let said = [Fit::TooEarly, Fit::Fine, Fit::Fine, Fit::Watch, Fit::Overfitting, Fit::Overfitting];
    for (i, fit) in (0_u32..).zip(said) {
        record(&mut connection, p.run, i * 10, &verdict(fit)).await.unwrap();
    }
    let steps = |history: Option<FitHistory>| {
        let changes = history.unwrap().changes;
        changes.iter().map(|c| (c.step, c.verdict.fit)).collect::<Vec<_>>()
    };
    let all = steps(history(&p.db, p.project, p.run).await.unwrap());
    assert_eq!(all, [(10, Fit::Fine), (30, Fit::Watch), (40, Fit::Overfitting)]);
    let kept: String =
        sqlx::query_scalar("select fit from run_fits where run_id = $1").bind(p.run.0).fetch_one(&p.db).await.unwrap();
    assert_eq!(kept, Fit::Overfitting.as_str());
    // The run goes back to step 20 and learns better.
    record(&mut connection, p.run, 30, &verdict(Fit::Fine)).await.unwrap();
    assert_eq!(steps(history(&p.db, p.project, p.run).await.unwrap()), [(10, Fit::Fine)]);
    assert_eq!(history(&p.db, ProjectId::new(), p.run).await.unwrap(), None);
}
