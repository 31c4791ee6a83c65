//! Stopping in an orderly way: one token that everything long-lived watches.

use tokio_util::sync::CancellationToken;

/// Cancelled when the process is asked to stop (Ctrl-C, SIGTERM).
pub fn on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        tracing::info!("stopping");
        stop.cancel();
        asked_to_stop().await;
        // A second request means that waiting is not wanted; Postgres and running trainers survive that.
        #[expect(clippy::disallowed_methods, reason = "somebody who asks twice wants no orderly end")]
        std::process::exit(130);
    });
    token
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "failed to watch for SIGTERM");
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
