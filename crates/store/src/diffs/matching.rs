//! Finding which rows of two versions differ, in the database and for both versions at once.
//!
//! Rows belong together that are the same sample; of the others, those with the same content; of the others, those that
//! go back to one sample. Each row is matched once, so repeated samples are matched one by one.

use crate::{
    StoreError,
    error::{json, to_json},
    forget,
};
use domain::{
    diff::{Counted, DiffKind},
    id::VersionId,
};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

/// Rows of a kind that are kept, of the test split and of the others.
const ROWS_KEPT: i64 = 100_000;
/// Comparisons of a dataset's versions that are kept.
const DIFFS_KEPT: i64 = 20;

/// Whoever has no counterpart, by what it says.
const BY_CONTENT: &str = "select d.to_position is null as is_from, coalesce(d.from_position, d.to_position) as position, s.content_hash as key \
     from diffing d join samples s on s.id = coalesce(d.from_sample, d.to_sample) where d.from_position is null or d.to_position is null";

/// Whoever has no counterpart, by the sample that it goes back to. Few rows have a parent, which the planner does not know:
/// `offset 0` has it look each one up instead of reading all samples.
const BY_ROOT: &str = "with recursive up as ( \
     select d.to_position is null as is_from, coalesce(d.from_position, d.to_position) as position, s.id, s.parent_id \
     from diffing d join samples s on s.id = coalesce(d.from_sample, d.to_sample) where d.from_position is null or d.to_position is null \
     union all select u.is_from, u.position, s.id, s.parent_id from up u \
     cross join lateral (select id, parent_id from samples where id = u.parent_id offset 0) s) \
     select is_from, position, id as key from up where parent_id is null";

/// The comparison of two versions, made if there is none; of two who ask at once, one makes it and the other waits. Made once
/// more where rows of the project were forgotten meanwhile.
pub(super) async fn find_or_make(db: &PgPool, from: VersionId, to: VersionId) -> Result<(i64, Counted), StoreError> {
    loop {
        if let Some(made) = try_to_make(db, from, to).await? {
            return Ok(made);
        }
    }
}

/// `None` where rows were forgotten that this may have read as they were, so that nothing of it is kept; and where what another
/// one made is gone again.
async fn try_to_make(db: &PgPool, from: VersionId, to: VersionId) -> Result<Option<(i64, Counted)>, StoreError> {
    if let Some(found) = find(db, from, to).await? {
        return Ok(Some(found));
    }
    let mut tx = db.begin().await?;
    let forgotten = forget::times(&mut tx, to).await?;
    let begun: Option<i64> = sqlx::query_scalar(
        "insert into version_diffs (from_id, to_id) values ($1, $2) on conflict do nothing returning id",
    )
    .bind(from.0)
    .bind(to.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(id) = begun else {
        drop(tx);
        return find(db, from, to).await;
    };
    // The joins of a million rows would go through files with the memory that small queries get.
    for setting in ["set local work_mem = '128MB'", "set local jit = off"] {
        sqlx::query(setting).execute(&mut *tx).await?;
    }
    gather(&mut tx, from, to).await?;
    pair(&mut tx, BY_CONTENT, "false", "g.from_split <> c.to_split").await?;
    pair(&mut tx, BY_ROOT, "true", "true").await?;
    let counted = keep(&mut tx, id).await?;
    // Before older comparisons are dropped, which whoever forgets rows drops, too: neither waits for the other.
    forget::hold_off(&mut tx, to).await?;
    if forget::times(&mut tx, to).await? != forgotten {
        tx.rollback().await?;
        return Ok(None);
    }
    forget_old(&mut tx, to).await?;
    tx.commit().await?;
    Ok(Some((id, counted)))
}

/// The comparison of two versions, if it was made and is kept.
pub(super) async fn find(db: &PgPool, from: VersionId, to: VersionId) -> Result<Option<(i64, Counted)>, StoreError> {
    let row = sqlx::query("select id, counts from version_diffs where from_id = $1 and to_id = $2")
        .bind(from.0)
        .bind(to.0)
        .fetch_optional(db)
        .await?;
    row.map(|row| Ok((row.try_get("id")?, json(row.try_get("counts")?)?))).transpose()
}

/// Puts into a table of this transaction what is not the same sample in the same split.
async fn gather(tx: &mut PgConnection, from: VersionId, to: VersionId) -> Result<(), StoreError> {
    sqlx::query(
        "create temporary table diffing (from_position integer, to_position integer, from_sample bigint, to_sample bigint, \
         from_split smallint, to_split smallint, rewritten boolean) on commit drop",
    )
    .execute(&mut *tx)
    .await?;
    let numbered = |version: &str| {
        format!(
            "(select position, sample_id, split, row_number() over (partition by sample_id order by position) as n \
             from version_samples where version_id = {version})"
        )
    };
    sqlx::query(AssertSqlSafe(format!(
        "insert into diffing select a.position, b.position, a.sample_id, b.sample_id, a.split, b.split, false \
         from {} a full join {} b on b.sample_id = a.sample_id and b.n = a.n where a.split is distinct from b.split",
        numbered("$1"),
        numbered("$2"),
    )))
    .bind(from.0)
    .bind(to.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query("analyze diffing").execute(tx).await?;
    Ok(())
}

/// Puts rows together that have the same key; `keep` says which of them still differ. In steps, each of which leaves
/// counts behind by which the next one is planned.
async fn pair(tx: &mut PgConnection, keyed: &str, rewritten: &str, keep: &str) -> Result<(), StoreError> {
    let pairs = format!(
        "with keyed as ({keyed}), \
         numbered as (select *, row_number() over (partition by is_from, key order by position) as n from keyed) \
         insert into pairing select a.position, b.position \
         from (select * from numbered where is_from) a join (select * from numbered where not is_from) b on b.key = a.key and b.n = a.n"
    );
    let kept = format!(
        "insert into diffing select p.from_position, p.to_position, g.from_sample, c.to_sample, g.from_split, c.to_split, {rewritten} \
         from pairing p join diffing g on g.from_position = p.from_position and g.to_position is null \
         join diffing c on c.to_position = p.to_position and c.from_position is null where {keep}"
    );
    let statements = [
        "create temporary table if not exists pairing (from_position integer, to_position integer) on commit drop",
        "truncate pairing",
        &pairs,
        "analyze pairing",
        &kept,
        "delete from diffing d using pairing p where d.from_position = p.from_position and d.to_position is null",
        "delete from diffing d using pairing p where d.to_position = p.to_position and d.from_position is null",
        "analyze diffing",
    ];
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Writes what was found, and counts it.
async fn keep(tx: &mut PgConnection, id: i64) -> Result<Counted, StoreError> {
    let kinds = "select from_position, to_position, \
         (case when from_position is null then 0 when to_position is null then 1 when rewritten then 2 else 3 end)::smallint as kind, \
         coalesce(from_split = 2, false) or coalesce(to_split = 2, false) as sealed from diffing";
    sqlx::query(AssertSqlSafe(format!(
        "insert into version_diff_rows (diff_id, kind, place, from_position, to_position, sealed) \
         select $1, kind, place - 1, from_position, to_position, sealed from \
         (select *, row_number() over (partition by kind order by coalesce(to_position, from_position)) as place, \
            row_number() over (partition by kind, sealed order by coalesce(to_position, from_position)) as n from ({kinds}) k) x \
         where n <= $2"
    )))
    .bind(id)
    .bind(ROWS_KEPT)
    .execute(&mut *tx)
    .await?;
    let found: Vec<(i16, bool, i64)> =
        sqlx::query_as(AssertSqlSafe(format!("select kind, sealed, count(*) from ({kinds}) k group by kind, sealed")))
            .fetch_all(&mut *tx)
            .await?;
    let mut counted = Counted::default();
    for (code, sealed, n) in found {
        let Some(kind) = DiffKind::ALL.into_iter().find(|kind| super::code(*kind) == code) else { continue };
        let counts = if sealed { &mut counted.sealed } else { &mut counted.open };
        counts.add(kind, n.cast_unsigned());
    }
    sqlx::query("update version_diffs set counts = $2 where id = $1")
        .bind(id)
        .bind(to_json(&counted)?)
        .execute(tx)
        .await?;
    Ok(counted)
}

/// Drops the oldest comparisons of a dataset where there are many: they can be made again.
async fn forget_old(tx: &mut PgConnection, to: VersionId) -> Result<(), StoreError> {
    sqlx::query(
        "delete from version_diffs where id in (select d.id from version_diffs d join dataset_versions v on v.id = d.to_id \
         where v.dataset_id = (select dataset_id from dataset_versions where id = $1) order by d.id desc offset $2)",
    )
    .bind(to.0)
    .bind(DIFFS_KEPT)
    .execute(tx)
    .await?;
    Ok(())
}
