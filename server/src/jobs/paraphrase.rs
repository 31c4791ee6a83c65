//! Writing training samples anew with a model, and making the next version with the texts that people accepted.

use crate::{
    jobs::{JobContext, JobError, writer_of::writer_of},
    writer::{Asked, WriterError},
};
use dataprep::{hash::content_hash, known::KnownTexts, stats::StatsBuilder};
use domain::{
    dataset::{Origin, Version, VersionStats},
    id::{SampleId, VersionId},
    job::{Gone, JobFailure},
    paraphrase::{Gate, Paraphrase, SLICE, TEXT_SLOT, TakeProposals, is_chinese},
    sample::{Sample, Speaker},
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use store::{
    proposals::{self, Accepted, NewProposal},
    versions::{
        cleaned::{CleanedWriter, Fate, Passed},
        import::Made,
    },
};

pub const KIND: &str = "paraphrase";
pub const TAKE_KIND: &str = "take_proposals";
/// Shortest beginning that all prompts share which counts as their instruction, in characters.
const LEAD_CHARS: usize = 8;
/// Samples read between two progress reports.
const REPORT_EVERY: u64 = 1000;
/// Samples written at a time.
const BATCH: usize = 2000;

/// What to write anew of which version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParaphraseVersion {
    pub version_id: VersionId,
    pub request: Paraphrase,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Written {
    pub written: u64,
    pub passed: u64,
}

/// The handler that asks the model; what it wrote waits for decisions.
pub async fn paraphrase(context: JobContext, asked: ParaphraseVersion) -> Result<Written, JobError> {
    let ParaphraseVersion { version_id, request } = asked;
    let version = store::versions::get(&context.db, context.project, version_id).await?;
    let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    context.progress("reading", 0, 0).await?;
    let chosen = proposals::choose(&context.db, version.id, request.seed, request.samples).await?;
    let texts: Vec<(SampleId, String)> =
        chosen.iter().filter_map(|(id, s)| Some((*id, asked_text(s)?.to_owned()))).collect();
    let lead = shared_lead(texts.iter().map(|(_, text)| text.as_str()));
    let mut known = known_texts(&context, &version).await?;
    let (mut writer, name, _files) = writer_of(&context, &request.writer, &request).await?;
    let (mut counts, total) = (Written::default(), texts.len() as u64);
    for batch in texts.chunks(writer.at_a_time()) {
        context.check()?;
        let befores: Vec<&str> = batch.iter().map(|(_, text)| &text[lead.len()..]).collect();
        let afters = written(&mut writer, &request, &befores).await?;
        let mut new = Vec::new();
        for (((id, _), before), after) in batch.iter().zip(befores).zip(afters) {
            let gate = judged(&mut known, &lead, before, &after);
            counts.written += 1;
            counts.passed += u64::from(gate == Gate::Passed);
            new.push(NewProposal {
                sample_id: *id,
                way: request.way,
                writer: name.clone(),
                before: before.to_owned(),
                lead: lead.clone(),
                after,
                gate,
            });
        }
        proposals::add(&context.db, version.id, &new).await?;
        context.progress("rewriting", counts.written, total).await?;
    }
    Ok(counts)
}

/// All texts of the version, whatever their split: what a model writes must be none of them.
async fn known_texts(context: &JobContext, version: &Version) -> Result<KnownTexts, JobError> {
    let mut known = KnownTexts::default();
    let mut done = 0;
    let mut rows = store::samples::stream(&context.db, version.id, None);
    while let Some(row) = rows.try_next().await? {
        known.add(&row.sample);
        done += 1;
        if done % REPORT_EVERY == 0 {
            context.progress("reading", done, version.stats.samples).await?;
        }
    }
    Ok(known)
}

/// Judges what was written of a text, both behind the same beginning. What passes is known from then on: of two that say the
/// same, one is enough.
fn judged(known: &mut KnownTexts, lead: &str, before: &str, after: &str) -> Gate {
    let gate = Gate::of(before, after, |text| known.has(&format!("{lead}{text}")));
    if gate == Gate::Passed {
        known.add_text(&format!("{lead}{after}"));
    }
    gate
}

impl From<WriterError> for JobError {
    fn from(error: WriterError) -> Self {
        JobFailure::Writer { detail: error.to_string() }.into()
    }
}

/// The texts written anew, through one question after the other.
async fn written(writer: &mut Asked, request: &Paraphrase, texts: &[&str]) -> Result<Vec<String>, WriterError> {
    let mut steps: Vec<Vec<String>> = texts.iter().map(|text| request.questions(is_chinese(text))).collect();
    let mut now: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let count = steps.iter().map(Vec::len).max().unwrap_or(0);
    for _ in 0..count {
        let questions: Vec<String> =
            steps.iter_mut().zip(&now).map(|(steps, text)| steps.remove(0).replace(TEXT_SLOT, text)).collect();
        now = writer.answers(&questions).await?.iter().map(|answer| unwrapped(answer)).collect();
    }
    Ok(now)
}

/// An answer without the quotation marks and spaces around it.
fn unwrapped(answer: &str) -> String {
    let text = answer.trim();
    let pairs = [('"', '"'), ('“', '”'), ('「', '」'), ('\'', '\'')];
    let inner = pairs.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    inner.filter(|inner| !inner.contains(['"', '“', '”'])).unwrap_or(text).trim().to_owned()
}

/// The text of a sample that is written anew: the last user turn.
fn asked_text(sample: &Sample) -> Option<&str> {
    let last = sample.prompt().last().filter(|m| m.role == Speaker::User)?;
    Some(last.content.as_str()).filter(|text| !text.trim().is_empty())
}

/// What all texts begin with up to the end of a line or sentence: their instruction, which stays.
fn shared_lead<'a>(mut texts: impl Iterator<Item = &'a str>) -> String {
    let Some(first) = texts.next() else { return String::new() };
    let mut length = first.len();
    let mut others = 0;
    for text in texts {
        others += 1;
        let same = first.bytes().zip(text.bytes()).take(length).take_while(|(a, b)| a == b).count();
        length = length.min(same);
    }
    let shared = &first.as_bytes()[..if others < 4 { 0 } else { length }];
    let shared = std::str::from_utf8(shared).unwrap_or_else(|e| &first[..e.valid_up_to()]);
    let end = shared
        .rfind(['\n', ':', '：', '.', '。', '?', '？'])
        .map_or(0, |at| at + shared[at..].chars().next().map_or(0, char::len_utf8));
    let end = end + shared[end..].len() - shared[end..].trim_start().len();
    if shared[..end].chars().count() < LEAD_CHARS { String::new() } else { shared[..end].to_owned() }
}

/// The handler that makes the next version: the parent's samples, and behind each one what was accepted for it.
pub async fn take_proposals(context: JobContext, request: TakeProposals) -> Result<Made, JobError> {
    let version = store::versions::get(&context.db, context.project, request.version_id).await?;
    let version = version.ok_or(JobFailure::Gone { what: Gone::Version })?;
    let begun = Origin::Augmented { texts: 0 };
    let writer = CleanedWriter::begin(&context.db, context.project, version.id, context.user, &begun).await?;
    let mut writer = writer.ok_or(JobFailure::Gone { what: Gone::Dataset })?;
    // Under the writer's lock on the dataset, so that nothing is forgotten in between.
    let mut accepted = proposals::accepted(&context.db, version.id).await?;
    let texts: u64 = accepted.values().map(|texts| texts.len() as u64).sum();
    if texts == 0 {
        return Err(JobFailure::NothingAccepted.into());
    }
    let origin = Origin::Augmented { texts };
    let mut stats = StatsBuilder::new();
    let (mut batch, mut done) = (Vec::new(), 0);
    let mut rows = store::samples::stream(&context.db, version.id, None);
    while let Some(row) = rows.try_next().await? {
        stats.add(&row.sample, row.split, &content_hash(&row.sample));
        let copies = accepted.remove(&row.id).unwrap_or_default();
        let pass = |fate| Passed { id: row.id, position: row.position, split: row.split, fate, changes: Vec::new() };
        batch.push(pass(Fate::Stays));
        for text in &copies {
            let sample = with_text(&row.sample, text);
            stats.add(&sample, row.split, &content_hash(&sample));
            batch.push(pass(Fate::Copied(Some(sample))));
        }
        done += 1;
        if batch.len() >= BATCH {
            writer.write(&std::mem::take(&mut batch)).await?;
            context.progress("writing", done, version.stats.samples).await?;
        }
    }
    drop(rows);
    writer.write(&batch).await?;
    let stats = VersionStats { skipped_lines: version.stats.skipped_lines, ..stats.finish() };
    Ok(writer.finish(&origin, &stats).await?)
}

/// The sample with another text, marked as such.
fn with_text(sample: &Sample, text: &Accepted) -> Sample {
    let mut copy = sample.clone();
    let last_user = copy.messages.iter_mut().rev().find(|m| m.role == Speaker::User);
    if let Some(message) = last_user {
        message.content = format!("{}{}", text.lead, text.after);
    }
    copy.slices.insert(SLICE.to_owned(), text.way.as_str().to_owned());
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instruction_that_all_share_is_no_text() {
        let lead = |texts: &[&str]| shared_lead(texts.iter().copied());
        let texts = ["a good film", "a bad film", "good", "fine", "no"].map(|t| format!("Say the mood of:\n\n{t}"));
        assert_eq!(lead(&texts.each_ref().map(String::as_str)), "Say the mood of:\n\n");
        assert_eq!(lead(&["一 part", "一 other", "一 third", "一 x", "一 y"]), "", "too short for an instruction");
        assert_eq!(lead(&["Same text here. a", "Same text here. b"]), "", "two texts prove nothing");
        let chinese = ["甲", "乙", "丙", "丁", "戊"].map(|t| format!("请判断下面的评论情感：{t}"));
        assert_eq!(lead(&chinese.each_ref().map(String::as_str)), "请判断下面的评论情感：");
    }

    #[test]
    fn of_two_texts_that_say_the_same_one_passes() {
        let mut known = KnownTexts::default();
        let mut judge = |before: &str, after: &str| judged(&mut known, "Say the mood of: ", before, after);
        assert_eq!(judge("a good film", "a fine film"), Gate::Passed);
        assert_eq!(judge("a nice film", "A fine film!"), Gate::Known);
        assert_eq!(judge("a nice film", "a lovely film"), Gate::Passed);
    }

    #[test]
    fn quotation_marks_around_an_answer_go() {
        assert_eq!(unwrapped(" \"A film.\" "), "A film.");
        assert_eq!(unwrapped("“好看”"), "好看");
        assert_eq!(unwrapped("\"A\" and \"B\""), "\"A\" and \"B\"");
    }
}
