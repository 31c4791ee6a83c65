//! What judges are asked one by one, what they answered, and the answers opened again.

use super::asked;
use crate::{
    StoreError,
    error::{json, to_json},
    samples::content,
};
use domain::{
    id::{JudgingId, ProjectId, SampleId},
    judge::{
        JudgeSpec,
        answer::{Said, Understood, Unparsable},
        prompt::{Texts, filled},
        results::Ruling,
        view::{OpenedRuling, RulingRow},
    },
    page::{Page, clamp_limit},
    sample::Sample,
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::BTreeMap;

/// One answer that is wanted.
#[derive(Clone, Debug)]
pub struct Question {
    pub position: u32,
    pub repeat: u32,
    pub swapped: bool,
    pub sample: Sample,
    /// What the first evaluation's model answered, and the second one's.
    pub first: String,
    pub second: Option<String>,
}

impl Question {
    /// What the judge is sent.
    #[must_use]
    pub fn prompt(&self, spec: &JudgeSpec) -> String {
        let second = self.second.as_deref().unwrap_or_default();
        let (shown_first, shown_second) =
            if self.swapped { (second, self.first.as_str()) } else { (self.first.as_str(), second) };
        let reference = self.sample.answer().unwrap_or_default();
        filled(spec, &Texts { prompt: self.sample.prompt(), reference, first: shown_first, second: shown_second })
    }
}

const TEXTS: &str = "s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, f.output as first_output, g.output as second_output";
const FROM: &str = "from rulings r join judgings j on j.id = r.judging_id join samples s on s.id = r.sample_id \
     join lateral (select output from predictions where eval_id = j.first_eval and position = r.position \
        union all select output from suite_predictions where result_id = j.first_result and position = r.position) f on true \
     left join predictions g on g.eval_id = j.second_eval and g.position = r.position";

fn question(row: &PgRow) -> Result<Question, StoreError> {
    Ok(Question {
        position: row.try_get::<i32, _>("position")?.cast_unsigned(),
        repeat: u32::from(row.try_get::<i16, _>("repeat")?.cast_unsigned()),
        swapped: row.try_get("swapped")?,
        sample: content(row)?,
        first: row.try_get("first_output")?,
        second: row.try_get("second_output")?,
    })
}

/// The next answers that are wanted and not there.
pub async fn open(db: &PgPool, judging: JudgingId, limit: u32) -> Result<Vec<Question>, StoreError> {
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "select r.position, r.repeat, r.swapped, {TEXTS} {FROM} where r.judging_id = $1 and r.answered_at is null \
         order by r.position, r.repeat, r.swapped limit $2"
    )))
    .bind(judging.0)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?
    .iter()
    .map(question)
    .collect()
}

/// The first question that a judge like this would be asked about an evaluation, or two; `None` where there is none. For
/// whoever writes a template and wants to see it filled.
pub async fn example(
    db: &PgPool,
    project: ProjectId,
    first: domain::id::EvalId,
    second: Option<domain::id::EvalId>,
) -> Result<Option<Question>, StoreError> {
    let row = sqlx::query(
        "select f.position, 0::smallint as repeat, false as swapped, s.messages, s.label, s.rejected, s.slices, s.spans, s.choices, \
         f.output as first_output, g.output as second_output from predictions f join evals e on e.id = f.eval_id \
         join samples s on s.id = f.sample_id \
         left join predictions g on g.eval_id = $3 and g.position = f.position and g.sample_id = f.sample_id \
            and exists (select from evals x where x.id = $3 and x.project_id = $1) \
         where e.project_id = $1 and f.eval_id = $2 and s.forgotten_at is null order by f.position limit 1",
    )
    .bind(project.0)
    .bind(first.0)
    .bind(second.map(|id| id.0))
    .fetch_optional(db)
    .await?;
    row.as_ref().map(question).transpose()
}

/// A judge's answer on its way into the table.
#[derive(Clone, Debug)]
pub struct Answered<'a> {
    pub prompt: &'a str,
    pub answer: &'a str,
    pub understood: Result<&'a Understood, &'a Unparsable>,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
    pub elapsed_ms: u32,
}

/// Keeps an answer; false where it is there already, or nobody wants it any more.
pub async fn keep(
    db: &PgPool,
    judging: JudgingId,
    question: &Question,
    answered: &Answered<'_>,
) -> Result<bool, StoreError> {
    let (said, problem, reason) = match answered.understood {
        Ok(understood) => (Some(to_json(&understood.said)?), None, understood.reason.as_str()),
        Err(problem) => (None, Some(to_json(problem)?), ""),
    };
    let tokens = |count: Option<u32>| count.map(|n| i32::try_from(n).unwrap_or(i32::MAX));
    let done = sqlx::query(
        "with done as (update rulings set answered_at = now(), answer = $5, said = $6, problem = $7, reason = $8, \
            prompt_sha256 = sha256(convert_to($9, 'UTF8')), prompt_tokens = $10, answer_tokens = $11, elapsed_ms = $12 \
            where judging_id = $1 and position = $2 and repeat = $3 and swapped = $4 and answered_at is null returning said) \
         update judgings g set answered = g.answered + 1, unparsable = g.unparsable + (done.said is null)::int \
         from done where g.id = $1",
    )
    .bind(judging.0)
    .bind(question.position.cast_signed())
    .bind(i16::try_from(question.repeat).unwrap_or(i16::MAX))
    .bind(question.swapped)
    .bind(answered.answer)
    .bind(said)
    .bind(problem)
    .bind(reason)
    .bind(answered.prompt)
    .bind(tokens(answered.prompt_tokens))
    .bind(tokens(answered.answer_tokens))
    .bind(i32::try_from(answered.elapsed_ms).unwrap_or(i32::MAX))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// All answers that are there, as far as they count.
pub(crate) async fn given(db: &PgPool, judging: JudgingId) -> Result<Vec<Ruling>, StoreError> {
    sqlx::query(
        "select position, repeat, swapped, said from rulings where judging_id = $1 and answered_at is not null \
         order by position, repeat, swapped",
    )
    .bind(judging.0)
    .fetch_all(db)
    .await?
    .iter()
    .map(|row| {
        Ok(Ruling {
            position: row.try_get::<i32, _>("position")?.cast_unsigned(),
            repeat: u32::from(row.try_get::<i16, _>("repeat")?.cast_unsigned()),
            swapped: row.try_get("swapped")?,
            said: row.try_get::<Option<serde_json::Value>, _>("said")?.map(json).transpose()?,
        })
    })
    .collect()
}

/// The fields of the judged samples, by position.
pub(super) async fn fields(
    db: &PgPool,
    judging: JudgingId,
) -> Result<BTreeMap<u32, BTreeMap<String, String>>, StoreError> {
    let rows = sqlx::query(
        "select r.position, s.slices from (select distinct position, sample_id from rulings where judging_id = $1) r \
         join samples s on s.id = r.sample_id where s.slices <> '{}'",
    )
    .bind(judging.0)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get::<i32, _>("position")?.cast_unsigned(), json(row.try_get("slices")?)?)))
        .collect()
}

/// The place of each judged sample.
pub(super) async fn places(db: &PgPool, judging: JudgingId) -> Result<BTreeMap<SampleId, u32>, StoreError> {
    let rows = sqlx::query(
        "select sample_id, min(position) as position from rulings where judging_id = $1 group by sample_id",
    )
    .bind(judging.0)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| Ok((SampleId(row.try_get("sample_id")?), row.try_get::<i32, _>("position")?.cast_unsigned())))
        .collect()
}

fn ruling(row: &PgRow) -> Result<RulingRow, StoreError> {
    let part = |name: &str| row.try_get::<Option<serde_json::Value>, _>(name);
    let tokens = |name: &str| Ok::<_, StoreError>(row.try_get::<Option<i32>, _>(name)?.map(i32::cast_unsigned));
    Ok(RulingRow {
        position: row.try_get::<i32, _>("position")?.cast_unsigned(),
        sample_id: SampleId(row.try_get("sample_id")?),
        repeat: u32::from(row.try_get::<i16, _>("repeat")?.cast_unsigned()),
        swapped: row.try_get("swapped")?,
        said: part("said")?.map(json::<Said>).transpose()?,
        problem: part("problem")?.map(json::<Unparsable>).transpose()?,
        reason: row.try_get("reason")?,
        answer: row.try_get::<Option<String>, _>("answer")?.unwrap_or_default(),
        prompt_tokens: tokens("prompt_tokens")?,
        answer_tokens: tokens("answer_tokens")?,
        elapsed_ms: tokens("elapsed_ms")?.unwrap_or_default(),
    })
}

const RULING: &str = "r.position, r.sample_id, r.repeat, r.swapped, r.said, r.problem, r.reason, r.answer, r.prompt_tokens, \
     r.answer_tokens, r.elapsed_ms";

/// Which answers to show.
#[derive(Clone, Debug, Default)]
pub struct RulingQuery {
    /// Those alone that were not understood.
    pub unparsable: bool,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// A page of a judging's answers by sample; `None` where the project has no such judging.
pub async fn page(
    db: &PgPool,
    project: ProjectId,
    judging: JudgingId,
    query: &RulingQuery,
) -> Result<Option<Page<RulingRow>>, StoreError> {
    if asked(db, project, judging).await?.is_none() {
        return Ok(None);
    }
    let limit = clamp_limit(query.limit);
    let after = query.cursor.as_deref().and_then(parse_cursor);
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {RULING} from rulings r where r.judging_id = $1 and r.answered_at is not null and (not $2 or r.said is null) \
         and ($3::int is null or (r.position, r.repeat, r.swapped) > ($3, $4, $5)) \
         order by r.position, r.repeat, r.swapped limit $6"
    )))
    .bind(judging.0)
    .bind(query.unparsable)
    .bind(after.map(|a| a.0))
    .bind(after.map(|a| a.1))
    .bind(after.map(|a| a.2))
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let mut items = rows.iter().map(ruling).collect::<Result<Vec<_>, _>>()?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor =
        items.last().filter(|_| more).map(|r| format!("{}-{}-{}", r.position, r.repeat, u8::from(r.swapped)));
    Ok(Some(Page { items, next_cursor }))
}

fn parse_cursor(text: &str) -> Option<(i32, i16, bool)> {
    let mut parts = text.split('-');
    let cursor = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()? == "1");
    Some(cursor)
}

/// All answers about one sample with what the judge had been sent; empty where there are none, or not in this project.
pub async fn opened(
    db: &PgPool,
    project: ProjectId,
    judging: JudgingId,
    position: u32,
) -> Result<Vec<OpenedRuling>, StoreError> {
    let Some(asked) = asked(db, project, judging).await? else { return Ok(Vec::new()) };
    let Ok(position) = i32::try_from(position) else { return Ok(Vec::new()) };
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {RULING}, {TEXTS}, r.prompt_sha256 {FROM} where r.judging_id = $1 and r.position = $2 \
         and r.answered_at is not null order by r.repeat, r.swapped"
    )))
    .bind(judging.0)
    .bind(position)
    .fetch_all(db)
    .await?;
    let (mut prompts, mut hashes) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in &rows {
        prompts.push(question(row)?.prompt(&asked.spec));
        hashes.push(row.try_get::<Option<Vec<u8>>, _>("prompt_sha256")?);
    }
    let as_sent: Vec<bool> = sqlx::query_scalar(
        "select coalesce(sha256(convert_to(n.prompt, 'UTF8')) = n.hash, false) \
         from unnest($1::text[], $2::bytea[]) with ordinality as n (prompt, hash, place) order by n.place",
    )
    .bind(&prompts)
    .bind(&hashes)
    .fetch_all(db)
    .await?;
    let opened = rows.iter().zip(prompts).zip(as_sent);
    opened.map(|((row, prompt), is_as_sent)| Ok(OpenedRuling { row: ruling(row)?, prompt, is_as_sent })).collect()
}
