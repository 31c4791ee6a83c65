//! Making a task's items: one statement, in one transaction with the mark that they are all there.

use super::setting::{COLUMNS, Setting};
use crate::{
    StoreError,
    samples::{content, split_code},
};
use domain::{
    annotation::{
        batch::{BatchOpening, MAX_BATCHES},
        distribution::{Distribution, Order, Review},
        view::Source,
    },
    id::TaskId,
    sample::Speaker,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

/// The kind of job that does it.
pub const KIND: &str = "fill_annotation";
/// Items whose beginnings are compared to find what all share.
const LEADS: i64 = 200;

/// What the job is to fill.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FillAnnotation {
    pub task_id: TaskId,
}

/// Makes a task's items; how many there are. A task that has them, or that is gone, gets none.
pub async fn fill(db: &PgPool, task: TaskId) -> Result<u64, StoreError> {
    let mut tx = db.begin().await?;
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "select {COLUMNS}, t.version_id from annotation_tasks t where t.id = $1 and t.filled_at is null for update"
    )))
    .bind(task.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(0) };
    let setting = Setting::of(&row)?;
    let made = insert(&mut tx, &setting, row.try_get("version_id")?).await?;
    let made = pair_up(&mut tx, task, made).await?;
    cut(&mut tx, task, setting.distribution.batch_opening).await?;
    let lead = lead(&mut tx, task).await?;
    sqlx::query("update annotation_tasks set filled_at = now(), lead = $2 where id = $1")
        .bind(task.0)
        .bind(lead)
        .execute(&mut *tx)
        .await?;
    // Without fresh statistics the first items of a large task would be looked for badly.
    sqlx::query("analyze annotation_items").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// The samples that become items, as `chosen (sample_id, position)`: $2 the version, $3 splits or $4 evaluations, $5 whether
/// only wrong ones.
fn chosen(source: &Source) -> &'static str {
    match source {
        // A sample that stands in the version more than once is judged once.
        Source::Version { .. } => {
            "select vs.sample_id, min(vs.position) as position from version_samples vs \
             where vs.version_id = $2 and vs.split = any($3) \
             and not exists (select from samples s where s.id = vs.sample_id and s.forgotten_at is not null) group by vs.sample_id"
        }
        Source::Evaluations { .. } => {
            "select p.sample_id, min(p.position) as position from predictions p \
             where p.eval_id = any($4) \
             and not exists (select from samples s where s.id = p.sample_id and s.forgotten_at is not null) \
             group by p.sample_id having count(distinct p.eval_id) = cardinality($4) and (not $5 or not bool_and(p.correct))"
        }
    }
}

/// By what items are ordered: an expression over `c` (chosen), `e` (what models answered) and `l` (losses).
fn order(order: Order) -> &'static str {
    match order {
        Order::Given => "c.position",
        Order::Random => "md5($6 || ':order:' || c.sample_id), c.position",
        Order::Loss => "l.answer_loss desc nulls last, c.position",
        Order::Uncertainty => {
            "coalesce(e.unsure, 1 - case when l.answer_loss > 700 then 0 else exp(-l.answer_loss) end) desc nulls last, c.position"
        }
        Order::Disagreement => "e.outputs desc nulls last, c.position",
        Order::Errors => "e.wrong desc nulls last, c.position",
    }
}

/// What models answered. Of a version without suggestions, whatever its evaluations say. `unsure` is 1 − p of the label that was
/// chosen (least confidence, Settles 2009), and where no label was chosen among all, 1 − the geometric mean of p of the expected
/// tokens: both from 0 to 1. `exp` fails below e^−700.
const MODELS: &str = "left join (select p.sample_id, count(distinct p.output) as outputs, bool_or(not p.correct) as wrong, \
     max(1 - coalesce((p.scores->>'label_probability')::float8, case when n.loss > 700 then 0 else exp(-n.loss) end)) as unsure \
     from predictions p cross join lateral (select (p.scores->>'negative_log_likelihood')::float8 as loss) n where p.eval_id = any($4) or (cardinality($4) = 0 and p.eval_id in (select id from evals where version_id = $2)) \
     group by p.sample_id) e on e.sample_id = c.sample_id";
/// Losses of the latest scoring.
const LOSSES: &str = "left join sample_scores l on l.sample_id = c.sample_id and l.scoring_id = \
     (select id from scorings where version_id = $2 order by created_at desc limit 1)";

/// A number from 0 to below 1 that the seed, a word and the sample decide; seed and sample are expressions.
pub(super) fn drawn(word: &str, seed: &str, sample: &str) -> String {
    format!("(('x' || substr(md5({seed} || ':{word}:' || {sample}), 1, 8))::bit(32)::bigint / 4294967296.0)")
}

async fn insert(tx: &mut PgConnection, task: &Setting, version: Uuid) -> Result<u64, StoreError> {
    let (splits, limit, only_wrong): (Vec<i16>, u32, bool) = match &task.source {
        Source::Version { splits, limit, .. } => (splits.iter().map(|s| split_code(*s)).collect(), *limit, false),
        Source::Evaluations { limit, only_wrong, .. } => (Vec::new(), *limit, *only_wrong),
    };
    let (models, losses) = match task.distribution.order {
        Order::Disagreement | Order::Errors | Order::Uncertainty => {
            (MODELS, if task.distribution.order == Order::Uncertainty { LOSSES } else { "" })
        }
        Order::Loss => ("", LOSSES),
        Order::Given | Order::Random => ("", ""),
    };
    let statement = format!(
        "with chosen as ({chosen}), \
         ordered as (select c.sample_id, (row_number() over (order by {order}) - 1)::int as rank from chosen c {models} {losses}), \
         shared as (select o.sample_id, o.rank, (case when {overlaps} < $7 then $8 else 1 end)::smallint as wanted, {reviewed} < $9 as drawn \
            from ordered o where $10 = 0 or o.rank < $10) \
         insert into annotation_items (task_id, rank, sample_id, wanted, free, drawn_for_review, batch) \
         select $1, rank, sample_id, wanted, wanted, drawn, \
         case when $11 = 0 then 1 else 1 + (rank / greatest($11, ((select count(*) from shared) + $12 - 1) / $12))::int end \
         from shared order by rank",
        chosen = chosen(&task.source),
        order = order(task.distribution.order),
        overlaps = drawn("overlap", "$6", "o.sample_id"),
        reviewed = drawn("review", "$6", "o.sample_id"),
    );
    let Distribution { seed, overlap, overlap_share, review, review_share, batch_size, .. } = &task.distribution;
    let done = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(task.id.0)
        .bind(version)
        .bind(splits)
        .bind(task.evals().iter().map(|id| id.0).collect::<Vec<_>>())
        .bind(only_wrong)
        .bind(seed.to_string())
        .bind(*overlap_share)
        .bind(i32::try_from(*overlap).unwrap_or(1))
        .bind(if *review == Review::Share { *review_share } else { 0.0 })
        .bind(i64::from(limit))
        .bind(i64::from(*batch_size))
        .bind(i64::from(MAX_BATCHES))
        .execute(tx)
        .await?;
    Ok(done.rows_affected())
}

/// Makes the batches that the items name. What a batch of an earlier filling was called stays.
async fn cut(tx: &mut PgConnection, task: TaskId, opening: BatchOpening) -> Result<(), StoreError> {
    for statement in [
        "insert into annotation_batches as b (task_id, number, first_rank, last_rank, status) \
         select $1, batch, min(rank), max(rank), case when $2 or batch = 1 then 'open' else 'waiting' end \
         from annotation_items where task_id = $1 group by batch order by batch \
         on conflict (task_id, number) do update set first_rank = excluded.first_rank, last_rank = excluded.last_rank, status = excluded.status",
        "delete from annotation_batches b where task_id = $1 and number > 1 and $2 is not null \
         and not exists (select from annotation_items i where i.task_id = $1 and i.rank between b.first_rank and b.last_rank and i.batch = b.number)",
        "delete from annotation_counts c where task_id = $1 and $2 is not null \
         and not exists (select from annotation_batches b where b.task_id = $1 and b.number = c.batch)",
    ] {
        sqlx::query(statement).bind(task.0).bind(opening == BatchOpening::All).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Gives each item of a task that compares pairs of evaluations its pair, as many items a sample as the task wants; how many
/// items there are. Samples come again only behind all others, with another pair.
async fn pair_up(tx: &mut PgConnection, task: TaskId, made: u64) -> Result<u64, StoreError> {
    let more = sqlx::query(
        "insert into annotation_items (task_id, rank, sample_id, wanted, free, drawn_for_review) \
         select i.task_id, i.rank + n.round * $2, i.sample_id, i.wanted, i.free, i.drawn_for_review \
         from annotation_items i join annotation_tasks t on t.id = i.task_id, generate_series(1, t.pairs_per_sample - 1) as n (round) \
         where i.task_id = $1 and t.pairs is not null",
    )
    .bind(task.0)
    .bind(i32::try_from(made).unwrap_or(i32::MAX))
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update annotation_items i set pair = array[(p.pair->>0)::smallint, (p.pair->>1)::smallint] from \
         (select x.id, t.pairs->((x.rank % $2 + x.rank / $2) % jsonb_array_length(t.pairs)) as pair \
            from annotation_items x join annotation_tasks t on t.id = x.task_id where x.task_id = $1 and t.pairs is not null) p \
         where i.id = p.id",
    )
    .bind(task.0)
    .bind(i32::try_from(made.max(1)).unwrap_or(i32::MAX))
    .execute(tx)
    .await?;
    Ok(made + more.rows_affected())
}

/// The instruction that the last user turns of the first items begin with, up to a blank line; empty where there is none.
async fn lead(tx: &mut PgConnection, task: TaskId) -> Result<String, StoreError> {
    let rows = sqlx::query(
        "select s.messages, s.label, s.rejected, s.slices, s.spans, s.choices from annotation_items i join samples s on s.id = i.sample_id \
         where i.task_id = $1 order by i.rank limit $2",
    )
    .bind(task.0)
    .bind(LEADS)
    .fetch_all(tx)
    .await?;
    let mut turns = Vec::with_capacity(rows.len());
    for row in &rows {
        let messages = content(row)?.messages;
        turns.extend(messages.into_iter().rev().find(|m| m.role == Speaker::User).map(|m| m.content));
    }
    Ok(shared_lead(&turns))
}

fn shared_lead(turns: &[String]) -> String {
    let [first, rest @ ..] = turns else { return String::new() };
    let shared = rest.iter().fold(first.as_str(), |lead, turn| {
        let same = lead.chars().zip(turn.chars()).take_while(|(a, b)| a == b);
        &lead[..same.map(|(c, _)| c.len_utf8()).sum()]
    });
    let end = if rest.is_empty() { None } else { shared.rfind("\n\n") };
    end.map_or_else(String::new, |at| shared[..at + 2].to_owned())
}

#[cfg(test)]
mod tests {
    use super::shared_lead;

    #[test]
    fn an_instruction_is_what_all_turns_begin_with() {
        let turns = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert_eq!(shared_lead(&turns(&["标注地名。\n\n北京", "标注地名。\n\n北海"])), "标注地名。\n\n");
        assert_eq!(shared_lead(&turns(&["Beijing is far", "Beijing is near"])), "");
        assert_eq!(shared_lead(&turns(&["Mark places.\n\nBeijing"])), "", "one text shares nothing");
        assert_eq!(shared_lead(&[]), "");
    }
}
