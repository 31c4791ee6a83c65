//! Asking a judge for every answer that a judging wants. Each is kept as soon as it is there, so a job that was killed, failed
//! or was cancelled goes on where it was: what is kept is not asked again, and of what was on its way as much is lost as is
//! asked at a time.

use crate::{
    jobs::{JobContext, JobError, writer_of::writer_of},
    writer::{Manner, Reply, WriterError},
};
use domain::{
    id::JudgingId,
    job::{Gone, JobFailure},
    judge::{
        JudgeSpec,
        answer::{Understood, Unparsable, understood},
    },
};
use serde::Serialize;
use std::time::Instant;
use store::judges::{
    judgings::{self, AskJudge},
    rulings::{self, Answered, Question},
};

/// What came of it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Judged {
    /// Answers that this job has got, and those of them that say nothing.
    pub answered: u64,
    pub unparsable: u64,
}

/// The handler.
pub async fn judge(context: JobContext, asked: AskJudge) -> Result<Judged, JobError> {
    ask(&context, asked.judging_id).await
}

/// Asks for all that a judging wants and has not got.
pub(super) async fn ask(context: &JobContext, judging: JudgingId) -> Result<Judged, JobError> {
    let endpoints = context.config.asked_endpoints();
    let found = judgings::to_ask(&context.db, context.project, judging, &endpoints).await?;
    let (spec, progress) = found.ok_or(JobFailure::Gone { what: Gone::Judging })?;
    context.progress("reading", progress.answered, progress.wanted).await?;
    let manner = Manner { temperature: spec.temperature, seed: progress.seed, max_tokens: spec.max_tokens };
    let (mut writer, _name, _files) = writer_of(context, &spec.asked, manner).await?;
    let at_a_time = u32::try_from(writer.at_a_time()).unwrap_or(1);
    let mut counts = Judged::default();
    loop {
        context.progress("judging", progress.answered + counts.answered, progress.wanted).await?;
        let open = rulings::open(&context.db, judging, at_a_time).await?;
        if open.is_empty() {
            return Ok(counts);
        }
        // Repeats differ in their seed: a service that keeps to it would say the same thing each time.
        let questions: Vec<(String, u64)> =
            open.iter().map(|q| (q.prompt(&spec), progress.seed.wrapping_add(u64::from(q.repeat)))).collect();
        let begun = Instant::now();
        let replies = writer.each(&questions).await;
        // Those that were asked together share the time, so that all times add up.
        let elapsed_ms = u32::try_from(begun.elapsed().as_millis() / open.len() as u128).unwrap_or(u32::MAX);
        // An endpoint that refuses whatever it is asked answers nobody: only beside answers is a refusal about its question.
        let refuses_all = progress.answered + counts.answered == 0 && replies.iter().all(Result::is_err);
        let mut failure = None;
        for ((question, (prompt, _)), reply) in open.iter().zip(&questions).zip(replies) {
            let (reply, read) = match reply {
                Ok(reply) => read(&spec, reply),
                Err(WriterError::Refused { detail, .. }) if !refuses_all => {
                    (Reply::default(), Err(Unparsable::Refused { detail }))
                }
                Err(error) => {
                    failure = failure.or(Some(error));
                    continue;
                }
            };
            keep(context, (judging, question), (prompt, &reply), read.as_ref(), elapsed_ms).await?;
            counts.answered += 1;
            counts.unparsable += u64::from(read.is_err());
        }
        if let Some(error) = failure {
            return Err(gave_up(&error));
        }
    }
}

fn gave_up(error: &WriterError) -> JobError {
    JobFailure::Judge { detail: error.to_string() }.into()
}

/// A reply as the database takes it, which is without NUL, and what it says. What was cut may have meant to go on otherwise.
fn read(spec: &JudgeSpec, reply: Reply) -> (Reply, Result<Understood, Unparsable>) {
    let reply = Reply { text: reply.text.replace('\0', "\u{fffd}"), ..reply };
    let read = if reply.is_cut { Err(Unparsable::Cut) } else { understood(spec, &reply.text) };
    (reply, read)
}

/// Keeps an answer.
async fn keep(
    context: &JobContext,
    (judging, question): (JudgingId, &Question),
    (prompt, reply): (&str, &Reply),
    understood: Result<&Understood, &Unparsable>,
    elapsed_ms: u32,
) -> Result<(), JobError> {
    let answered = Answered {
        prompt,
        answer: &reply.text,
        understood,
        prompt_tokens: reply.prompt_tokens,
        answer_tokens: reply.answer_tokens,
        elapsed_ms,
    };
    rulings::keep(&context.db, judging, question, &answered).await?;
    Ok(())
}
