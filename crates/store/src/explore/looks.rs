//! Who had rows of a sealed test split shown or sent. What evaluation reads is no look.

use crate::{StoreError, error::word};
use domain::{
    explore::{LookedBy, TestLook, TestLooks},
    id::{UserId, VersionId},
};
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Looks that are listed.
const LISTED: i64 = 100;

/// Puts a look on record; its id.
pub async fn record(db: &PgPool, version: VersionId, by: UserId, how: LookedBy) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    sqlx::query("insert into test_looks (id, version_id, user_id, how) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(version.0)
        .bind(by.0)
        .bind(how.as_str())
        .execute(db)
        .await?;
    Ok(id)
}

/// Whether this is a look of this person at this version, begun within the last hour: for so long pages show what it
/// opened.
pub async fn is_open(db: &PgPool, version: VersionId, by: UserId, look: Uuid) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists(select from test_looks where id = $1 and version_id = $2 and user_id = $3 and at > now() - interval '1 hour')",
    )
    .bind(look)
    .bind(version.0)
    .bind(by.0)
    .fetch_one(db)
    .await?)
}

/// Whether this person has a look at this version that is open, whichever it is.
pub async fn has_open(db: &PgPool, version: VersionId, by: UserId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(
        "select exists(select from test_looks where version_id = $1 and user_id = $2 and at > now() - interval '1 hour')",
    )
    .bind(version.0)
    .bind(by.0)
    .fetch_one(db)
    .await?)
}

/// The looks at a version's test split.
pub async fn of_version(db: &PgPool, version: VersionId) -> Result<TestLooks, StoreError> {
    let counts = sqlx::query(
        "select count(*) as looks, count(distinct user_id) as people from test_looks where version_id = $1",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?;
    let latest = sqlx::query(
        "select l.how, l.at, u.name from test_looks l left join users u on u.id = l.user_id \
         where l.version_id = $1 order by l.at desc limit $2",
    )
    .bind(version.0)
    .bind(LISTED)
    .fetch_all(db)
    .await?;
    let look = |row: &sqlx::postgres::PgRow| {
        Ok(TestLook {
            version_id: version,
            by: row.try_get("name")?,
            how: word(row.try_get("how")?)?,
            at: row.try_get("at")?,
        })
    };
    Ok(TestLooks {
        count: counts.try_get::<i64, _>("looks")?.cast_unsigned(),
        people: counts.try_get::<i64, _>("people")?.cast_unsigned(),
        latest: latest.iter().map(look).collect::<Result<_, StoreError>>()?,
    })
}
