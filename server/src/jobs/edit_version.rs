//! Does one edit to the selected samples of a version: makes the dataset's next version.

use crate::jobs::{JobContext, JobError};
use dataprep::{
    edit::{Edited, Editor},
    hash::content_hash,
    stats::StatsBuilder,
};
use domain::{
    dataset::{Origin, SampleRow, Version, VersionStats},
    edit::BulkEdit,
    id::VersionId,
    job::{Gone, JobFailure},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use store::versions::{
    cleaned::{CleanedWriter, Fate, Passed},
    import::Made,
};

/// Kind of this job in the queue.
pub const KIND: &str = "edit_version";
/// Samples written at a time.
const BATCH: usize = 2000;

/// What to do to which version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EditVersion {
    pub version_id: VersionId,
    pub edit: BulkEdit,
}

/// The handler.
pub async fn edit_version(context: JobContext, request: EditVersion) -> Result<Made, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id).await?;
    let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    let BulkEdit { selection, action } = request.edit;
    let editor = Editor::new(&action).map_err(JobError::internal)?;
    let selected = store::explore::select(&context.db, version.id, &selection).await?;
    let selected: HashSet<u32> = selected.ok_or(JobFailure::Gone { what: Gone::Version })?.into_iter().collect();
    let origin = |changed| Origin::Edited {
        selection: selection.clone(),
        action: action.clone(),
        selected: selected.len() as u64,
        changed,
    };
    let writer = CleanedWriter::begin(&context.db, context.project, version.id, context.user, &origin(0)).await?;
    let mut writer = writer.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    let (changed, stats) = write(&context, &version, &mut writer, &editor, &selected).await?;
    if stats.samples == 0 {
        return Err(JobFailure::NothingStays.into());
    }
    Ok(writer.finish(&origin(changed), &stats).await?)
}

/// Writes every sample, edited where it is selected; how many were changed, and the statistics.
async fn write(
    context: &JobContext,
    version: &Version,
    writer: &mut CleanedWriter,
    editor: &Editor,
    selected: &HashSet<u32>,
) -> Result<(u64, VersionStats), JobError> {
    let (mut changed, mut done) = (0, 0);
    let mut counted = StatsBuilder::new();
    let mut batch = Vec::with_capacity(BATCH);
    let mut rows = store::samples::stream(&context.db, version.id, None);
    while let Some(row) = rows.try_next().await? {
        let edited = match selected.contains(&row.position) {
            true => editor.edit(&row.sample, row.split),
            false => Edited::Same,
        };
        changed += u64::from(edited != Edited::Same);
        let passed = passed(&row, edited);
        let now = match &passed.fate {
            Fate::Removed => None,
            Fate::Rewritten(sample) => Some(sample),
            Fate::Stays | Fate::Copied(_) => Some(&row.sample),
        };
        if let Some(sample) = now {
            counted.add(sample, passed.split, &content_hash(sample));
        }
        batch.push(passed);
        if batch.len() == BATCH {
            done += BATCH as u64;
            writer.write(&batch).await?;
            batch.clear();
            context.progress("writing", done, version.stats.samples).await?;
        }
    }
    writer.write(&batch).await?;
    Ok((changed, VersionStats { skipped_lines: version.stats.skipped_lines, ..counted.finish() }))
}

fn passed(row: &SampleRow, edited: Edited) -> Passed {
    let (split, fate) = match edited {
        Edited::Same => (row.split, Fate::Stays),
        Edited::Deleted => (row.split, Fate::Removed),
        Edited::Rewritten(sample) => (row.split, Fate::Rewritten(sample)),
        Edited::Moved(split) => (split, Fate::Stays),
    };
    Passed { id: row.id, position: row.position, split, fate, changes: Vec::new() }
}
