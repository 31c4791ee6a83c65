//! Texts that models wrote from training samples, and what people decided on them.

use crate::{StoreError, error::json, samples::split_code};
use domain::{
    id::{SampleId, UserId, VersionId},
    paraphrase::{Decide, Decision, Gate, Proposal, ProposalCounts, Way},
    sample::{Sample, Split},
};
use sqlx::{PgPool, Row, postgres::PgRow};
use std::collections::HashMap;

/// A text on its way into the table.
#[derive(Clone, Debug)]
pub struct NewProposal {
    pub sample_id: SampleId,
    pub way: Way,
    pub writer: String,
    pub before: String,
    /// What stands before the text in its message.
    pub lead: String,
    pub after: String,
    pub gate: Gate,
}

/// Adds texts. One that the sample has already is left out, and so is one of a sample that was forgotten meanwhile.
pub async fn add(db: &PgPool, version: VersionId, new: &[NewProposal]) -> Result<(), StoreError> {
    let of = |f: &dyn Fn(&NewProposal) -> String| new.iter().map(f).collect::<Vec<_>>();
    sqlx::query(
        "insert into proposals (version_id, sample_id, way, writer, before, lead, after, gate) \
         select $1, n.* from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as n (sample_id, way, writer, before, lead, after, gate) \
         join samples s on s.id = n.sample_id and s.forgotten_at is null on conflict do nothing",
    )
    .bind(version.0)
    .bind(new.iter().map(|p| p.sample_id.0).collect::<Vec<_>>())
    .bind(of(&|p| p.way.as_str().to_owned()))
    .bind(of(&|p| p.writer.clone()))
    .bind(of(&|p| p.before.clone()))
    .bind(of(&|p| p.lead.clone()))
    .bind(of(&|p| p.after.clone()))
    .bind(of(&|p| p.gate.as_str().to_owned()))
    .execute(db)
    .await?;
    Ok(())
}

/// Turns of training samples of a version in an order that the seed decides; none with spans, whose places a text written
/// anew would shift, or with choices, which stand in the text.
pub async fn choose(
    db: &PgPool,
    version: VersionId,
    seed: u64,
    limit: u32,
) -> Result<Vec<(SampleId, Sample)>, StoreError> {
    let rows = sqlx::query(
        "select s.id, s.messages from version_samples vs join samples s on s.id = vs.sample_id \
         where vs.version_id = $1 and vs.split = $2 and s.spans is null and s.choices is null and s.forgotten_at is null order by md5($3 || ':' || s.id::text) limit $4",
    )
    .bind(version.0)
    .bind(split_code(Split::Train))
    .bind(seed.to_string())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let sample = Sample { messages: json(row.try_get("messages")?)?, ..Sample::default() };
            Ok((SampleId(row.try_get("id")?), sample))
        })
        .collect()
}

/// How many texts of a version are where.
pub async fn counts(db: &PgPool, version: VersionId) -> Result<ProposalCounts, StoreError> {
    let row = sqlx::query(
        "select count(*) filter (where decision = 'waiting' and gate = 'passed') as waiting, \
         count(*) filter (where decision = 'waiting' and gate <> 'passed') as stopped, \
         count(*) filter (where decision = 'accepted') as accepted, \
         count(*) filter (where decision = 'rejected') as rejected from proposals where version_id = $1",
    )
    .bind(version.0)
    .fetch_one(db)
    .await?;
    let count = |name: &str| Ok::<_, StoreError>(row.try_get::<i64, _>(name)?.cast_unsigned());
    Ok(ProposalCounts {
        waiting: count("waiting")?,
        stopped: count("stopped")?,
        accepted: count("accepted")?,
        rejected: count("rejected")?,
    })
}

/// Texts of a version with this decision behind `after`, those that passed the gate alone where `passed` says so.
pub async fn page(
    db: &PgPool,
    version: VersionId,
    decision: Decision,
    passed: Option<bool>,
    after: i64,
    limit: u32,
) -> Result<Vec<Proposal>, StoreError> {
    let rows = sqlx::query(
        "select id, sample_id, way, writer, before, after, gate, decision from proposals \
         where version_id = $1 and decision = $2 and id > $3 and ($4::boolean is null or (gate = 'passed') = $4) order by id limit $5",
    )
    .bind(version.0)
    .bind(decision.as_str())
    .bind(after)
    .bind(passed)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await?;
    rows.iter().map(proposal).collect()
}

fn proposal(row: &PgRow) -> Result<Proposal, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("unknown {what} of a proposal"));
    let way: String = row.try_get("way")?;
    Ok(Proposal {
        id: row.try_get("id")?,
        sample_id: SampleId(row.try_get("sample_id")?),
        way: Way::ALL.into_iter().find(|w| w.as_str() == way).ok_or_else(|| corrupt("way"))?,
        writer: row.try_get("writer")?,
        before: row.try_get("before")?,
        after: row.try_get("after")?,
        gate: row.try_get::<String, _>("gate")?.parse().map_err(|()| corrupt("gate"))?,
        decision: row.try_get::<String, _>("decision")?.parse().map_err(|()| corrupt("decision"))?,
    })
}

/// Decides; how many texts that concerned. A text that stands in the version already, perhaps to be tested on, and one that
/// says nothing cannot be accepted.
pub async fn decide(db: &PgPool, version: VersionId, request: &Decide, by: UserId) -> Result<u64, StoreError> {
    let done = sqlx::query(
        "update proposals set decision = $3, decided_by = $4, decided_at = now() where version_id = $1 and \
         case when cardinality($2::bigint[]) = 0 then decision = 'waiting' and gate = 'passed' else id = any($2) end and ($3 <> 'accepted' or gate not in ('known', 'empty'))",
    )
    .bind(version.0)
    .bind(&request.ids)
    .bind(request.decision.as_str())
    .bind(by.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// What takes a text's place in a sample.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub lead: String,
    pub after: String,
    pub way: Way,
}

/// The accepted texts of a version by their sample.
pub async fn accepted(db: &PgPool, version: VersionId) -> Result<HashMap<SampleId, Vec<Accepted>>, StoreError> {
    let rows = sqlx::query(
        "select sample_id, lead, after, way from proposals where version_id = $1 and decision = 'accepted' order by id",
    )
    .bind(version.0)
    .fetch_all(db)
    .await?;
    let mut by_sample: HashMap<SampleId, Vec<Accepted>> = HashMap::new();
    for row in rows {
        let way: String = row.try_get("way")?;
        let way = Way::ALL.into_iter().find(|w| w.as_str() == way);
        let text = Accepted {
            lead: row.try_get("lead")?,
            after: row.try_get("after")?,
            way: way.ok_or_else(|| StoreError::Corrupt("unknown way of a proposal".to_owned()))?,
        };
        by_sample.entry(SampleId(row.try_get("sample_id")?)).or_default().push(text);
    }
    Ok(by_sample)
}
