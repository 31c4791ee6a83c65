//! How well a model knows samples, line by line: likelihoods and, if asked, an embedding of each.
//!
//! A file may be larger than memory: some hundred lines are read, computed in batches of similar length, and written in
//! their order. A line that cannot be scored says why and does not end the work.

mod lines;

pub use lines::count_lines;

use crate::data::batch::Batch;
use crate::data::masking::{Encoded, Encoder};
use crate::error::TrainError;
use crate::infer::Chat;
use candle_core::{D, DType, Result as CandleResult, Tensor};
use domain::sample::Sample;
use domain::score::{Likelihood, LineResult, Score, ScoreProblem, ScoredLine};
use lines::{Line, Lines};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Lines that are in memory at a time.
const WINDOW: usize = 256;

/// What is wanted of each line.
#[derive(Clone, Copy, Debug)]
pub struct ScoreOptions {
    /// Longest sample in tokens, if shorter than the model's context.
    pub max_length: Option<usize>,
    /// Tokens computed at a time; memory grows with it.
    pub batch_tokens: usize,
    /// Whether embeddings are written.
    pub embed: bool,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        Self { max_length: None, batch_tokens: 2048, embed: false }
    }
}

/// How many lines got a score and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub scored: u64,
    pub unscored: u64,
}

/// Scores every line of the file `samples` into the new file `out`, which is there when all is done or not at all;
/// `None` when `go_on`, which hears how many lines are done, said to stop.
pub fn score_file(
    chat: Chat,
    samples: &Path,
    out: &Path,
    options: ScoreOptions,
    go_on: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Option<Tally>, TrainError> {
    let written = Partial::beside(out);
    let write = |source| TrainError::Write { path: out.to_owned(), source };
    let mut writer = BufWriter::new(File::create(&written.0).map_err(write)?);
    let mut lines = Lines::open(samples)?;
    let (mut tally, mut done) = (Tally::default(), 0);
    let scorer = Scorer::new(chat, options);
    loop {
        let window = lines.next(WINDOW)?;
        let Some(last) = window.last() else { break };
        done = last.number.max(done);
        for line in scorer.score(window)? {
            match line.result {
                LineResult::Scored(_) => tally.scored += 1,
                LineResult::Unscored { .. } => tally.unscored += 1,
            }
            serde_json::to_writer(&mut writer, &line).map_err(|e| write(e.into()))?;
            writer.write_all(b"\n").map_err(write)?;
        }
        if go_on(done).is_break() {
            return Ok(None);
        }
    }
    let file = writer.into_inner().map_err(|e| write(e.into_error()))?;
    file.sync_all().and_then(|()| std::fs::rename(&written.0, out)).map_err(write)?;
    Ok(Some(tally))
}

/// A file that goes with this value unless it was renamed.
struct Partial(PathBuf);

impl Partial {
    fn beside(out: &Path) -> Self {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        Self(out.with_file_name(name))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A model and what is asked of it.
struct Scorer<'a> {
    chat: Chat<'a>,
    encoder: Encoder<'a>,
    options: ScoreOptions,
}

/// A sample as tokens.
struct Ready {
    /// Every token but the first carries loss.
    encoded: Encoded,
    /// For each token but the first, whether it is of the answer.
    of_answer: Vec<bool>,
    cut_tokens: u32,
}

impl<'a> Scorer<'a> {
    fn new(chat: Chat<'a>, options: ScoreOptions) -> Self {
        let context = chat.decoder.context_length();
        let encoder = Encoder {
            template: chat.template,
            tokenizer: chat.tokenizer,
            end_tokens: &chat.decoder.config.eos_token_ids,
            max_length: options.max_length.map_or(context, |length| length.clamp(2, context.max(2))),
            mask_prompt: true,
        };
        Self { chat, encoder, options }
    }

    /// Scores of all lines, in their order.
    fn score(&self, lines: Vec<Line>) -> CandleResult<Vec<ScoredLine>> {
        let results: Vec<(u64, Result<Ready, ScoreProblem>)> =
            lines.into_iter().map(|line| (line.number, self.ready(line))).collect();
        let mut scores: Vec<Option<Score>> = results.iter().map(|_| None).collect();
        for places in self.batches(&results) {
            let batch: Vec<&Ready> = places.iter().filter_map(|place| results[*place].1.as_ref().ok()).collect();
            for (place, score) in places.iter().zip(self.compute(&batch)?) {
                scores[*place] = score;
            }
        }
        let lines = results.into_iter().zip(scores).map(|((line, ready), score)| {
            let score = ready.and_then(|_| score.ok_or(ScoreProblem::NotANumber));
            let result = score.map_or_else(|problem| LineResult::Unscored { problem }, LineResult::Scored);
            ScoredLine { line, result }
        });
        Ok(lines.collect())
    }

    fn ready(&self, line: Line) -> Result<Ready, ScoreProblem> {
        let text = line.text?;
        let sample: Sample =
            serde_json::from_slice(&text).map_err(|e| ScoreProblem::NotASample { text: e.to_string() })?;
        if sample.answer().is_none() {
            return Err(ScoreProblem::NoAnswer);
        }
        let whole = self.encoder.encode_whole_last_answer(&sample.messages);
        let mut encoded = whole.map_err(|e| ScoreProblem::NotTokenized { text: e.to_string() })?.encoded;
        let limit = self.encoder.max_length;
        let cut_tokens = encoded.ids.len().saturating_sub(limit) as u32;
        encoded.ids.truncate(limit);
        encoded.carries_loss.truncate(limit);
        let of_answer: Vec<bool> = encoded.carries_loss.iter().copied().skip(1).collect();
        if !of_answer.contains(&true) {
            return Err(ScoreProblem::AnswerCut { limit: limit as u32 });
        }
        encoded.carries_loss = vec![true; encoded.ids.len()];
        Ok(Ready { encoded, of_answer, cut_tokens })
    }

    /// Places of lines that are computed together: of similar length, and few enough.
    fn batches(&self, lines: &[(u64, Result<Ready, ScoreProblem>)]) -> Vec<Vec<usize>> {
        let length = |place: usize| lines[place].1.as_ref().map_or(0, |ready| ready.encoded.ids.len());
        let mut sorted: Vec<usize> = (0..lines.len()).filter(|place| length(*place) > 0).collect();
        sorted.sort_by_key(|place| length(*place));
        let (mut batches, mut tokens) = (Vec::<Vec<usize>>::new(), 0);
        for place in sorted {
            tokens += length(place);
            match batches.last_mut().filter(|_| tokens <= self.options.batch_tokens) {
                Some(batch) => batch.push(place),
                None => {
                    tokens = length(place);
                    batches.push(vec![place]);
                }
            }
        }
        batches
    }

    /// One forward pass; `None` for samples whose numbers are none.
    fn compute(&self, samples: &[&Ready]) -> CandleResult<Vec<Option<Score>>> {
        let decoder = self.chat.decoder;
        let batch = Batch::new(&samples.iter().map(|s| &s.encoded).collect::<Vec<_>>(), decoder.device())?;
        let hidden = decoder.hidden(&batch.ids, &batch.targets.lengths)?;
        let losses = decoder.target_losses(&hidden, &batch.targets)?;
        let (mut scores, mut first_row, mut first_loss) = (Vec::with_capacity(samples.len()), 0, 0);
        for sample in samples {
            let tokens = sample.encoded.ids.len();
            let all = &losses[first_loss..first_loss + tokens - 1];
            let answer: Vec<f32> = all.iter().zip(&sample.of_answer).filter(|(_, is)| **is).map(|(x, _)| *x).collect();
            let embedding = match self.options.embed {
                true => Some(embedding(&hidden.narrow(0, first_row, tokens)?)?),
                false => None,
            };
            let is_number = all.iter().chain(embedding.iter().flatten()).all(|x| x.is_finite());
            let likelihoods = Likelihood::of(&answer).zip(Likelihood::of(all)).filter(|_| is_number);
            scores.push(likelihoods.map(|(answer, all)| Score {
                answer,
                all,
                cut_tokens: sample.cut_tokens,
                embedding,
            }));
            (first_row, first_loss) = (first_row + tokens, first_loss + tokens - 1);
        }
        Ok(scores)
    }
}

/// The mean of rows (tokens, hidden), scaled to length 1.
fn embedding(rows: &Tensor) -> CandleResult<Vec<f32>> {
    let mean = rows.to_dtype(DType::F32)?.mean(0)?;
    let length = mean.sqr()?.sum(D::Minus1)?.sqrt()?.to_scalar::<f32>()?.max(f32::MIN_POSITIVE);
    (mean / f64::from(length))?.to_vec1()
}
