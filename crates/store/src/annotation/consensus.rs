//! What the judgements of each item come to, computed for a whole task.

use super::{
    head::head,
    loaded::{self, Counted},
};
use crate::{StoreError, error::to_json};
use domain::{
    annotation::{
        agreement_view::Computed,
        answer::{Answer, Judgement},
        consensus::{Agreed, Outcome, dawid_skene, has_categories, majority, of_answers, outcome},
        design::Design,
        view::{Consensus, ConsensusMethod, Person},
    },
    id::{ItemId, ProjectId, TaskId},
};
use sqlx::{PgPool, Row};
use std::collections::{BTreeMap, HashMap};

/// Items at a time. Dawid and Skene's model is made of each batch by itself.
const BATCH: i64 = 20_000;

/// Cells of the table that the model is made of, an item and a person each: of many people fewer items are taken together.
const MAX_CELLS: usize = 2_000_000;

/// Which current judgements an item `i` has, told by their ids: another text once one comes or goes.
const SAID: &str = "md5((select coalesce(string_agg(j.id::text, ',' order by j.id), '') from judgements j where j.item_id = i.id \
     and j.superseded_at is null and j.origin in ('annotator', 'import')))";

/// Computes the consensus of all items that have the judgements they want. What a person has decided stays. Items on which
/// people differ too much wait for an adjudicator. `None` where the project has no such task.
pub async fn compute(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    method: ConsensusMethod,
) -> Result<Option<Computed>, StoreError> {
    of_all(db, project, task, method, true).await
}

/// The majority's answers for judged items that wait for nobody and have no consensus yet, before something is made of a
/// task's labels. Those on which no majority decides wait for an adjudicator from then on.
pub async fn complete(db: &PgPool, project: ProjectId, task: TaskId) -> Result<Option<Computed>, StoreError> {
    of_all(db, project, task, ConsensusMethod::Majority, false).await
}

async fn of_all(
    db: &PgPool,
    project: ProjectId,
    task: TaskId,
    method: ConsensusMethod,
    anew: bool,
) -> Result<Option<Computed>, StoreError> {
    let Some(head) = head(db, project, task).await? else { return Ok(None) };
    let decided_by_hand =
        "select count(*) from annotation_items where task_id = $1 and gold is null and consensus->>'method' = 'expert'";
    let kept: i64 = sqlx::query_scalar(decided_by_hand).bind(task.0).fetch_one(db).await?;
    let mut computed = Computed { kept: kept.cast_unsigned(), ..Computed::default() };
    if method == ConsensusMethod::Expert {
        return Ok(Some(computed));
    }
    let mut after = -1;
    loop {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "select i.id, i.rank, {SAID} as said from annotation_items i where i.task_id = $1 and i.rank > $2 and i.gold is null \
             and i.status in ('judged', 'review', 'adjudication') and i.consensus->>'method' is distinct from 'expert' \
             and ($4 or (i.consensus is null and i.status = 'judged')) order by i.rank limit $3"
        )))
        .bind(task.0)
        .bind(after)
        .bind(BATCH)
        .bind(anew)
        .fetch_all(db)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get::<i32, _>("rank")?;
        let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<i64>, _>>()?;
        let mut said = HashMap::with_capacity(rows.len());
        for row in &rows {
            said.insert(row.try_get::<i64, _>("id")?, row.try_get::<String, _>("said")?);
        }
        let judged = loaded::counted(db, task, &ids).await?;
        let design = head.design.clone();
        // A model of many raters takes a while.
        let outcomes = tokio::task::spawn_blocking(move || outcomes(&design, &judged, method));
        let outcomes = outcomes.await.map_err(|e| StoreError::Corrupt(e.to_string()))?;
        for (_, outcome) in &outcomes {
            let counter = if outcome.is_decided() { &mut computed.decided } else { &mut computed.undecided };
            *counter += 1;
        }
        keep(db, &outcomes, &said, method).await?;
    }
    Ok(Some(computed))
}

fn outcomes(
    design: &Design,
    judged: &HashMap<ItemId, Vec<Counted>>,
    method: ConsensusMethod,
) -> Vec<(ItemId, Outcome)> {
    let mut items: Vec<(ItemId, &Vec<Counted>)> = judged.iter().map(|(id, counted)| (*id, counted)).collect();
    items.sort_by_key(|(id, _)| *id);
    let modelled = if method == ConsensusMethod::DawidSkene { modelled(design, &items) } else { BTreeMap::new() };
    let of_item = |(at, (id, counted)): (usize, &(ItemId, &Vec<Counted>))| {
        let judgements: Vec<&Judgement> = counted.iter().map(|c| &c.judgement).collect();
        if modelled.is_empty() {
            return (*id, majority(design, &judgements));
        }
        let mut found: BTreeMap<String, Option<Agreed>> = BTreeMap::new();
        for question in &design.questions {
            let answers: Vec<&Answer> =
                judgements.iter().filter(|j| !j.cannot_judge).filter_map(|j| j.answers.get(&question.name)).collect();
            if !answers.is_empty() {
                let agreed = match modelled.get(question.name.as_str()) {
                    Some(model) => model.get(at).cloned().flatten(),
                    None => of_answers(question, &answers),
                };
                found.insert(question.name.clone(), agreed);
            }
        }
        (*id, outcome(design, &judgements, found))
    };
    items.iter().enumerate().map(of_item).collect()
}

/// Answers by Dawid and Skene's model, of each question with categories one an item.
fn modelled<'a>(design: &'a Design, items: &[(ItemId, &Vec<Counted>)]) -> BTreeMap<&'a str, Vec<Option<Agreed>>> {
    let mut people: HashMap<&Person, usize> = HashMap::new();
    for counted in items.iter().flat_map(|(_, counted)| counted.iter()) {
        let next = people.len();
        people.entry(&counted.by).or_insert(next);
    }
    let of_question = |q: &'a domain::annotation::design::Question| {
        let rows: Vec<Vec<(usize, &Answer)>> = items
            .iter()
            .map(|(_, counted)| {
                let able = counted.iter().filter(|c| !c.judgement.cannot_judge);
                able.filter_map(|c| Some((*people.get(&c.by)?, c.judgement.answers.get(&q.name)?))).collect()
            })
            .collect();
        let together = (MAX_CELLS / people.len().max(1)).max(1);
        let agreed = rows.chunks(together).flat_map(|rows| dawid_skene(&q.kind, rows, people.len()));
        (q.name.as_str(), agreed.collect())
    };
    design.questions.iter().filter(|q| has_categories(&q.kind)).map(of_question).collect()
}

/// Writes what was computed of these items, which had these judgements ([`SAID`]); an item that somebody judged or decided
/// meanwhile stays as it is.
async fn keep(
    db: &PgPool,
    outcomes: &[(ItemId, Outcome)],
    said: &HashMap<i64, String>,
    method: ConsensusMethod,
) -> Result<(), StoreError> {
    let (mut ids, mut statuses, mut consensus, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        ids.push(id.0);
        read.push(said.get(&id.0).cloned().unwrap_or_default());
        statuses.push(match (outcome.cannot_judge, outcome.is_decided()) {
            (true, _) => "excluded",
            (false, true) => "judged",
            (false, false) => "adjudication",
        });
        let answers = outcome.agreed.iter().map(|(name, agreed)| (name.clone(), agreed.answer.clone())).collect();
        let confidence = outcome.agreed.iter().map(|(name, agreed)| (name.clone(), agreed.confidence)).collect();
        let found = outcome.is_decided() && !outcome.cannot_judge;
        consensus.push(found.then(|| to_json(&Consensus { answers, confidence, method })).transpose()?);
    }
    let mut tx = db.begin().await?;
    // A statement that waits for a lock sees the judgements as they were before: the locks come first.
    sqlx::query("select from annotation_items where id = any($1) order by id for no key update")
        .bind(&ids)
        .execute(&mut *tx)
        .await?;
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "update annotation_items i set consensus = n.consensus, \
         status = case when i.status = 'review' and n.status = 'judged' then i.status else n.status end \
         from unnest($1::bigint[], $2::text[], $3::jsonb[], $4::text[]) as n (id, status, consensus, said) \
         where i.id = n.id and i.gold is null and {SAID} = n.said and i.status in ('judged', 'review', 'adjudication') \
         and i.consensus->>'method' is distinct from 'expert'"
    )))
    .bind(ids)
    .bind(statuses)
    .bind(consensus)
    .bind(read)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}
