//! Makes the next version of a dataset from what people said of its samples in an annotation task.

use crate::jobs::{JobContext, JobError};
use dataprep::{hash::content_hash, stats::StatsBuilder};
use domain::{
    annotation::{
        design::Design,
        publish::{AGREEMENT, ANNOTATORS, CONFIDENCE, Publish, PublishTask},
    },
    dataset::{Origin, SampleRow, VersionStats},
    id::{SampleId, TaskId},
    job::{Gone, JobFailure},
    sample::Sample,
};
use futures::TryStreamExt;
use store::{
    annotation::publish::{self, Label},
    versions::{
        cleaned::{CleanedWriter, Fate, Passed},
        import::Made,
    },
};

/// Samples written at a time.
const BATCH: usize = 2000;

/// What became of the samples so far.
#[derive(Default)]
struct Count {
    labelled: u64,
    left_out: u64,
    stats: StatsBuilder,
}

/// The handler.
pub async fn publish_annotation(context: JobContext, request: PublishTask) -> Result<Made, JobError> {
    let PublishTask { task_id, publish: how } = request;
    let source = publish::source(&context.db, context.project, task_id).await?;
    let source = source.ok_or(JobFailure::Gone { what: Gone::AnnotationTask })?;
    context.progress("reading", 0, 0).await?;
    store::annotation::consensus::complete(&context.db, context.project, task_id).await?;
    let version = store::versions::get(&context.db, context.project, source.version).await?;
    let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    let origin = |labelled, left_out| Origin::Annotated { task_id, task: source.name.clone(), labelled, left_out };
    let writer = CleanedWriter::begin(&context.db, context.project, version.id, context.user, &origin(0, 0)).await?;
    let mut writer = writer.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    let mut count = Count::default();
    let (mut batch, mut done) = (Vec::with_capacity(BATCH), 0);
    let mut rows = store::samples::stream(&context.db, version.id, None);
    while let Some(row) = rows.try_next().await? {
        batch.push(row);
        done += 1;
        if batch.len() == BATCH {
            let rows = std::mem::take(&mut batch);
            writer.write(&labelled(&context, task_id, &source.design, &how, rows, &mut count).await?).await?;
            context.progress("writing", done, version.stats.samples).await?;
        }
    }
    drop(rows);
    writer.write(&labelled(&context, task_id, &source.design, &how, batch, &mut count).await?).await?;
    if count.labelled == 0 {
        return Err(JobFailure::NothingLabelled.into());
    }
    let stats = VersionStats { skipped_lines: version.stats.skipped_lines, ..count.stats.finish() };
    let made = writer.finish(&origin(count.labelled, count.left_out), &stats).await?;
    publish::record(&context.db, task_id, made.version_id).await?;
    Ok(made)
}

/// The samples with their labels.
async fn labelled(
    context: &JobContext,
    task: TaskId,
    design: &Design,
    how: &Publish,
    rows: Vec<SampleRow>,
    count: &mut Count,
) -> Result<Vec<Passed>, JobError> {
    let ids: Vec<SampleId> = rows.iter().map(|row| row.id).collect();
    let labels = publish::labels(&context.db, task, design, how, &ids).await?;
    let mut passed = Vec::with_capacity(rows.len());
    for row in rows {
        let fate = fate(&row.sample, labels.get(&row.id), how);
        let now = match &fate {
            Fate::Removed => None,
            Fate::Rewritten(sample) => Some(sample),
            Fate::Stays | Fate::Copied(_) => Some(&row.sample),
        };
        match now {
            Some(sample) => {
                count.stats.add(sample, row.split, &content_hash(sample));
            }
            None => count.left_out += 1,
        }
        count.labelled += u64::from(matches!(fate, Fate::Rewritten(_)));
        passed.push(Passed { id: row.id, position: row.position, split: row.split, fate, changes: Vec::new() });
    }
    Ok(passed)
}

/// What becomes of a sample.
fn fate(sample: &Sample, label: Option<&Label>, how: &Publish) -> Fate {
    let unlabelled = || if how.only_judged { Fate::Removed } else { Fate::Stays };
    let Some(label) = label else { return unlabelled() };
    let sure = how.confidence(&label.consensus.confidence);
    if label.is_excluded || sure.is_some_and(|sure| sure < how.min_confidence) {
        return Fate::Removed;
    }
    let Some(mut made) = how.apply(sample, &label.content, &label.consensus.answers) else { return unlabelled() };
    if how.with_slices {
        let mut slice = |name: &str, value: String| made.slices.insert(name.to_owned(), value);
        if let Some(sure) = sure {
            slice(CONFIDENCE, format!("{sure:.4}"));
        }
        if let Some(agreement) = label.agreement {
            slice(AGREEMENT, format!("{agreement:.4}"));
        }
        slice(ANNOTATORS, label.annotators.to_string());
    }
    Fate::Rewritten(made)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::annotation::publish::Becomes;
    use serde_json::json;

    fn label(confidence: f64) -> Label {
        let consensus = json!({
            "answers": { "tone": { "kind": "choice", "value": "good" } },
            "confidence": { "tone": confidence, "other": 0.1 },
            "method": "majority",
        });
        Label {
            content: domain::annotation::answer::ItemContent::default(),
            consensus: serde_json::from_value(consensus).unwrap(),
            agreement: Some(0.5),
            annotators: 3,
            is_excluded: false,
        }
    }

    #[test]
    fn samples_below_the_confidence_are_left_out() {
        let mut how = Publish {
            questions: [("tone".to_owned(), Becomes::Label)].into(),
            min_confidence: 0.6,
            only_judged: false,
            with_slices: true,
        };
        let sample = Sample::default();
        let Fate::Rewritten(made) = fate(&sample, Some(&label(2.0 / 3.0)), &how) else { panic!("not labelled") };
        assert_eq!(made.label.as_deref(), Some("good"));
        let slices = [CONFIDENCE, AGREEMENT, ANNOTATORS].map(|name| made.slices[name].as_str());
        assert_eq!(slices, ["0.6667", "0.5000", "3"]);
        assert!(matches!(fate(&sample, Some(&label(0.5)), &how), Fate::Removed));
        assert!(matches!(fate(&sample, None, &how), Fate::Stays));
        how.only_judged = true;
        assert!(matches!(fate(&sample, None, &how), Fate::Removed));
        let excluded = Label { is_excluded: true, ..label(1.0) };
        assert!(matches!(fate(&sample, Some(&excluded), &how), Fate::Removed));
    }
}
