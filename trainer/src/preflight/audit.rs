//! Every sample of a run as tokens: how long, how much of it carries loss, and what is cut away; with examples.

use crate::data::masking::{Encoder, EndToken, Whole};
use crate::data::samples;
use crate::data::tokenizer::Tokenizer;
use crate::error::TrainError;
use crate::event::Sink;
use crate::model::weights;
use crate::setup::{Job, encoder};
use domain::dataset::TokenStats;
use domain::event::Phase;
use domain::recipe::Objective;
use domain::run::{AuditExample, AuditFinding, AuditPiece, FindingKind, SplitAudit, TokenUse};
use domain::sample::{Sample, Split};

/// Examples of each finding.
const EXAMPLES: usize = 5;
/// Examples of samples without a finding.
const ORDINARY: usize = 3;
/// Characters of a piece that are shown at its beginning and at its end.
const SHOWN: (usize, usize) = (400, 200);
/// Pieces of a sample that are shown at its beginning and at its end.
const PIECES: (usize, usize) = (8, 8);

/// Looks at the training and validation samples of `job`.
pub(super) fn audit(job: &Job, sink: &mut Sink) -> Result<Vec<SplitAudit>, TrainError> {
    let base = weights::open(&job.model, &job.device)?;
    let encoder = encoder(&base, &job.recipe);
    let splits = [(Split::Train, Some(&job.train)), (Split::Validation, job.validation.as_ref())];
    let mut audits = Vec::new();
    for (split, path) in splits {
        if let Some(path) = path {
            let mut samples = samples::read(path)?;
            if split == Split::Train {
                samples.retain(|s| !samples::is_left_out(s, &job.recipe.loss));
            }
            audits.push(of_split(&encoder, job.recipe.objective, split, &samples, sink)?);
        }
    }
    Ok(audits)
}

/// Of preference pairs, both answers are looked at.
fn of_split(
    encoder: &Encoder,
    objective: Objective,
    split: Split,
    samples: &[Sample],
    sink: &mut Sink,
) -> Result<SplitAudit, TrainError> {
    let total = samples.len();
    let mut tally = Tally { lengths: Vec::with_capacity(total), ..Tally::default() };
    for (place, sample) in samples.iter().enumerate() {
        if place % 1000 == 0 {
            sink.phase(Phase::Auditing, place as u32, total as u32)?;
        }
        let wholes = match (objective, sample.rejected_messages()) {
            (Objective::Sft, _) => vec![encoder.encode_whole(sample)?],
            (Objective::Dpo, None) => continue,
            (Objective::Dpo, Some(rejected)) => {
                vec![encoder.encode_whole_last_answer(&sample.messages)?, encoder.encode_whole_last_answer(&rejected)?]
            }
        };
        tally.add(encoder, place, total, &wholes);
    }
    Ok(SplitAudit {
        split,
        samples: total as u32,
        used: tally.used,
        tokens: tally.tokens,
        learnt_tokens: tally.learnt_tokens,
        max_length: encoder.max_length as u32,
        lengths: TokenStats::of_lengths(tally.lengths),
        findings: tally.findings.into_iter().filter(|f| f.samples > 0).collect(),
        ordinary: tally.ordinary,
    })
}

/// Counts of a split as they grow.
struct Tally {
    used: u32,
    tokens: u64,
    learnt_tokens: u64,
    lengths: Vec<u32>,
    findings: [AuditFinding; FindingKind::ALL.len()],
    ordinary: Vec<AuditExample>,
}

impl Default for Tally {
    fn default() -> Self {
        let findings = FindingKind::ALL.map(|kind| AuditFinding { kind, samples: 0, examples: Vec::new() });
        Self { used: 0, tokens: 0, learnt_tokens: 0, lengths: Vec::new(), findings, ordinary: Vec::new() }
    }
}

impl Tally {
    /// Adds a sample: its one text, or that with the chosen and that with the rejected answer.
    fn add(&mut self, encoder: &Encoder, place: usize, total: usize, wholes: &[Whole]) {
        let max_length = encoder.max_length;
        self.lengths.extend(wholes.iter().map(|whole| whole.encoded.ids.len() as u32));
        if wholes.iter().all(|whole| learnt_tokens(whole, max_length) > 0) {
            self.used += 1;
            self.tokens += wholes.iter().map(|whole| whole.encoded.ids.len().min(max_length) as u64).sum::<u64>();
            self.learnt_tokens += wholes.iter().map(|whole| learnt_tokens(whole, max_length) as u64).sum::<u64>();
        }
        let kinds: Vec<Vec<FindingKind>> = wholes.iter().map(|whole| findings(whole, max_length)).collect();
        let show = |answer: usize| AuditExample {
            is_rejected: answer == 1,
            ..example(encoder.tokenizer, place, &wholes[answer], max_length)
        };
        for finding in &mut self.findings {
            let Some(answer) = kinds.iter().position(|kinds| kinds.contains(&finding.kind)) else { continue };
            finding.samples += 1;
            if finding.examples.len() < EXAMPLES {
                finding.examples.push(show(answer));
            }
        }
        // One from each third of the file, which may be sorted.
        let is_due = self.ordinary.len() < ORDINARY && place * ORDINARY >= self.ordinary.len() * total;
        if is_due && !kinds.iter().flatten().any(|kind| kind.warns()) {
            self.ordinary.push(show(0));
        }
    }
}

/// Tokens that carry loss after cutting.
fn learnt_tokens(whole: &Whole, max_length: usize) -> usize {
    whole.encoded.carries_loss.iter().take(max_length).filter(|counts| **counts).count()
}

/// What there is to say of a sample.
fn findings(whole: &Whole, max_length: usize) -> Vec<FindingKind> {
    if whole.encoded.targets() == 0 {
        return vec![FindingKind::NothingToLearn];
    }
    if learnt_tokens(whole, max_length) == 0 {
        return vec![FindingKind::LeftOut];
    }
    let mut found = Vec::new();
    if whole.answers.iter().any(|answer| answer.end > max_length) {
        found.push(FindingKind::AnswerCut);
    }
    if whole.answers.iter().all(|answer| answer.end_token == EndToken::Missing) {
        found.push(FindingKind::EndMissing);
    } else if !whole.answers.iter().any(|a| a.end_token != EndToken::Missing && a.end <= max_length) {
        found.push(FindingKind::EndCut);
    }
    if whole.answers.iter().any(|answer| answer.end_token == EndToken::Appended) {
        found.push(FindingKind::EndAdded);
    }
    found
}

/// A sample as text, in pieces of one use.
fn example(tokenizer: &Tokenizer, place: usize, whole: &Whole, max_length: usize) -> AuditExample {
    let usage = |i: usize| match whole.encoded.carries_loss[i] {
        _ if i >= max_length => TokenUse::CutAway,
        true => TokenUse::Learnt,
        false => TokenUse::Read,
    };
    let ids = &whole.encoded.ids;
    let mut pieces = Vec::new();
    let mut first = 0;
    for end in 1..=ids.len() {
        if end == ids.len() || usage(end) != usage(first) {
            pieces.push((first..end, usage(first)));
            first = end;
        }
    }
    let hidden = pieces.len().saturating_sub(PIECES.0 + PIECES.1);
    pieces.drain(PIECES.0.min(pieces.len())..PIECES.0.min(pieces.len()) + hidden);
    let piece = |(range, usage): (std::ops::Range<usize>, TokenUse)| AuditPiece {
        text: without_middle(&tokenizer.decode_all(&ids[range])),
        usage,
    };
    AuditExample {
        place: place as u32,
        is_rejected: false,
        tokens: ids.len() as u32,
        learnt_tokens: learnt_tokens(whole, max_length) as u32,
        pieces: pieces.into_iter().map(piece).collect(),
        hidden_pieces: hidden as u32,
    }
}

/// The beginning and the end of a long text.
fn without_middle(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN.0 + SHOWN.1 {
        return text.to_owned();
    }
    let (head, tail) = (text.chars().take(SHOWN.0), text.chars().skip(count - SHOWN.1));
    head.chain(" […] ".chars()).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::masking::{Answer, Encoded};

    fn whole(mask: &[bool], answers: &[(usize, EndToken)]) -> Whole {
        let ids = vec![1; mask.len()];
        let answers = answers.iter().map(|(end, end_token)| Answer { end: *end, end_token: *end_token }).collect();
        Whole { encoded: Encoded { ids, carries_loss: mask.to_vec(), weight: 1.0, line: 0 }, answers }
    }

    #[test]
    fn what_is_cut_is_found() {
        let written = EndToken::Written;
        let two_turns = whole(&[false, true, false, true, true], &[(2, written), (5, written)]);
        assert_eq!(findings(&two_turns, 5), []);
        assert_eq!(findings(&two_turns, 4), [FindingKind::AnswerCut], "the first answer still ends");
        let one_turn = whole(&[false, false, true, true], &[(4, written)]);
        assert_eq!(findings(&one_turn, 3), [FindingKind::AnswerCut, FindingKind::EndCut]);
        assert_eq!(findings(&one_turn, 2), [FindingKind::LeftOut]);
        assert_eq!(findings(&whole(&[false], &[(1, EndToken::Missing)]), 9), [FindingKind::NothingToLearn]);
        assert_eq!(findings(&whole(&[false, true], &[(2, EndToken::Missing)]), 9), [FindingKind::EndMissing]);
        assert_eq!(findings(&whole(&[false, true], &[(2, EndToken::Appended)]), 9), [FindingKind::EndAdded]);
    }

    #[test]
    fn a_long_text_loses_its_middle() {
        assert_eq!(without_middle("字"), "字");
        let long = format!("{}{}", "a".repeat(5000), "z".repeat(5000));
        let shown = without_middle(&long);
        assert!(shown.starts_with("aaa") && shown.ends_with("zzz"), "{shown}");
        assert_eq!(shown.chars().count(), SHOWN.0 + SHOWN.1 + 5);
    }
}
