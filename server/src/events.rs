//! Doorbells: who waits for news of a run or job is woken when the database announces a change.
//!
//! A doorbell carries no data. Listeners read what is new from the database, so a lost or doubled
//! ring does no harm.

use domain::id::{JobId, RunId};
use sqlx::{PgPool, postgres::PgListener};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// What may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doorbell {
    Run(RunId),
    Job(JobId),
    /// The connection was lost for a moment: anything may have changed.
    Anything,
}

impl Doorbell {
    /// Whether somebody who waits for this run should look.
    #[must_use]
    pub fn concerns_run(self, run: RunId) -> bool {
        self == Self::Anything || self == Self::Run(run)
    }

    /// Whether somebody who waits for this job should look.
    #[must_use]
    pub fn concerns_job(self, job: JobId) -> bool {
        self == Self::Anything || self == Self::Job(job)
    }

    fn parse(channel: &str, payload: &str) -> Option<Self> {
        match channel {
            store::queue::CHANNEL => payload.parse().ok().map(Self::Run),
            store::jobs::CHANNEL => payload.parse().ok().map(Self::Job),
            _ => None,
        }
    }
}

/// Hands out subscriptions to the one database listener of this process.
#[derive(Clone, Debug)]
pub struct Doorbells {
    sender: broadcast::Sender<Doorbell>,
}

impl Doorbells {
    /// Starts the listener.
    #[must_use]
    pub fn listen(db: PgPool, shutdown: CancellationToken) -> Self {
        let (sender, _) = broadcast::channel(1024);
        let doorbells = Self { sender };
        let ringing = doorbells.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = ringing.keep_listening(&db) => {}
            }
        });
        doorbells
    }

    /// Every ring from now on. A receiver that lags gets an error and should look as for
    /// [`Doorbell::Anything`].
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Doorbell> {
        self.sender.subscribe()
    }

    /// Waits for the next ring that `concerns` the caller. Rings that were missed count as
    /// concerning; after `patience` it returns as well, as a safety net.
    pub async fn next(
        receiver: &mut broadcast::Receiver<Doorbell>,
        patience: Duration,
        concerns: impl Fn(Doorbell) -> bool,
    ) {
        let ring = async {
            loop {
                match receiver.recv().await {
                    Ok(ring) if !concerns(ring) => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    // The listener is gone; only the patience is left.
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(patience, ring).await;
    }

    async fn keep_listening(&self, db: &PgPool) {
        loop {
            if let Err(error) = self.listen_once(db).await {
                tracing::warn!(%error, "lost the database's notifications; listening again");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn listen_once(&self, db: &PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(db).await?;
        listener.listen_all([store::queue::CHANNEL, store::jobs::CHANNEL]).await?;
        self.ring(Doorbell::Anything);
        loop {
            match listener.try_recv().await? {
                Some(notice) => {
                    if let Some(ring) = Doorbell::parse(notice.channel(), notice.payload()) {
                        self.ring(ring);
                    }
                }
                None => self.ring(Doorbell::Anything),
            }
        }
    }

    fn ring(&self, doorbell: Doorbell) {
        // Nobody listening is fine.
        let _ = self.sender.send(doorbell);
    }
}
