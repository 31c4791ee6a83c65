//! Points against a real Postgres.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::evals::tests::place;

fn at(key: &str, step: u32, value: f64) -> NewPoint {
    NewPoint { key: key.to_owned(), step, value, elapsed_ms: u64::from(step) * 10 }
}

async fn write(db: &PgPool, run: RunId, attempt: i32, points: &[NewPoint]) {
    let mut connection = db.acquire().await.unwrap();
    insert(&mut connection, run, attempt, points).await.unwrap();
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_new_comes_in_order_and_once(db: PgPool) {
    let run = place(db.clone()).await.run;
    write(&db, run, 1, &[at("train_loss", 1, 2.0), at("epoch", 1, 0.1), at("train_loss", 2, 1.5)]).await;
    let first = since(&db, run, 0, 100).await.unwrap();
    assert_eq!(first.len(), 3);
    assert!(first.is_sorted_by_key(|p| p.seq));
    let seen = last_seq(&db, run).await.unwrap();
    assert_eq!(seen, first[2].seq);
    assert!(since(&db, run, seen, 100).await.unwrap().is_empty());
    // A repeated step is replaced and seen again; a double within one write is no error.
    write(&db, run, 1, &[at("train_loss", 2, 9.0), at("train_loss", 2, 1.4)]).await;
    let news = since(&db, run, seen, 100).await.unwrap();
    assert_eq!(news.iter().map(|p| (p.step, p.value)).collect::<Vec<_>>(), [(2, 1.4)]);
    assert_eq!(downsampled(&db, run, "train_loss", 100).await.unwrap().len(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn thinning_keeps_spikes_and_ends(db: PgPool) {
    let run = place(db.clone()).await.run;
    let spike = |step| if step == 7_777 { 100.0 } else { f64::from(step % 10) };
    let points: Vec<_> = (1..=20_000).map(|step| at("train_loss", step, spike(step))).collect();
    write(&db, run, 1, &points).await;
    let thin = downsampled(&db, run, "train_loss", 100).await.unwrap();
    assert!(thin.len() <= 202, "{}", thin.len());
    assert!(thin.iter().any(|p| p.step == 7_777 && (p.value - 100.0).abs() < f64::EPSILON));
    assert_eq!((thin[0].step, thin[thin.len() - 1].step), (1, 20_000));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_new_is_thinned_by_series_and_keeps_its_newest_points(db: PgPool) {
    let run = place(db.clone()).await.run;
    let spike = |step| if step == 7_777 { 100.0 } else { f64::from(step % 10) };
    let both = |steps: std::ops::RangeInclusive<u32>| -> Vec<_> {
        steps.flat_map(|step| [at("train_loss", step, spike(step)), at("gradient_norm", step, 1.0)]).collect()
    };
    write(&db, run, 1, &both(1..=5_000)).await;
    let seen = last_seq(&db, run).await.unwrap();
    write(&db, run, 1, &both(5_001..=10_000)).await;
    let last = last_seq(&db, run).await.unwrap();
    write(&db, run, 1, &both(10_001..=10_010)).await;
    let thin = thinned_between(&db, run, seen, last, 50).await.unwrap();
    assert!(thin.len() <= 2 * 102, "{}", thin.len());
    assert!(thin.iter().any(|p| p.step == 7_777 && (p.value - 100.0).abs() < f64::EPSILON));
    for key in ["train_loss", "gradient_norm"] {
        let steps: Vec<_> = thin.iter().filter(|p| p.key == key).map(|p| p.step).collect();
        assert_eq!((steps.first(), steps.last()), (Some(&5_001), Some(&10_000)), "{key}");
        assert!(steps.is_sorted());
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn logs_and_previews_are_stored(db: PgPool) {
    let run = place(db.clone()).await.run;
    let mut connection = db.acquire().await.unwrap();
    insert_logs(&mut connection, run, 1, &[(Level::Warn, "a\0b".to_owned()), (Level::Info, "c".to_owned())])
        .await
        .unwrap();
    let preview = Preview { step: 3, index: 0, prompt: "p".into(), expected: "e".into(), output: "o".into() };
    insert_previews(&mut connection, run, std::slice::from_ref(&preview)).await.unwrap();
    insert_previews(&mut connection, run, &[Preview { output: "better".into(), ..preview }]).await.unwrap();
    let lines = crate::runs::logs_since(&db, run, 0, 10).await.unwrap();
    assert_eq!(lines.iter().map(|l| l.message.as_str()).collect::<Vec<_>>(), ["a\u{fffd}b", "c"]);
    assert_eq!(crate::runs::previews(&db, run, -1).await.unwrap()[0].output, "better");
}
