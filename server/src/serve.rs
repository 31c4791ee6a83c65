//! The server's life: database, pages, background work, and an orderly end.

use crate::{
    artifacts::Artifacts,
    assets::Site,
    config::{Config, Database, Slot},
    data_folder,
    events::Doorbells,
    jobs, partial, postgres,
    router::router,
    shutdown,
    state::AppState,
    sweeps, worker,
};
use anyhow::Context;
use axum::serve::ListenerExt;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use store::{PgPool, StoreError};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long requests in progress may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the web application until asked to stop.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let lock = data_folder::take(&config.data)?;
    // The port first: if it is taken, nothing needs to be undone.
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("failed to listen on {}: is another program using this port?", config.listen))?;
    let shutdown = shutdown::on_signal();
    let database = postgres::open_as_owner(&config, lock).await?;
    let result = serve_on(config, database.pool.clone(), listener, shutdown.clone()).await;
    shutdown.cancel();
    database.close().await;
    result
}

async fn serve_on(
    config: Config,
    db: PgPool,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    store::migrate(&db).await.context("failed to bring the database's schema up to date")?;
    let state = new_state(config, db, shutdown.clone())?;
    let background = start_background(&state);
    announce(&state).await?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "failed to set TCP_NODELAY");
        }
    });
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        ended = serving => ended.context("failed to serve")?,
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => {}
    }
    background.wait().await;
    Ok(())
}

/// Trains queued runs without serving pages.
pub async fn work(mut config: Config, devices: Vec<Slot>) -> anyhow::Result<()> {
    if config.database == Database::Embedded {
        anyhow::bail!(
            "failed to start: `server work` needs DATABASE_URL, the database of the server whose runs it trains"
        );
    }
    if !devices.is_empty() {
        config.workers = devices;
    }
    let lock = data_folder::take(&config.data)?;
    let shutdown = shutdown::on_signal();
    let database = postgres::open_as_owner(&config, lock).await?;
    let state = new_state(config, database.pool.clone(), shutdown.clone())?;
    let tracker = TaskTracker::new();
    worker::start(&state, &tracker);
    tracker.close();
    tracker.wait().await;
    database.close().await;
    Ok(())
}

/// A fresh one-time set-up link; `None` when there is an administrator.
pub async fn setup_link(db: &PgPool, config: &Config) -> anyhow::Result<Option<String>> {
    store::migrate(db).await.context("failed to bring the database's schema up to date")?;
    let secret = store::invitations::create_setup(db).await?;
    Ok(secret.map(|s| format!("{}{}", config.public_address(), app::routes::invitation(&s))))
}

/// The state of a process that has a database.
pub fn new_state(config: Config, db: PgPool, shutdown: CancellationToken) -> anyhow::Result<AppState> {
    let artifacts = Artifacts::open(&config, db.clone())?;
    let site = Site::open(&config.site, config.listen);
    Ok(AppState {
        doorbells: Doorbells::listen(db.clone(), shutdown.clone()),
        artifacts,
        config: Arc::new(config),
        shutdown,
        leptos: site.options.clone(),
        site: Arc::new(site),
        db,
    })
}

/// Pause between two looks for expired sessions; those of strangers live for minutes.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// Starts jobs, workers and housekeeping; they end by themselves when the server stops.
fn start_background(state: &AppState) -> TaskTracker {
    let tracker = TaskTracker::new();
    jobs::start(state, jobs::handlers(), &tracker);
    worker::start(state, &tracker);
    sweeps::start(state, &tracker);
    tracker.spawn(jobs::weekly_digest::keep_queued(state.clone()));
    tracker.spawn(jobs::folders::keep_swept(state.clone()));
    let (db, shutdown, artifacts) = (state.db.clone(), state.shutdown.clone(), state.artifacts.clone());
    tracker.spawn(async move {
        while shutdown.run_until_cancelled(tokio::time::sleep(HOUSEKEEPING)).await.is_some() {
            if let Err(error) = store::sessions::sweep(&db).await {
                tracing::warn!(%error, "failed to delete expired sessions");
            }
            if let Err(error) = partial::clean(&db, &artifacts).await {
                tracing::warn!(%error, "failed to look after uploads that came in parts");
            }
        }
    });
    tracker.close();
    tracker
}

/// Tells the person at the terminal where to go.
async fn announce(state: &AppState) -> Result<(), StoreError> {
    println!("Lathe is ready at {}", state.config.public_address());
    if let Some(secret) = store::invitations::create_setup(&state.db).await? {
        let path = app::routes::invitation(&secret);
        println!("Make the administrator's account with this one-time link (good for a day):");
        println!("  {}{path}", state.config.public_address());
    }
    Ok(())
}
