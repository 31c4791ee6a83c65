//! The likelihood of every label as the whole answer, without reading every label in full.
//!
//! score(label) = Σ log p(token | prompt, tokens before), the end of the turn included, so that no
//! label wins by being the beginning of another. Labels that begin alike share the work: the
//! search walks down their tokens, a few prompts at a time, and keeps the likeliest branches. A
//! branch that falls behind is an upper bound for all its labels; those whose bound could still
//! matter are searched again, against a better known best.

use crate::infer::batch::{Likelihood, Prompted};
use crate::infer::{Chat, InferError, Prompt};

/// Labels this many nats behind the best have no say: each has less than e⁻⁹ of the best one's
/// probability, about one in ten thousand.
const MARGIN: f64 = 9.0;
/// Branches kept per prompt at each token.
const WIDTH: usize = 8;
/// Memory for copied keys and values.
const CACHE_BYTES: usize = 256 << 20;

/// The score of one label after one prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LabelScore {
    /// Exact for every label within [`MARGIN`] of the best and for the reference; else a bound.
    pub(super) log_p: f64,
    is_exact: bool,
}

impl LabelScore {
    /// No probability exceeds 1; a label without tokens cannot be written at all.
    fn before_reading(answer: &[u32]) -> Self {
        Self { log_p: if answer.is_empty() { f64::NEG_INFINITY } else { 0.0 }, is_exact: answer.is_empty() }
    }
}

/// A prompt with the tokens of every label as its answer.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) prompt: Prompt,
    pub(super) answers: Vec<Vec<u32>>,
    /// The right label, which is scored exactly in any case.
    pub(super) reference: Option<usize>,
}

/// Labels that share their first tokens, after one prompt.
#[derive(Debug)]
struct Branch {
    question: usize,
    labels: Vec<usize>,
    log_p: f64,
    /// Place of the branch's parent among those read.
    parent: usize,
    /// Last shared token.
    token: u32,
}

/// How many prompts of this length are best searched together, within the memory limit.
pub(super) fn prompts_at_once(chat: Chat<'_>, prompt_tokens: usize) -> usize {
    (places(chat, prompt_tokens) / WIDTH).clamp(1, 16)
}

/// Copies of a context of `tokens` that the memory limit allows.
pub(super) fn places(chat: Chat<'_>, tokens: usize) -> usize {
    let config = &chat.decoder.config;
    let token_bytes = config.layers * 2 * config.kv_heads * config.head_dim * size_of::<f32>();
    CACHE_BYTES / (token_bytes * (tokens + chat.decoder.virtual_tokens()).max(1))
}

/// Scores all labels of all questions.
pub(super) fn score(chat: Chat<'_>, questions: &[Question]) -> Result<Vec<Vec<LabelScore>>, InferError> {
    let prompts: Vec<&Prompt> = questions.iter().map(|q| &q.prompt).collect();
    let read = Prompted::read(chat, &prompts, 0)?;
    let mut scores: Vec<Vec<LabelScore>> =
        questions.iter().map(|q| q.answers.iter().map(|a| LabelScore::before_reading(a)).collect()).collect();
    // Every round decides one label of each open question at least.
    loop {
        let open: Vec<Vec<usize>> = scores.iter().map(|s| undecided(s)).collect();
        if open.iter().all(Vec::is_empty) {
            break;
        }
        descend(questions, open, &read, &mut scores)?;
    }
    score_references(chat, questions, &read, &mut scores)?;
    Ok(scores)
}

/// Scores in full the right labels that were left with a bound.
fn score_references(
    chat: Chat<'_>,
    questions: &[Question],
    read: &Prompted<'_>,
    scores: &mut [Vec<LabelScore>],
) -> Result<(), InferError> {
    let references = questions.iter().enumerate().filter_map(|(i, q)| Some((i, q.reference?)));
    let open: Vec<(usize, usize)> = references.filter(|(i, label)| !scores[*i][*label].is_exact).collect();
    let longest = questions.iter().map(longest_context).max().unwrap_or(0);
    for chunk in open.chunks(places(chat, longest).max(1)) {
        let rows: Vec<usize> = chunk.iter().map(|(question, _)| *question).collect();
        let continuations: Vec<&[u32]> =
            chunk.iter().map(|(q, label)| questions[*q].answers[*label].as_slice()).collect();
        let room = continuations.iter().map(|c| c.len()).max().unwrap_or(0);
        let exact = read.select(&rows, room)?.likelihoods(&continuations)?;
        for ((question, label), Likelihood { negative_log, .. }) in chunk.iter().zip(exact) {
            scores[*question][*label] = LabelScore { log_p: -negative_log, is_exact: true };
        }
    }
    Ok(())
}

fn longest_context(question: &Question) -> usize {
    question.prompt.ids.len() + question.answers.iter().map(Vec::len).max().unwrap_or(0)
}

/// Walks down the tokens of the `open` labels of each question, the likeliest branches at a time.
fn descend(
    questions: &[Question],
    open: Vec<Vec<usize>>,
    read: &Prompted<'_>,
    scores: &mut [Vec<LabelScore>],
) -> Result<(), InferError> {
    let roots = open.into_iter().enumerate().map(|(question, labels)| Branch {
        question,
        labels,
        log_p: 0.0,
        parent: question,
        token: 0,
    });
    let mut branches: Vec<Branch> = roots.collect();
    let mut place = read.select(&(0..questions.len()).collect::<Vec<_>>(), 0)?;
    for depth in 0.. {
        let mut children: Vec<Branch> =
            branches.iter().enumerate().flat_map(|(i, b)| split(b, i, depth, questions)).collect();
        if children.is_empty() {
            break;
        }
        let pairs: Vec<(usize, u32)> = children.iter().map(|c| (c.parent, c.token)).collect();
        for (child, log_p) in children.iter_mut().zip(place.next_log_p(&pairs)?) {
            child.log_p += log_p;
        }
        branches = keep(children, depth + 1, questions, scores);
        if branches.is_empty() {
            break;
        }
        place = place.select(&branches.iter().map(|b| b.parent).collect::<Vec<_>>(), 1)?;
        place.push(&branches.iter().map(|b| b.token).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The branches below one, by the token at `depth`.
fn split(branch: &Branch, parent: usize, depth: usize, questions: &[Question]) -> Vec<Branch> {
    let mut children: Vec<Branch> = Vec::new();
    for label in &branch.labels {
        let token = questions[branch.question].answers[*label][depth];
        match children.iter_mut().find(|c| c.token == token) {
            Some(child) => child.labels.push(*label),
            None => {
                let labels = vec![*label];
                children.push(Branch { question: branch.question, labels, log_p: branch.log_p, parent, token });
            }
        }
    }
    children
}

/// Takes finished labels out of the branches, notes bounds, and keeps the likeliest of the rest.
fn keep(
    mut children: Vec<Branch>,
    depth: usize,
    questions: &[Question],
    scores: &mut [Vec<LabelScore>],
) -> Vec<Branch> {
    for child in &mut children {
        let (answers, scores) = (&questions[child.question].answers, &mut scores[child.question]);
        for label in &child.labels {
            scores[*label] = LabelScore { log_p: child.log_p, is_exact: answers[*label].len() == depth };
        }
        child.labels.retain(|label| answers[*label].len() > depth);
    }
    let best: Vec<f64> = scores.iter().map(|s| best_exact(s)).collect();
    children.retain(|c| !c.labels.is_empty() && c.log_p > best[c.question] - MARGIN);
    children.sort_by(|a, b| a.question.cmp(&b.question).then(b.log_p.total_cmp(&a.log_p)));
    let mut kept: Vec<Branch> = Vec::new();
    for child in children {
        if kept.iter().filter(|k| k.question == child.question).count() < WIDTH {
            kept.push(child);
        }
    }
    kept
}

fn best_exact(scores: &[LabelScore]) -> f64 {
    scores.iter().filter(|s| s.is_exact).map(|s| s.log_p).fold(f64::NEG_INFINITY, f64::max)
}

/// Labels of a question that are not scored in full though their bound is near the best score.
fn undecided(scores: &[LabelScore]) -> Vec<usize> {
    let limit = best_exact(scores) - MARGIN;
    let matters = |s: &LabelScore| !s.is_exact && s.log_p > limit;
    scores.iter().enumerate().filter(|(_, s)| matters(s)).map(|(label, _)| label).collect()
}
