//! Browser sessions: the session layer's storage on our `sessions` table, and its cookie.

use crate::config::Config;
use async_trait::async_trait;
use store::{
    PgPool,
    sessions::{self, SessionRow},
};
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Days after its last use at which a session ends.
const LIFE_DAYS: i64 = 14;

/// The session layer's storage.
#[derive(Clone, Debug)]
pub struct Sessions(pub PgPool);

/// The layer that reads and writes the cookie.
#[must_use]
pub fn layer(db: PgPool, config: &Config) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(db))
        .with_name("lathe")
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(config.is_https())
        .with_expiry(Expiry::OnInactivity(time::Duration::days(LIFE_DAYS)))
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

fn row(record: &Record) -> Result<SessionRow> {
    let data = serde_json::to_value(&record.data).map_err(|e| Error::Encode(e.to_string()))?;
    Ok(SessionRow { data, expires_at: record.expiry_date })
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !sessions::insert(&self.0, &record.id.to_string(), &row(record)?).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(&self.0, &record.id.to_string(), &row(record)?).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some(row) = sessions::load(&self.0, &id.to_string()).await.map_err(backend)? else { return Ok(None) };
        let data = serde_json::from_value(row.data).map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date: row.expires_at }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::delete(&self.0, &id.to_string()).await.map_err(backend)
    }
}
