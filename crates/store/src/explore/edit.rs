//! Selecting samples for an edit, and trying the edit on the first of them.

use super::find;
use crate::{StoreError, samples};
use dataprep::{
    diff::texts,
    edit::{Edited, Editor},
};
use domain::{
    edit::{EXAMPLES, EditExample, EditPreview, PREVIEWED, Selection},
    id::VersionId,
    sample::Sample,
};
use sqlx::PgPool;
use std::collections::HashSet;

/// Positions of the selected samples, lowest first, without any of the test split or that was erased; `None` while the version has no
/// complete index.
pub async fn select(db: &PgPool, version: VersionId, selection: &Selection) -> Result<Option<Vec<u32>>, StoreError> {
    let mut found = find::positions(db, version, selection).await?;
    if let Some(found) = &mut found {
        let forgotten: HashSet<u32> = samples::forgotten(db, version).await?.into_iter().collect();
        found.retain(|position| !forgotten.contains(position));
    }
    Ok(found)
}

/// What an edit would do to the first of the selected samples; `None` while the version has no complete index.
pub async fn preview_edit(
    db: &PgPool,
    version: VersionId,
    selection: &Selection,
    editor: &Editor,
) -> Result<Option<EditPreview>, StoreError> {
    let Some(positions) = select(db, version, selection).await? else { return Ok(None) };
    let first = &positions[..positions.len().min(PREVIEWED)];
    let mut rows = samples::at_positions(db, version, first).await?;
    let mut preview =
        EditPreview { selected: positions.len() as u64, looked_at: first.len() as u64, ..EditPreview::default() };
    for row in first.iter().filter_map(|position| rows.remove(position)) {
        let (split, after): (_, Option<Sample>) = match editor.edit(&row.sample, row.split) {
            Edited::Same => continue,
            Edited::Deleted => (row.split, None),
            Edited::Rewritten(sample) => (row.split, Some(sample)),
            Edited::Moved(split) => (split, Some(row.sample.clone())),
        };
        preview.changed += 1;
        if preview.examples.len() < EXAMPLES {
            let texts = texts(Some(&row.sample), after.as_ref());
            preview.examples.push(EditExample { position: row.position, before: row.sample, after, split, texts });
        }
    }
    Ok(Some(preview))
}
