//! An endpoint that answers an evaluation, a few questions at a time. Its answers are kept as they come, so that an interrupted
//! job asks only the rest.

use super::{
    answers::{Answered, read_lines},
    questions::{Questions, Work},
};
use crate::{
    jobs::{JobContext, JobError},
    writer::{Manner, Reply, Service, WriterError},
};
use dataprep::answer_filter::AnswerFilter;
use domain::{
    eval::{Prediction, Task},
    job::JobFailure,
    sample::Sample,
    suite::{RunSuite, Timing},
};
use futures::future::join_all;
use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};
use store::suites::answers::{self, Asked, KeptAnswer};

/// Questions that an endpoint is asked at a time.
const AT_A_TIME: usize = 4;
/// Questions after which an endpoint that has refused them all is given up.
const REFUSALS: usize = 20;
/// How an endpoint is to answer: always alike, as far as it can.
pub(super) const MANNER: Manner = Manner { temperature: 0.0, seed: 0, max_tokens: 512 };

/// What is known of the questions of an evaluation, in their order.
struct Told {
    /// `None` of a question that was not asked yet, or refused.
    replies: Vec<Option<Reply>>,
    answered: usize,
    refused: usize,
    elapsed_ms: f64,
}

/// Answers all questions that no earlier attempt has an answer to.
pub(super) async fn answer(
    context: &JobContext,
    service: &Service,
    (request, questions): (&RunSuite, &Questions<'_>),
    work: &Work,
) -> Result<Answered, JobError> {
    let samples: Vec<Sample> = read_lines(&questions.samples).await?;
    let rule = questions.task.as_ref().and_then(|(task, _)| task.filter.clone());
    let filter = rule.map(AnswerFilter::new).transpose();
    let filter = filter.map_err(|error| JobFailure::NotAnswered { detail: error.to_string() })?;
    let asked = Asked { suite: request.suite_id, evaluation: questions.evaluation, candidate: &request.candidate };
    let by = request.again.then_some(context.job);
    let mut told = Told::of(answers::of(&context.db, asked, by).await?, questions);
    let open: Vec<usize> = (0..samples.len()).filter(|index| told.replies[*index].is_none()).collect();
    for together in open.chunks(AT_A_TIME) {
        let (fresh, ended) = told.ask(service, together, (samples.as_slice(), questions)).await;
        answers::keep(&context.db, context.lease(), asked, &fresh).await?;
        ended.map_err(no_answer)?;
        let done = (told.answered + told.refused) as u64;
        context.progress("answering", work.done + done, work.total).await?;
    }
    let timing = told.timing();
    let answer = |(index, (reply, sample)): (usize, (Option<Reply>, &Sample))| match reply {
        Some(reply) => prediction(index, sample, (questions, filter.as_ref()), reply),
        None => refusal(index, sample),
    };
    let predictions = told.replies.into_iter().zip(&samples).enumerate().map(answer).collect();
    Ok(Answered { predictions, timing, trainer: BTreeMap::new() })
}

impl Told {
    /// What was kept of these questions.
    fn of(kept: Vec<KeptAnswer>, questions: &Questions<'_>) -> Self {
        let mut told = Self { replies: vec![None; questions.len()], answered: 0, refused: 0, elapsed_ms: 0.0 };
        let mut by_position: HashMap<u32, KeptAnswer> = kept.into_iter().map(|a| (a.position, a)).collect();
        for (index, (sample, position)) in questions.places().iter().enumerate() {
            let Some(kept) = by_position.remove(position).filter(|kept| kept.sample == *sample) else { continue };
            told.answered += 1;
            told.elapsed_ms += kept.elapsed_ms;
            told.replies[index] = Some(Reply {
                text: kept.reply,
                latency_ms: kept.latency_ms,
                prompt_tokens: kept.prompt_tokens,
                answer_tokens: kept.answer_tokens,
                is_cut: false,
            });
        }
        told
    }

    /// Asks these questions together, and gives the answers to keep. What one question is refused for keeps no other from its
    /// answer, unless no question has one; any other error ends the work once the answers beside it are kept.
    async fn ask(
        &mut self,
        service: &Service,
        together: &[usize],
        (samples, questions): (&[Sample], &Questions<'_>),
    ) -> (Vec<KeptAnswer>, Result<(), WriterError>) {
        let manner = Manner { max_tokens: questions.max_new_tokens(), ..MANNER };
        let began = Instant::now();
        let replies = join_all(together.iter().map(|index| service.reply(samples[*index].prompt(), manner))).await;
        let elapsed_ms = began.elapsed().as_secs_f64() * 1000.0;
        self.elapsed_ms += elapsed_ms;
        let (mut fresh, mut ended) = (Vec::with_capacity(together.len()), Ok(()));
        for (index, reply) in together.iter().zip(replies) {
            match reply {
                Ok(reply) => {
                    let (sample, position) = questions.places()[*index];
                    fresh.push(KeptAnswer {
                        sample,
                        position,
                        reply: reply.text.clone(),
                        latency_ms: reply.latency_ms,
                        prompt_tokens: reply.prompt_tokens,
                        answer_tokens: reply.answer_tokens,
                        elapsed_ms: elapsed_ms / together.len() as f64,
                    });
                    self.answered += 1;
                    self.replies[*index] = Some(reply);
                }
                Err(error @ WriterError::Refused { .. }) => {
                    self.refused += 1;
                    let is_given_up = self.refused == samples.len() || self.refused >= REFUSALS;
                    if self.answered == 0 && is_given_up && ended.is_ok() {
                        ended = Err(error);
                    }
                }
                Err(error) => ended = Err(error),
            }
        }
        (fresh, ended)
    }

    fn timing(&self) -> Timing {
        // A question that was refused took no tokens.
        let sum = |tokens: fn(&Reply) -> Option<u32>| -> Option<u64> {
            self.replies.iter().flatten().map(|reply| tokens(reply).map(u64::from)).sum()
        };
        Timing {
            elapsed_ms: self.elapsed_ms.round() as u64,
            batch: 1,
            input_tokens: sum(|reply| reply.prompt_tokens),
            output_tokens: sum(|reply| reply.answer_tokens),
            ..Timing::default()
        }
    }
}

/// An endpoint tells no likelihoods: what it wrote is the label that it names, whatever its case and with a full stop behind it
/// or not, and otherwise no label.
fn prediction(
    index: usize,
    sample: &Sample,
    (questions, filter): (&Questions<'_>, Option<&AnswerFilter>),
    reply: Reply,
) -> Prediction {
    let written = reply.text.trim();
    let expected = sample.answer().unwrap_or_default().to_owned();
    let output = match questions.evaluation.task {
        Task::Classification => named(written, questions.known.iter()).unwrap_or(written).to_owned(),
        Task::MultipleChoice => named(written, sample.choice_answers().iter()).unwrap_or(written).to_owned(),
        Task::Generation => {
            let ended = questions.ended(&reply.text);
            match filter {
                Some(filter) => filter.take(ended),
                // The first line of a program may be indented.
                None if questions.evaluation.runs_programs() => ended.to_owned(),
                None => ended.trim().to_owned(),
            }
        }
    };
    let mut scores = BTreeMap::from([("latency_ms".to_owned(), reply.latency_ms)]);
    scores.extend(reply.answer_tokens.map(|tokens| ("answer_tokens".to_owned(), tokens as f64)));
    Prediction { index: index as u32, correct: output == expected.trim(), output, expected, scores }
}

/// Of a question that an endpoint refuses: no answer, which is wrong, and took no time.
fn refusal(index: usize, sample: &Sample) -> Prediction {
    let expected = sample.answer().unwrap_or_default().to_owned();
    Prediction { index: index as u32, correct: false, output: String::new(), expected, scores: BTreeMap::new() }
}

fn named<'a>(written: &str, mut labels: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let plain = |text: &str| text.trim().trim_end_matches(['.', '。']).trim_matches(['"', '\'']).to_lowercase();
    let written = plain(written);
    labels.find(|label| plain(label) == written).map(String::as_str)
}

pub(super) fn no_answer(error: WriterError) -> JobError {
    JobFailure::NotAnswered { detail: error.to_string() }.into()
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_written_label_is_known() {
        let labels = ["positive".to_owned(), "负面".to_owned()];
        let find = |text: &str| named(text, labels.iter());
        assert_eq!(
            [find("Positive."), find("\"positive\""), find("负面。")],
            [Some("positive"), Some("positive"), Some("负面")]
        );
        assert_eq!([find("it is positive"), find("")], [None, None]);
    }
}
