//! What a version's data card is made of: facts that stand in many tables.

use crate::{
    StoreError,
    error::{json, word},
    explore::looks,
    split_checks,
};
use domain::{
    card::{CardLeaks, CardRun, CardScript, CardSource, CardStep, DataCard, RUNS_LISTED, STEPS_LISTED},
    dataset::{Origin, Version},
    id::{ProjectId, RunId, VersionId},
    split::LeakCheck,
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// The card of one of the project's versions.
pub async fn get(db: &PgPool, project: ProjectId, version: &Version) -> Result<DataCard, StoreError> {
    let row = sqlx::query("select description, license from datasets where id = $1")
        .bind(version.dataset_id.0)
        .fetch_one(db)
        .await?;
    let steps = steps(db, project, version.id).await?;
    let mut sources = Vec::new();
    for step in &steps {
        if let Some(source) = source(db, project, &step.origin).await?
            && !sources.contains(&source)
        {
            sources.push(source);
        }
    }
    let leaks = split_checks::get(db, version.id, &LeakCheck::default()).await?;
    let looks = looks::of_version(db, version.id).await?;
    let (runs, runs_total) = runs(db, project, version.id).await?;
    Ok(DataCard {
        dataset_id: version.dataset_id,
        version_id: version.id,
        name: version.dataset_name.clone(),
        number: version.number,
        description: row.try_get("description")?,
        license: row.try_get("license")?,
        note: version.note.clone(),
        created_by: version.created_by.clone(),
        created_at: version.created_at,
        sources,
        steps,
        stats: version.stats.clone(),
        scripts: scripts(db, version.id).await?,
        tokenizers: tokenizers(db, project, version).await?,
        leaks: leaks.map(|(_, found)| CardLeaks { held_out: found.validation + found.test, found: found.blocking() }),
        test_looks: looks.count,
        test_lookers: looks.people,
        runs,
        runs_total,
    })
}

/// The versions that a version was made from, itself last.
async fn steps(db: &PgPool, project: ProjectId, version: VersionId) -> Result<Vec<CardStep>, StoreError> {
    let step = |row: &PgRow| {
        Ok(CardStep {
            version_id: VersionId(row.try_get("id")?),
            dataset_name: row.try_get("name")?,
            number: row.try_get::<i32, _>("number")?.cast_unsigned(),
            origin: json(row.try_get("origin")?)?,
            samples: row.try_get::<i64, _>("samples")?.cast_unsigned(),
            at: row.try_get("created_at")?,
        })
    };
    // The sources of a mixture stand in its origin.
    let mut steps = sqlx::query(
        "with recursive up as (select id, parent_id, origin from dataset_versions where id = $1 \
         union select v.id, v.parent_id, v.origin from up join dataset_versions v on v.id = up.parent_id or v.id in \
            (select (s->>'version_id')::uuid from jsonb_array_elements(case when up.origin->>'kind' = 'merge' then up.origin->'sources' else '[]' end) s)) \
         select v.id, d.name, v.number, v.origin, (v.stats->>'samples')::bigint as samples, v.created_at \
         from up join dataset_versions v on v.id = up.id join datasets d on d.id = v.dataset_id \
         where d.project_id = $2 order by v.created_at desc, v.number desc limit $3",
    )
    .bind(version.0)
    .bind(project.0)
    .bind(STEPS_LISTED as i64)
    .fetch_all(db)
    .await?
    .iter()
    .map(step)
    .collect::<Result<Vec<_>, StoreError>>()?;
    steps.reverse();
    Ok(steps)
}

/// The file that a version was read from, and where it was fetched.
async fn source(db: &PgPool, project: ProjectId, origin: &Origin) -> Result<Option<CardSource>, StoreError> {
    let Origin::Import { file_name, size_bytes, sha256, syntax, encoding, packing, .. } = origin else {
        return Ok(None);
    };
    let url: Option<String> = sqlx::query_scalar(
        "select j.payload->>'url' from uploads u join jobs j on j.project_id = u.project_id and j.kind = 'fetch_upload' \
         and j.result->>'upload_id' = u.id::text where u.project_id = $1 and u.sha256 = $2 and u.file_name = $3 \
         order by u.created_at limit 1",
    )
    .bind(project.0)
    .bind(sha256)
    .bind(file_name)
    .fetch_optional(db)
    .await?;
    Ok(Some(CardSource {
        file_name: file_name.clone(),
        sha256: sha256.clone(),
        size_bytes: *size_bytes,
        syntax: *syntax,
        encoding: encoding.clone(),
        packing: *packing,
        // What follows the path may be a signature that opens the file.
        url: url.map(|url| url.split(['?', '#']).next().unwrap_or_default().to_owned()),
    }))
}

/// What the samples are written in, as the version's index counted it.
async fn scripts(db: &PgPool, version: VersionId) -> Result<Vec<CardScript>, StoreError> {
    let found: Vec<(String, i64)> = sqlx::query_as(
        "select f.value, sum(f.count)::bigint as samples from version_facets f join version_indexes i on i.version_id = f.version_id \
         where f.version_id = $1 and f.field = 'script' and i.built_at is not null group by f.value order by samples desc, f.value",
    )
    .bind(version.0)
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().map(|(script, n)| CardScript { script, samples: n.cast_unsigned() }).collect())
}

/// Ids and names of the models whose tokenizers were run over the version.
async fn tokenizers(db: &PgPool, project: ProjectId, version: &Version) -> Result<Vec<(String, String)>, StoreError> {
    let ids: Vec<&str> = version.stats.tokens.keys().map(String::as_str).collect();
    Ok(sqlx::query_as("select id::text, name from models where project_id = $1 and id::text = any($2) order by name")
        .bind(project.0)
        .bind(ids)
        .fetch_all(db)
        .await?)
}

/// The newest runs on a version, and how many there are.
async fn runs(db: &PgPool, project: ProjectId, version: VersionId) -> Result<(Vec<CardRun>, u64), StoreError> {
    let found = sqlx::query(
        "select id, number, name, status, count(*) over () as total from runs \
         where project_id = $1 and version_id = $2 order by number desc limit $3",
    )
    .bind(project.0)
    .bind(version.0)
    .bind(RUNS_LISTED as i64)
    .fetch_all(db)
    .await?;
    let run = |row: &PgRow| {
        Ok(CardRun {
            id: RunId(row.try_get("id")?),
            number: row.try_get("number")?,
            name: row.try_get("name")?,
            status: word(row.try_get("status")?)?,
        })
    };
    let total: i64 = found.first().map(|row| row.try_get("total")).transpose()?.unwrap_or_default();
    Ok((found.iter().map(run).collect::<Result<_, StoreError>>()?, total.cast_unsigned()))
}
