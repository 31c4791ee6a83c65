//! What every handler may reach.

use crate::{artifacts::Artifacts, assets::Site, config::Config, events::Doorbells, fetch};
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::sync::Arc;
use store::PgPool;
use tokio_util::sync::CancellationToken;

/// Cheap to clone; shared by all requests.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub db: PgPool,
    pub config: Arc<Config>,
    pub artifacts: Artifacts,
    pub doorbells: Doorbells,
    /// Cancelled when the server stops: streams that would go on for ever end then.
    pub shutdown: CancellationToken,
    pub leptos: LeptosOptions,
    #[from_ref(skip)]
    pub site: Arc<Site>,
}

impl AppState {
    /// What pages and server functions get.
    #[must_use]
    pub fn services(&self) -> app::api::Services {
        let config = Arc::clone(&self.config);
        app::api::Services {
            db: self.db.clone(),
            public_url: self.config.public_address().to_owned(),
            max_upload_bytes: self.config.max_upload_bytes,
            import_hosts: self.config.import_hosts.iter().map(ToString::to_string).collect(),
            may_fetch: Arc::new(move |url: &str| fetch::allowed::parse(url, &config.import_hosts).map(drop)),
            endpoints: self.config.endpoints.iter().map(|e| e.name.clone()).collect(),
            asked_endpoints: self.config.asked_endpoints(),
            first_look: Arc::new(self.artifacts.clone()),
        }
    }
}
