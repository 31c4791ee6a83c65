//! The scheduler of sweeps: hears that a run has ended, or has passed its preflight, and has the store decide what is next. Every
//! server runs one. It keeps nothing: a look at all running sweeps, at the start and every so often,
//! makes up for rings that were lost and servers that died between two runs.

use crate::{events::Doorbell, state::AppState};
use domain::id::SweepId;
use std::time::{Duration, Instant};
use store::PgPool;
use tokio::sync::broadcast;
use tokio_util::task::TaskTracker;

/// Longest time between two looks at all running sweeps.
const LOOK: Duration = Duration::from_secs(30);

/// Starts the scheduler; it ends when the server stops.
pub fn start(state: &AppState, tracker: &TaskTracker) {
    let (db, shutdown, rings) = (state.db.clone(), state.shutdown.clone(), state.doorbells.subscribe());
    tracker.spawn(async move { shutdown.run_until_cancelled(keep_going(&db, rings)).await });
}

async fn keep_going(db: &PgPool, mut rings: broadcast::Receiver<Doorbell>) {
    let mut looked: Option<Instant> = None;
    loop {
        let is_due = looked.is_none_or(|at| at.elapsed() >= LOOK);
        let heard = if is_due { Doorbell::Anything } else { listen(&mut rings).await };
        let found = match heard {
            Doorbell::Run(run) => store::sweeps::waiting_for(db, run).await.map(|s| s.into_iter().collect()),
            Doorbell::Job(_) => Ok(Vec::new()),
            Doorbell::Anything => {
                looked = Some(Instant::now());
                store::sweeps::running(db).await
            }
        };
        match found {
            Ok(sweeps) => advance(db, sweeps).await,
            Err(error) => tracing::error!(%error, "failed to look for sweeps; trying again"),
        }
    }
}

/// The next ring; [`Doorbell::Anything`] when some were missed, or none came for long.
async fn listen(rings: &mut broadcast::Receiver<Doorbell>) -> Doorbell {
    match tokio::time::timeout(LOOK, rings.recv()).await {
        Ok(Ok(ring)) => ring,
        Ok(Err(broadcast::error::RecvError::Closed)) => {
            tokio::time::sleep(LOOK).await;
            Doorbell::Anything
        }
        Ok(Err(broadcast::error::RecvError::Lagged(_))) | Err(_) => Doorbell::Anything,
    }
}

/// One that fails does not hold up the others: the next look tries again.
async fn advance(db: &PgPool, sweeps: Vec<SweepId>) {
    for sweep in sweeps {
        match store::sweeps::advance(db, sweep).await {
            Ok(launched) if launched.is_empty() => {}
            Ok(launched) => tracing::info!(%sweep, launched = launched.len(), "a sweep goes on"),
            Err(error) => tracing::error!(%sweep, %error, "failed to go on with a sweep; trying again"),
        }
    }
}
