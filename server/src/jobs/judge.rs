//! Asking a judge for every answer that a judging wants. Each is kept as soon as it is there, so a job that was killed, failed
//! or was cancelled goes on where it was: what is kept is not asked again, and of what was on its way as much is lost as is
//! asked at a time.

use crate::{
    jobs::{JobContext, JobError, writer_of::writer_of},
    writer::{Manner, Reply, WriterError},
};
use domain::{
    job::{Gone, JobFailure},
    judge::{JudgeSpec, answer::understood},
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
    let judging = asked.judging_id;
    let found = judgings::to_ask(&context.db, context.project, judging).await?;
    let (spec, progress) = found.ok_or(JobFailure::Gone { what: Gone::Judging })?;
    context.progress("reading", progress.answered, progress.wanted).await?;
    let manner = Manner { temperature: spec.temperature, seed: progress.seed, max_tokens: spec.max_tokens };
    let (mut writer, _name, _files) = writer_of(&context, &spec.asked, manner).await?;
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
        let mut failure = None;
        for ((question, (prompt, _)), reply) in open.iter().zip(&questions).zip(replies) {
            match reply {
                Ok(reply) => {
                    let is_clear = keep(&context, (judging, &spec), question, prompt, &reply, elapsed_ms).await?;
                    counts.answered += 1;
                    counts.unparsable += u64::from(!is_clear);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            return Err(gave_up(&error));
        }
    }
}

fn gave_up(error: &WriterError) -> JobError {
    JobFailure::Judge { detail: error.to_string() }.into()
}

/// Keeps an answer; whether it was understood.
async fn keep(
    context: &JobContext,
    (judging, spec): (domain::id::JudgingId, &JudgeSpec),
    question: &Question,
    prompt: &str,
    reply: &Reply,
    elapsed_ms: u32,
) -> Result<bool, JobError> {
    // The database takes no NUL.
    let answer = reply.text.replace('\0', "\u{fffd}");
    let read = understood(spec, &answer);
    let answered = Answered {
        prompt,
        answer: &answer,
        understood: read.as_ref(),
        prompt_tokens: reply.prompt_tokens,
        answer_tokens: reply.answer_tokens,
        elapsed_ms,
    };
    rulings::keep(&context.db, judging, question, &answered).await?;
    Ok(read.is_ok())
}
