//! Throttling of sign-ins: failures are counted per key (e-mail, address) over a window, in the
//! database, so that the limit holds across replicas and restarts.

use crate::StoreError;
use sqlx::PgPool;

/// Length of the window.
pub const WINDOW_MINUTES: i32 = 15;

/// Something that can fail too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    text: String,
    /// Failures within the window after which the key must wait.
    limit: i64,
}

impl Key {
    /// Guesses at one account: few.
    #[must_use]
    pub fn account(name: &str) -> Self {
        Self { text: format!("account:{name}"), limit: 10 }
    }

    /// Guesses from one address: more, because an office or a proxy shares one.
    #[must_use]
    pub fn address(address: &str) -> Self {
        Self { text: format!("address:{address}"), limit: 50 }
    }
}

/// Whether any of the keys has failed too often lately.
pub async fn is_blocked(db: &PgPool, keys: &[Key]) -> Result<bool, StoreError> {
    let (texts, limits): (Vec<&str>, Vec<i64>) = keys.iter().map(|k| (k.text.as_str(), k.limit)).unzip();
    Ok(sqlx::query_scalar(
        "select exists (select from unnest($1::text[], $2::bigint[]) as k (key, most) \
         where (select count(*) from login_failures f where f.key = k.key and f.at > now() - make_interval(mins => $3)) >= k.most)",
    )
    .bind(texts)
    .bind(limits)
    .bind(WINDOW_MINUTES)
    .fetch_one(db)
    .await?)
}

/// Records a failure for each key and forgets old ones.
pub async fn record(db: &PgPool, keys: &[Key]) -> Result<(), StoreError> {
    let texts: Vec<&str> = keys.iter().map(|k| k.text.as_str()).collect();
    sqlx::query("insert into login_failures (key) select unnest($1::text[])").bind(texts).execute(db).await?;
    sqlx::query("delete from login_failures where at < now() - make_interval(mins => $1)")
        .bind(WINDOW_MINUTES)
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets the failures of an account after a success. Those of the address stay: a success on
/// one account must not buy more guesses at others.
pub async fn clear(db: &PgPool, key: &Key) -> Result<(), StoreError> {
    sqlx::query("delete from login_failures where key = $1").bind(&key.text).execute(db).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_account_waits_after_ten_failures_and_others_do_not(db: PgPool) {
        let keys = [Key::account("ada@example.org"), Key::address("192.0.2.1")];
        for _ in 0..10 {
            assert!(!is_blocked(&db, &keys).await.unwrap());
            record(&db, &keys).await.unwrap();
        }
        assert!(is_blocked(&db, &keys).await.unwrap());
        assert!(!is_blocked(&db, &[Key::account("bob@example.org"), Key::address("192.0.2.1")]).await.unwrap());
        clear(&db, &keys[0]).await.unwrap();
        assert!(!is_blocked(&db, &keys).await.unwrap());
    }
}
