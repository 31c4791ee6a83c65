//! Hashing and verifying passwords with argon2id, on a thread of its own and never too many at once.
//!
//! Parameters are OWASP's first choice for argon2id (Password Storage Cheat Sheet): 19 MiB of
//! memory, two passes, one lane. One hash takes that memory, so [`turn`] bounds how many run.
#![cfg(feature = "ssr")]

use crate::error::AppError;
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::OnceLock;
use tokio::sync::{Semaphore, SemaphorePermit};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes that may run at the same time.
static PLACES: Semaphore = Semaphore::const_new(4);

/// The right to use argon2id. Hold it over the throttle's check too: then nobody gets more
/// guesses by sending many at once.
pub struct Turn {
    _place: SemaphorePermit<'static>,
}

/// Waits for a place.
pub async fn turn() -> Result<Turn, AppError> {
    Ok(Turn { _place: PLACES.acquire().await.map_err(AppError::internal_from)? })
}

fn argon2id() -> Result<Argon2<'static>, AppError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(AppError::internal_from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, AppError> {
    Ok(argon2id()?.hash_password(password.as_bytes()).map_err(AppError::internal_from)?.to_string())
}

/// The hash of no password, so that an unknown account takes as long to refuse as a known one.
fn dummy() -> Result<&'static str, AppError> {
    static DUMMY: OnceLock<Result<String, AppError>> = OnceLock::new();
    let hash = DUMMY.get_or_init(|| hash_now(&uuid::Uuid::new_v4().to_string()));
    hash.as_deref().map_err(Clone::clone)
}

fn verify_now(hash: Option<&str>, password: &str) -> Result<bool, AppError> {
    let stored = match hash {
        Some(hash) => hash,
        None => dummy()?,
    };
    let parsed = PasswordHash::new(stored).map_err(AppError::internal_from)?;
    let matches = argon2id()?.verify_password(password.as_bytes(), &parsed).is_ok();
    Ok(matches && hash.is_some())
}

impl Turn {
    /// The PHC string to store for a new password.
    pub async fn hash(&self, password: &str) -> Result<String, AppError> {
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash_now(&password)).await.map_err(AppError::internal_from)?
    }

    /// Whether the password fits the stored hash; without a hash never, but just as slowly.
    pub async fn verify(&self, hash: Option<String>, password: &str) -> Result<bool, AppError> {
        let password = password.to_owned();
        let work = move || verify_now(hash.as_deref(), &password);
        tokio::task::spawn_blocking(work).await.map_err(AppError::internal_from)?
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let hash = hash_now("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify_now(Some(&hash), "correct horse battery").unwrap());
        assert!(!verify_now(Some(&hash), "correct horse batterz").unwrap());
        assert!(!verify_now(None, "correct horse battery").unwrap());
    }
}
