//! What somebody is given next.

use super::{MAX_HANDED, how_far, slots::expire};
use crate::{
    StoreError,
    annotation::{
        batches,
        content::{Shown, show},
        people::IS_ASSIGNED,
        setting::{COLUMNS, Setting},
    },
    error::json,
};
use domain::{
    annotation::{
        TaskStatus,
        batch::BatchOpening,
        view::{Next, Work},
    },
    id::{ItemId, ProjectId, TaskId, UserId},
};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use std::collections::HashMap;
use time::OffsetDateTime;

mod sweep;
mod take;

pub(in crate::annotation) use sweep::HAS_AHEAD;
pub(super) use sweep::left;

/// An item that a person has taken.
struct Taken {
    id: ItemId,
    held_until: OffsetDateTime,
    draft: Option<serde_json::Value>,
    draft_number: i64,
    reason: Option<String>,
}

impl Taken {
    fn of(row: &PgRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ItemId(row.try_get("item_id")?),
            held_until: row.try_get("held_until")?,
            draft: row.try_get("draft")?,
            draft_number: row.try_get("draft_number")?,
            reason: row.try_get("reason")?,
        })
    }
}

/// How far a person is, under a lock that keeps their other windows out.
struct Progress {
    cursor_rank: i32,
    since_gold: i32,
    gold_judged: i32,
    gold_right: i32,
    is_qualified: bool,
    has_failed: bool,
}

/// What was found for a person.
enum Found {
    Items { taken: Vec<Taken>, is_test: bool },
    NotQualified { right: u32, of: u32 },
}

/// Items for somebody, `count` (1 to 5) at most: what they hold and what was sent back to them before anything new, and the
/// qualification before other items; nothing new once the deadline has passed. [`Next::NotAssigned`] also where there is no such task.
pub async fn next(db: &PgPool, project: ProjectId, task: TaskId, user: UserId, count: u32) -> Result<Next, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, {IS_ASSIGNED} as is_assigned from annotation_tasks t where t.id = $1 and t.project_id = $2"
    )))
    .bind(task.0)
    .bind(project.0)
    .bind(user.0)
    .fetch_optional(db)
    .await?;
    let Some(row) = row.filter(|row| row.try_get("is_assigned").unwrap_or(false)) else { return Ok(Next::NotAssigned) };
    let setting = Setting::of(&row)?;
    if setting.status != TaskStatus::Open {
        return Ok(Next::NotOpen { status: setting.status });
    }
    let mut connection = db.acquire().await?;
    expire(&mut connection, task, user).await?;
    drop(connection);
    let count = count.clamp(1, MAX_HANDED) as usize;
    let mut found = attempt(db, &setting, user, count).await?;
    let is_short = matches!(&found, Found::Items { taken, is_test: false } if taken.is_empty());
    let has_batches = setting.distribution.batch_size > 0;
    let opens_in_order = has_batches && setting.distribution.batch_opening == BatchOpening::InOrder;
    if is_short && opens_in_order && !setting.is_over {
        batches::open_next(db, task, user).await?;
        // Also where somebody else has opened one since the first attempt.
        found = attempt(db, &setting, user, count).await?;
    }
    let (taken, is_test) = match found {
        Found::NotQualified { right, of } => return Ok(Next::NotQualified { right, of }),
        Found::Items { taken, is_test } => (taken, is_test),
    };
    let mut connection = db.acquire().await?;
    let mine = how_far(&mut connection, task, user).await?;
    if taken.is_empty() {
        if setting.is_over {
            return Ok(Next::DeadlinePassed { mine });
        }
        let more_later = has_batches && batches::any_waits(&mut connection, task).await?;
        return Ok(Next::NothingLeft { mine, more_later });
    }
    let ids: Vec<ItemId> = taken.iter().map(|t| t.id).collect();
    let mut shown = show(&mut connection, &setting, &ids).await?;
    let items = taken.into_iter().map(|t| work(&setting, user, t, is_test, &mut shown)).collect::<Result<_, _>>()?;
    Ok(Next::Work { items, mine })
}

fn work(
    setting: &Setting,
    user: UserId,
    taken: Taken,
    is_test: bool,
    shown: &mut HashMap<ItemId, Shown>,
) -> Result<Work, StoreError> {
    let Shown { content, suggestion } = shown.remove(&taken.id).unwrap_or_default();
    Ok(Work {
        item_id: taken.id,
        shown_order: shown_order(setting, taken.id, user, content.answers.len()),
        content,
        held_until: taken.held_until,
        draft: taken.draft.map(json).transpose()?,
        draft_number: taken.draft_number,
        suggestion,
        reason: taken.reason,
        is_test,
    })
}

/// Finds items in a transaction of its own.
async fn attempt(db: &PgPool, task: &Setting, user: UserId, count: usize) -> Result<Found, StoreError> {
    let mut tx = db.begin().await?;
    let found = find(&mut tx, task, user, count).await?;
    tx.commit().await?;
    Ok(found)
}

async fn find(tx: &mut PgConnection, task: &Setting, user: UserId, count: usize) -> Result<Found, StoreError> {
    let mut progress = take::progress(tx, task, user).await?;
    if task.is_over {
        return Ok(Found::Items { taken: take::resume(tx, task, user, count).await?, is_test: false });
    }
    if !progress.is_qualified && !progress.has_failed {
        let test = take::test_length(tx, task).await?;
        if test > progress.gold_judged {
            let mut taken = take::resume(tx, task, user, count).await?;
            let wanted = count.min(test.abs_diff(progress.gold_judged) as usize);
            let more = wanted.saturating_sub(taken.len());
            taken.extend(take::gold(tx, task, user, more, true).await?);
            return Ok(Found::Items { taken, is_test: true });
        }
        // Items of the test were taken back, or there never were any.
        take::qualify(tx, task, user).await?;
        progress.is_qualified = true;
    }
    if progress.has_failed && !progress.is_qualified {
        let (right, of) = (progress.gold_right.cast_unsigned(), progress.gold_judged.cast_unsigned());
        return Ok(Found::NotQualified { right, of });
    }
    let mut taken = take::resume(tx, task, user, count).await?;
    let had = taken.len();
    let share = task.distribution.gold_share;
    while taken.len() < count {
        let due = draw(task, user, &progress) < share;
        let gold = if due { take::gold(tx, task, user, 1, false).await? } else { Vec::new() };
        let is_gold = !gold.is_empty();
        // All that are missing at once where no gold items are mixed in.
        let missing = if share > 0.0 { 1 } else { count - taken.len() };
        let may_wait = taken.is_empty();
        let new =
            if is_gold { gold } else { sweep::ordinary(tx, task, user, &mut progress, missing, may_wait).await? };
        progress.since_gold = if is_gold { 0 } else { progress.since_gold + new.len() as i32 };
        let is_end = new.len() < missing;
        taken.extend(new);
        if is_end {
            break;
        }
    }
    if taken.len() > had {
        take::keep(tx, task, user, &progress).await?;
    }
    Ok(Found::Items { taken, is_test: false })
}

/// A number from 0 to below 1 for the item that comes now: which are gold cannot be told from where they stand.
fn draw(task: &Setting, user: UserId, progress: &Progress) -> f64 {
    let place =
        (u64::from(progress.cursor_rank.cast_unsigned()) << 32) | u64::from(progress.since_gold.cast_unsigned());
    let bits = mix(task.distribution.seed ^ mix(user.0.as_u64_pair().1 ^ mix(place)));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// The order in which a person sees an item's answers: it says nothing of where they come from, and stays the same.
pub(super) fn shown_order(task: &Setting, item: ItemId, user: UserId, answers: usize) -> Vec<u32> {
    let seed = mix(task.distribution.seed ^ mix(user.0.as_u64_pair().1 ^ item.0.cast_unsigned()));
    let mut order: Vec<u32> = (0..answers as u32).collect();
    order.sort_by_key(|place| mix(seed ^ u64::from(*place)));
    order
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every bit of the input changes half of the output.
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
