//! Turning a piece of events into rows, in one transaction with how far the file is read.

use super::{events::Piece, folder::RunFolder};
use domain::{
    eval::{EvalMetrics, Prediction, Subject},
    event::{Event, Level, Phase, series::VALIDATION_LOSS},
    overfit::{Circumstances, judge},
    run::{PhaseProgress, Preview},
    sample::Split,
};
use sqlx::PgConnection;
use std::{collections::BTreeSet, io, path::Path};
use store::{
    PgPool, StoreError,
    evals::NewEval,
    points::NewPoint,
    queue::{Advance, ClaimedRun},
};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Why a piece could not be stored. It is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum IngestError {
    #[error("failed to store a run's events: {0}")]
    Store(#[from] StoreError),
    #[error("failed to reach the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("failed to read a run's predictions: {0}")]
    Predictions(#[from] io::Error),
}

/// An ended evaluation.
struct Evaluated {
    subject: Subject,
    metrics: EvalMetrics,
    file: String,
}

/// A piece, sorted by where it goes.
#[derive(Default)]
struct Rows {
    news: Advance,
    /// The earliest step that the run went back to in this piece.
    rewound: Option<u32>,
    points: Vec<NewPoint>,
    logs: Vec<(Level, String)>,
    previews: Vec<Preview>,
    evaluations: Vec<Evaluated>,
}

/// Stores a piece; false when the lease is lost, and then nothing is stored.
pub(super) async fn store(
    db: &PgPool,
    run: &ClaimedRun,
    folder: &RunFolder,
    piece: Piece,
) -> Result<bool, IngestError> {
    let span = (piece.from, piece.to);
    let rows = sort(piece);
    let mut tx = db.begin().await?;
    if !store::queue::advance(&mut tx, run.lease, span, &rows.news).await? {
        return Ok(false);
    }
    let (id, attempt) = (run.lease.run, run.lease.attempt);
    if let Some(step) = rows.rewound {
        store::points::forget_after(&mut tx, id, attempt, step).await?;
    }
    if !rows.points.is_empty() {
        store::points::insert(&mut tx, id, attempt, &rows.points).await?;
    }
    if !rows.logs.is_empty() {
        store::points::insert_logs(&mut tx, id, attempt, &rows.logs).await?;
    }
    store::points::insert_previews(&mut tx, id, &rows.previews).await?;
    watch(&mut tx, run, &rows.points).await?;
    for evaluated in &rows.evaluations {
        record(&mut tx, run, folder, evaluated).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// What the losses say after each validation that has come.
async fn watch(tx: &mut PgConnection, run: &ClaimedRun, points: &[NewPoint]) -> Result<(), StoreError> {
    let validations: BTreeSet<u32> = points.iter().filter(|p| p.key == VALIDATION_LOSS).map(|p| p.step).collect();
    if validations.is_empty() {
        return Ok(());
    }
    let id = run.lease.run;
    let watched = store::fits::watched(tx, id).await?;
    let circumstances =
        Circumstances { recipe: &run.recipe, total_steps: watched.total_steps, train_samples: watched.train_samples };
    for step in validations {
        let until = watched.looks.partition_point(|look| look.step <= step);
        store::fits::record(tx, id, step, &judge(&watched.looks[..until], circumstances)).await?;
    }
    Ok(())
}

fn sort(piece: Piece) -> Rows {
    let mut rows = Rows::default();
    if piece.unreadable > 0 {
        let text = format!("{} line(s) of the trainer's events could not be read", piece.unreadable);
        rows.logs.push((Level::Warn, text));
    }
    for event in piece.events {
        place(&mut rows, event);
    }
    rows
}

fn place(rows: &mut Rows, event: Event) {
    match event {
        Event::Started { total_steps, resumed_from_step, train_samples, validation_samples, .. } => {
            rows.news.total_steps = Some(total_steps);
            rows.news.step = Some(resumed_from_step);
            let text =
                format!("{train_samples} training and {validation_samples} validation samples, {total_steps} steps");
            rows.logs.push((Level::Info, text));
        }
        Event::Phase { phase, done, total, .. } => {
            rows.news.evaluating |= phase == Phase::EvaluatingTuned;
            rows.news.phase = Some(PhaseProgress { phase, done, total });
        }
        Event::Point { key, step, value, elapsed_ms } => {
            rows.news.step = rows.news.step.max(Some(step));
            rows.points.push(NewPoint { key, step, value, elapsed_ms });
        }
        Event::Log { level, message, .. } => rows.logs.push((level, message)),
        Event::Preview { step, index, prompt, expected, output } => {
            rows.previews.push(Preview { step, index, prompt, expected, output });
        }
        Event::Checkpoint { step, .. } => {
            rows.logs.push((Level::Info, format!("checkpoint at step {step}")));
        }
        Event::Rewound { step } => {
            rows.points.retain(|p| p.step <= step);
            rows.rewound = Some(rows.rewound.map_or(step, |earlier| earlier.min(step)));
            rows.news.step = Some(step);
        }
        Event::Skipped { step, loss_scale, skipped } => {
            let text = format!(
                "step {step} was skipped: its gradients overflowed f16; loss scale {loss_scale}, {skipped} step(s) skipped so far"
            );
            rows.logs.push((Level::Warn, text));
        }
        Event::Evaluated { subject, metrics, file } => rows.evaluations.push(Evaluated { subject, metrics, file }),
        // These end a run; they never lie within a piece.
        Event::Finished { .. } | Event::Failed { .. } => {}
    }
}

async fn record(
    tx: &mut PgConnection,
    run: &ClaimedRun,
    folder: &RunFolder,
    evaluated: &Evaluated,
) -> Result<(), IngestError> {
    let predictions = read_predictions(&folder.out().join(&evaluated.file)).await?;
    let new = NewEval {
        project: run.project_id,
        run: run.lease.run,
        subject: evaluated.subject,
        version: run.version_id,
        split: Split::Test,
        metrics: &evaluated.metrics,
    };
    store::evals::record(tx, new, &folder.test_ids().await?, &predictions).await?;
    Ok(())
}

async fn read_predictions(path: &Path) -> io::Result<Vec<Prediction>> {
    let mut lines = BufReader::new(tokio::fs::File::open(path).await?).lines();
    let mut predictions = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let mut prediction: Prediction = serde_json::from_str(&line)?;
        // Postgres text holds no NUL, and a model may write anything.
        prediction.output = prediction.output.replace('\0', "\u{fffd}");
        predictions.push(prediction);
    }
    Ok(predictions)
}
