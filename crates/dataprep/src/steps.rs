//! Doing a data recipe: samples stream through its steps, and each comes out with what was done to it.
//!
//! A **row step** judges a sample by itself. A **set step** has to see all of them first; it keeps small facts of each,
//! and judges when the samples come by again. What was rewritten before a set step is written to a temporary file and
//! read again from there, so that memory never holds all texts.

mod augment;
mod balance;
mod characters;
mod conflicts;
mod duplicates;
mod html;
mod labels;
mod language;
mod length;
mod marked;
mod mojibake;
mod near;
mod nearest;
mod outliers;
mod perplexity;
mod personal;
mod repetition;
mod report;
mod scored;
mod script;
mod spool;
mod text;
mod turns;
mod unicode;
mod width;

pub use language::language_of;

use crate::scores::Scores;
use domain::{
    id::SampleId,
    sample::{Sample, Split},
    steps::{Because, Change, DataRecipe, Reason, Step, StepError, StepsReport},
};
use report::Reporter;
use serde::{Deserialize, Serialize};
use spool::Spool;
use std::{io, ops::ControlFlow, sync::Arc};

/// A sample on its way through the steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub id: SampleId,
    pub position: u32,
    pub split: Split,
    pub sample: Sample,
    /// What the steps so far did.
    pub changes: Vec<Change>,
    /// A copy made by a step: it stands for no sample of the source.
    pub is_copy: bool,
}

impl Item {
    #[must_use]
    pub fn new(id: SampleId, position: u32, split: Split, sample: Sample) -> Self {
        Self { id, position, split, sample, changes: Vec::new(), is_copy: false }
    }

    /// Whether a step has rewritten it.
    #[must_use]
    pub fn is_rewritten(&self) -> bool {
        self.changes.iter().any(|c| !matches!(c.reason, Reason::Rare { .. }))
    }
}

/// What becomes of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It stays, perhaps rewritten ([`Item::is_rewritten`]), perhaps as a further copy of another one.
    Stays(Item),
    /// The last of its changes says why.
    Removed(Item),
}

/// Samples that can be read several times, always in the same order.
pub trait Source {
    /// Hands over every sample until `each` breaks off.
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()>;
}

/// Samples that lie in memory.
impl Source for Vec<Item> {
    fn read(&mut self, each: &mut dyn FnMut(Item) -> ControlFlow<()>) -> io::Result<()> {
        for item in self.iter() {
            if each(item.clone()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Why a data recipe was not done.
#[derive(Debug, thiserror::Error)]
pub enum StepsError {
    #[error(transparent)]
    Recipe(#[from] StepError),
    #[error("failed to read the samples, or to write the temporary file: {0}")]
    Io(#[from] io::Error),
    #[error("cancelled")]
    Cancelled,
}

/// What a step says of a sample.
enum Verdict {
    Keep,
    /// Keep it and report what was found in it.
    Note(Reason),
    Rewrite(Sample, Reason),
    Remove(Reason),
    /// Keep it and as many copies more.
    Repeat(u32, Reason),
    /// Keep it and add these changed copies.
    Add(Vec<(Sample, Reason)>),
}

/// Copies of each other, by their positions.
struct Group {
    kept: u32,
    because: Because,
    others: Vec<u32>,
}

/// A step that judges each sample by itself.
trait RowStep {
    fn judge(&self, item: &Item) -> Verdict;
}

/// A step that sees all samples before it judges any.
trait SetStep {
    /// Samples come in order; `number` counts those that reach the step from 0.
    fn see(&mut self, number: u32, item: &Item) -> io::Result<()>;
    /// Why it cannot judge what it has seen, as the step of this number, if it cannot.
    fn refusal(&self, _step: usize) -> Option<StepError> {
        None
    }
    /// All were seen. Groups of copies that it found, for the report.
    fn decide(&mut self) -> io::Result<Vec<Group>>;
    /// The verdict on the sample that was seen under this number.
    fn judge(&self, number: u32, item: &Item) -> Verdict;
}

enum Prepared {
    Row(Box<dyn RowStep>),
    Set(Box<dyn SetStep>),
}

/// The step that a recipe says; `number` counts from 1.
fn prepare(step: &Step, number: usize, scores: Option<&Arc<Scores>>) -> Result<Prepared, StepError> {
    let scores = || match scores {
        None => Err(StepError::Unscored { step: number }),
        Some(scores) if step.needs_embeddings() && scores.dimensions() == 0 => {
            Err(StepError::NoEmbeddings { step: number })
        }
        Some(scores) => Ok(Arc::clone(scores)),
    };
    Ok(match step.clone() {
        Step::Mojibake(s) => Prepared::Row(Box::new(mojibake::Mojibake(s))),
        Step::Html(s) => Prepared::Row(html::step(&s)),
        Step::Script(s) => Prepared::Row(script::step(&s)),
        Step::Unicode(s) => Prepared::Row(unicode::step(&s)),
        Step::Width(s) => Prepared::Row(width::step(&s)),
        Step::Characters(s) => Prepared::Row(characters::step(&s)),
        Step::Turns(s) => Prepared::Row(Box::new(turns::Turns(s))),
        Step::Length(s) => Prepared::Row(Box::new(length::Length(s))),
        Step::Language(s) => Prepared::Row(Box::new(language::Language(s))),
        Step::Repetition(s) => Prepared::Row(Box::new(repetition::Repetition(s))),
        Step::Pii(s) => Prepared::Row(Box::new(personal::Personal::new(s))),
        Step::ExactDuplicates(s) => Prepared::Set(Box::new(duplicates::Duplicates::new(s))),
        Step::NearDuplicates(s) => Prepared::Set(Box::new(near::Near::new(s))),
        Step::LabelConflicts(s) => Prepared::Set(Box::new(conflicts::Conflicts::new(s))),
        Step::Balance(s) => Prepared::Set(Box::new(balance::Balance::new(s))),
        Step::Augment(s) => Prepared::Set(Box::new(augment::Augment::new(s))),
        Step::Perplexity(s) => Prepared::Set(Box::new(perplexity::Perplexity::new(s, scores()?))),
        Step::Outliers(s) => Prepared::Set(Box::new(outliers::Outliers::new(s, scores()?))),
        Step::LabelProblems(s) => Prepared::Set(Box::new(labels::LabelProblems::new(s, scores()?))),
    })
}

/// Does the recipe. Every sample of the source is handed to `sink` once: removed ones when they are, the others in order
/// at the end, copies beside their original. `progress` is told samples read in all passes so far and how many there
/// will be (0 while unknown); breaking off there cancels.
pub fn apply(
    recipe: &DataRecipe,
    source: &mut dyn Source,
    sink: &mut dyn FnMut(Outcome) -> io::Result<()>,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<StepsReport, StepsError> {
    apply_with(recipe, None, source, sink, progress)
}

/// [`apply`] with what a model says of the samples, for the steps that need it. Scores are of the samples as the source has
/// them, whatever steps before have rewritten.
pub fn apply_with(
    recipe: &DataRecipe,
    scores: Option<&Arc<Scores>>,
    source: &mut dyn Source,
    sink: &mut dyn FnMut(Outcome) -> io::Result<()>,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<StepsReport, StepsError> {
    recipe.check()?;
    let prepared = recipe.steps.iter().enumerate().map(|(i, step)| Ok((i as u16 + 1, prepare(step, i + 1, scores)?)));
    let steps = prepared.collect::<Result<Vec<(u16, Prepared)>, StepError>>()?;
    let passes = 1 + steps.iter().filter(|(_, step)| matches!(step, Prepared::Set(_))).count() as u64;
    let mut run = Run { reporter: Reporter::new(recipe), sink, progress, done: 0, total: 0, passes, problem: None };
    let mut spool: Option<Spool> = None;
    let mut decided: Option<(u16, Box<dyn SetStep>)> = None;
    let mut rows: Vec<(u16, Box<dyn RowStep>)> = Vec::new();
    for (number, step) in steps {
        match step {
            Prepared::Row(step) => rows.push((number, step)),
            Prepared::Set(mut step) => {
                let next = run.pass(&mut spool, source, decided.as_ref(), &rows, Some((number, step.as_mut())))?;
                if let Some(problem) = step.refusal(usize::from(number)) {
                    return Err(problem.into());
                }
                let clusters = step.decide()?;
                run.reporter.clusters(number, clusters);
                spool = next;
                rows.clear();
                decided = Some((number, step));
            }
        }
    }
    run.pass(&mut spool, source, decided.as_ref(), &rows, None)?;
    let uses_scores = recipe.steps.iter().any(Step::needs_scores);
    let scored_by = scores.filter(|_| uses_scores).map(|scores| scores.model.clone());
    Ok(StepsReport { scored_by, ..run.reporter.finish() })
}

/// One recipe being done.
struct Run<'a> {
    reporter: Reporter,
    sink: &'a mut dyn FnMut(Outcome) -> io::Result<()>,
    progress: &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    done: u64,
    total: u64,
    passes: u64,
    problem: Option<StepsError>,
}

impl Run<'_> {
    /// Reads all samples once: the verdicts of the set step before, the row steps, then either the next set step and the
    /// temporary file, or the end.
    fn pass(
        &mut self,
        spool: &mut Option<Spool>,
        source: &mut dyn Source,
        decided: Option<&(u16, Box<dyn SetStep>)>,
        rows: &[(u16, Box<dyn RowStep>)],
        mut next: Option<(u16, &mut dyn SetStep)>,
    ) -> Result<Option<Spool>, StepsError> {
        let mut written = next.is_some().then(Spool::create).transpose()?;
        let (mut reached, mut seen) = (0, 0);
        let mut each = |item: Item| {
            let step = self.one(item, &mut reached, decided, rows, &mut |item| {
                if let (Some((_, step)), Some(written)) = (&mut next, &mut written) {
                    step.see(seen, &item)?;
                    seen += 1;
                    written.write(&item).map(|()| None)
                } else {
                    Ok(Some(item))
                }
            });
            match step {
                Ok(()) => ControlFlow::Continue(()),
                Err(problem) => {
                    self.problem = Some(problem);
                    ControlFlow::Break(())
                }
            }
        };
        match spool {
            Some(spool) => spool.read(&mut each)?,
            None => source.read(&mut each)?,
        }
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        // The first pass has counted the samples.
        if self.total == 0 {
            self.total = self.done * self.passes;
            self.reporter.before(self.done);
        }
        written.map(Spool::finish).transpose().map_err(Into::into)
    }

    fn one(
        &mut self,
        item: Item,
        reached: &mut u32,
        decided: Option<&(u16, Box<dyn SetStep>)>,
        rows: &[(u16, Box<dyn RowStep>)],
        pass_on: &mut dyn FnMut(Item) -> io::Result<Option<Item>>,
    ) -> Result<(), StepsError> {
        self.done += 1;
        if self.done.is_multiple_of(256) && (self.progress)(self.done, self.total).is_break() {
            return Err(StepsError::Cancelled);
        }
        let mut items = vec![item];
        if let Some((number, step)) = decided {
            let verdict = step.judge(*reached, &items[0]);
            *reached += 1;
            let item = items.remove(0);
            items = self.follow(*number, item, verdict)?;
        }
        for item in items {
            let mut now = Some(item);
            for (number, step) in rows {
                let Some(item) = now.take() else { break };
                let verdict = step.judge(&item);
                now = self.follow(*number, item, verdict)?.pop();
            }
            if let Some(item) = now
                && let Some(item) = pass_on(item)?
            {
                self.reporter.stays(&item);
                (self.sink)(Outcome::Stays(item))?;
            }
        }
        Ok(())
    }

    /// What is left of a sample after a verdict: none, itself, or itself with its copies.
    fn follow(&mut self, step: u16, mut item: Item, verdict: Verdict) -> Result<Vec<Item>, StepsError> {
        self.reporter.sees(step);
        match verdict {
            Verdict::Keep => Ok(vec![item]),
            Verdict::Note(reason) => {
                self.reporter.notes(step, &item, &reason);
                Ok(vec![item])
            }
            Verdict::Rewrite(sample, reason) => {
                self.reporter.rewrites(step, &item, &reason, &sample);
                item.sample = sample;
                item.changes.push(Change { step, reason });
                Ok(vec![item])
            }
            Verdict::Remove(reason) => {
                self.reporter.removes(step, &item, &reason);
                item.changes.push(Change { step, reason });
                // A copy that goes again was never a sample of the source.
                if !item.is_copy {
                    (self.sink)(Outcome::Removed(item))?;
                }
                Ok(Vec::new())
            }
            Verdict::Repeat(copies, reason) => {
                self.reporter.repeats(step, &item, &reason, copies);
                let mut copy = Item { is_copy: true, ..item.clone() };
                copy.changes.push(Change { step, reason });
                let mut all = vec![item];
                all.extend((0..copies).map(|_| copy.clone()));
                Ok(all)
            }
            Verdict::Add(copies) => {
                let mut all = vec![item.clone()];
                for (sample, reason) in copies {
                    self.reporter.adds(step, &item, &reason, &sample);
                    let mut copy = Item { is_copy: true, sample, ..item.clone() };
                    copy.changes.push(Change { step, reason });
                    all.push(copy);
                }
                Ok(all)
            }
        }
    }
}

#[cfg(test)]
mod scored_tests;
#[cfg(test)]
mod tests;
