//! Why samples differ: what data recipes noted of them, the bad cases that led to corrections, and how the versions between
//! were made.

use crate::{StoreError, error::json};
use domain::{
    dataset::{Origin, SampleRow, Version},
    diff::{DiffReason, DiffRow},
    id::{SampleId, VersionId},
    steps::Change,
};
use sqlx::{PgPool, Row};
use std::collections::HashMap;

/// Versions between two that are looked through.
const MAX_BETWEEN: i32 = 1000;

/// A version on the way from the older of the two to the newer.
struct Between {
    id: uuid::Uuid,
    number: u32,
    origin: Origin,
}

/// Says of each row why it differs, where that is on record.
pub(super) async fn add(db: &PgPool, from: &Version, to: &Version, rows: &mut [DiffRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let forwards = between(db, to.id, from.id).await?;
    let (versions, is_forward) = match forwards {
        Some(versions) => (versions, true),
        None => (between(db, from.id, to.id).await?.unwrap_or_default(), false),
    };
    let sides = |row: &DiffRow| -> (Option<SampleRow>, Option<SampleRow>) {
        let (old, new) = (row.before.clone(), row.after.clone());
        if is_forward { (old, new) } else { (new, old) }
    };
    let old: Vec<SampleId> = rows.iter().filter_map(|row| sides(row).0.map(|s| s.id)).collect();
    let steps = steps(db, &old, &versions).await?;
    for row in rows {
        let (old, new) = sides(row);
        row.reasons = reasons(old.as_ref(), new.as_ref(), &versions, &steps);
    }
    Ok(())
}

fn reasons(
    old: Option<&SampleRow>,
    new: Option<&SampleRow>,
    versions: &[Between],
    steps: &HashMap<SampleId, Vec<DiffReason>>,
) -> Vec<DiffReason> {
    let mut found = old.and_then(|row| steps.get(&row.id).cloned()).unwrap_or_default();
    let made = |is: &dyn Fn(&Origin) -> bool| versions.iter().find(|v| is(&v.origin)).map(|v| v.number);
    let edited = made(&|origin| matches!(origin, Origin::Edited { .. })).map(|version| DiffReason::Edited { version });
    match (old, new) {
        (Some(old), Some(new)) => {
            let bad_case = new.bad_case_id.filter(|_| new.id != old.id);
            found.extend(bad_case.map(|bad_case| DiffReason::Correction { bad_case }));
            if found.is_empty() && old.split != new.split {
                let divided = made(&|origin| matches!(origin, Origin::Divided { .. }));
                found.extend(divided.map(|version| DiffReason::Divided { version }).or(edited));
            } else if found.is_empty() {
                found.extend(edited);
            }
        }
        (Some(_), None) if found.is_empty() => {
            let leaks = made(&|origin| matches!(origin, Origin::WithoutLeaks { .. }));
            let divided = made(&|origin| matches!(origin, Origin::Divided { left_out: 1.., .. }));
            let forgotten = made(&|origin| matches!(origin, Origin::Forgotten { .. }));
            let reason = forgotten.map(|version| DiffReason::Forgotten { version });
            let reason = reason.or(edited).or(leaks.map(|version| DiffReason::Leak { version }));
            found.extend(reason.or(divided.map(|version| DiffReason::Divided { version })));
        }
        (None, Some(new)) => found.extend(versions.iter().find_map(|v| appended(v, new))),
        _ => {}
    }
    found
}

/// A sample that came with a file that this version added.
fn appended(version: &Between, new: &SampleRow) -> Option<DiffReason> {
    match &version.origin {
        Origin::Import { file_name, files, appended: Some(_), .. }
            if *file_name == new.source_file || files.iter().any(|file| file.name == new.source_file) =>
        {
            Some(DiffReason::Appended { version: version.number, file: new.source_file.clone(), line: new.source_line })
        }
        _ => None,
    }
}

/// The versions from `newer` back to `older`, without it; `None` where `newer` was not made from it.
async fn between(db: &PgPool, newer: VersionId, older: VersionId) -> Result<Option<Vec<Between>>, StoreError> {
    let found = sqlx::query(
        "with recursive line as (select id, parent_id, number, origin, 1 as n from dataset_versions where id = $1 \
         union all select v.id, v.parent_id, v.number, v.origin, n + 1 from dataset_versions v join line on v.id = line.parent_id \
         where line.parent_id <> $2 and n < $3) select id, parent_id, number, origin from line order by n",
    )
    .bind(newer.0)
    .bind(older.0)
    .bind(MAX_BETWEEN)
    .fetch_all(db)
    .await?;
    let last: Option<uuid::Uuid> = found.last().map(|row| row.try_get("parent_id")).transpose()?.flatten();
    if last != Some(older.0) {
        return Ok(None);
    }
    let version = |row: &sqlx::postgres::PgRow| {
        Ok(Between {
            id: row.try_get("id")?,
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            origin: json(row.try_get("origin")?)?,
        })
    };
    found.iter().map(version).collect::<Result<_, StoreError>>().map(Some)
}

/// What the data recipes of these versions did to these samples, and to what those became.
async fn steps(
    db: &PgPool,
    samples: &[SampleId],
    versions: &[Between],
) -> Result<HashMap<SampleId, Vec<DiffReason>>, StoreError> {
    let found = sqlx::query(
        "with recursive steps as (select sample_id as start, new_sample_id, version_id, changes from sample_changes \
         where sample_id = any($1) and version_id = any($2) \
         union select s.start, c.new_sample_id, c.version_id, c.changes from steps s \
         join sample_changes c on c.sample_id = s.new_sample_id and c.version_id = any($2)) \
         select start, version_id, changes from steps",
    )
    .bind(samples.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind(versions.iter().map(|v| v.id).collect::<Vec<_>>())
    .fetch_all(db)
    .await?;
    let mut steps: HashMap<SampleId, Vec<DiffReason>> = HashMap::new();
    for row in &found {
        let id: uuid::Uuid = row.try_get("version_id")?;
        let Some(version) = versions.iter().find(|v| v.id == id) else { continue };
        let changes: Vec<Change> = json(row.try_get("changes")?)?;
        let reasons = steps.entry(SampleId(row.try_get("start")?)).or_default();
        reasons.extend(changes.into_iter().map(|change| DiffReason::Step {
            version: version.number,
            step: change.step,
            kind: kind_of(&version.origin, change.step),
            reason: change.reason,
        }));
    }
    for reasons in steps.values_mut() {
        reasons.sort_by_key(|reason| match reason {
            DiffReason::Step { version, step, .. } => (*version, *step),
            _ => (0, 0),
        });
    }
    Ok(steps)
}

/// The kind of a recipe's step, counted from 1.
fn kind_of(origin: &Origin, step: u16) -> String {
    match origin {
        Origin::Cleaned { recipe, .. } => {
            recipe.steps.get(usize::from(step).wrapping_sub(1)).map(domain::steps::Step::kind).unwrap_or_default()
        }
        _ => String::new(),
    }
}
