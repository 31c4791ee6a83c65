//! Exploring a version: search, filters, facets, tags, and the looks at its sealed test split.

use crate::{
    rest::{Json, Path, Problem, auth::Caller},
    state::AppState,
};
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use domain::{
    access::Action,
    explore::{
        Found, LookedBy, MAX_SEARCH_CHARS, MAX_TAG_CHARS, NoFilter, Query, SampleHistory, Sort, TestLooks, parse_tag,
    },
    id::{ProjectId, SampleId, ScoringId, VersionId},
    job::Job,
    page::clamp_limit,
};
use serde::Deserialize;
use store::{
    PgPool,
    access::authorise,
    explore::{
        build::{self, IndexVersion, State as IndexState},
        looks, tags,
    },
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(explore_version))
        .routes(routes!(index_version))
        .routes(routes!(add_tag, remove_tag))
        .routes(routes!(get_sample_history))
        .routes(routes!(list_test_looks))
}

/// Which samples to find, as the document says it; read by [`query_of`], since `f` stands more than once.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query")]
struct ExploreQuery {
    /// Words that must all be there, `"a phrase"`, `begin*`, `-not`. Chinese text is found by the words that it is cut into.
    search: Option<String>,
    /// Filters such as `label:good` or `slice.topic:sums`, any number of times. Values of one field are alternatives,
    /// different fields must all hold. `perplexity.SCORING:LOW..HIGH` finds what is from LOW on and below HIGH under the model
    /// of that scoring; either may be left out.
    f: Option<Vec<String>>,
    #[param(inline)]
    sort: Option<Sort>,
    descending: Option<bool>,
    /// The scoring whose perplexities are counted, as one more facet, and ordered by; the latest one when absent.
    scoring: Option<ScoringId>,
    /// Samples of the test split too. The look is counted, and is on record with your name.
    include_test: Option<bool>,
    /// Whether to count the facets; true when absent. Pages after the first need them no more.
    facets: Option<bool>,
    /// Samples to skip.
    offset: Option<u32>,
    /// Samples at most, 1–500; 50 when absent.
    limit: Option<u32>,
}

/// Reads the query.
fn query_of(raw: Option<&str>) -> Result<Query, Problem> {
    let mut query = Query { limit: clamp_limit(None), ..Query::default() };
    let bad = |name: &str, value: &str| Problem::invalid(name, format!("{value:?} cannot be used here"));
    for (name, value) in url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
        match &*name {
            "search" if value.chars().count() > MAX_SEARCH_CHARS => {
                return Err(Problem::invalid("search", format!("use at most {MAX_SEARCH_CHARS} characters")));
            }
            "search" => query.search = value.into_owned(),
            "f" => query.filters.push(value.parse().map_err(|e: NoFilter| Problem::invalid("f", e))?),
            "sort" => query.sort = value.parse().map_err(|_| bad("sort", &value))?,
            "descending" => query.descending = value.parse().map_err(|_| bad("descending", &value))?,
            "scoring" => query.scoring = Some(value.parse().map_err(|_| bad("scoring", &value))?),
            "include_test" => query.with_test = value.parse().map_err(|_| bad("include_test", &value))?,
            "facets" => query.without_facets = !value.parse::<bool>().map_err(|_| bad("facets", &value))?,
            "offset" => query.offset = value.parse().map_err(|_| bad("offset", &value))?,
            "limit" => query.limit = clamp_limit(Some(value.parse().map_err(|_| bad("limit", &value))?)),
            _ => {}
        }
    }
    Ok(query)
}

/// Search a version's samples, with counts of every facet under the same filters.
///
/// Answers from an index, which a job makes once after the version: 409 until it is there.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/explore", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ExploreQuery), responses((status = OK, body = Found)))]
async fn explore_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Found>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    let mut query = query_of(raw.as_deref())?;
    let scorings = store::scores::list(&db, project, version).await?;
    match query.scoring {
        None => query.scoring = scorings.first().map(|scoring| scoring.id),
        Some(asked) if scorings.iter().all(|scoring| scoring.id != asked) => {
            return Err(Problem::invalid("scoring", format!("no scoring of this version has the id {asked}")));
        }
        Some(_) => {}
    }
    if query.sort == Sort::Perplexity && query.scoring.is_none() {
        return Err(Problem::invalid("sort", "no model has scored this version"));
    }
    if query.with_test {
        looks::record(&db, version, caller.user_id, LookedBy::Api).await?;
    }
    match store::explore::find(&db, version, &query).await? {
        Some(found) => Ok(Json(found)),
        None => {
            let detail = match build::state(&db, version).await? {
                IndexState::Job(job) => format!("the index of this version is not ready: see job {job}"),
                IndexState::Ready | IndexState::Missing => "the index of this version is not ready yet".to_owned(),
            };
            Err(Problem::conflict(detail))
        }
    }
}

/// Make a version's index again, after the job that every version gets has failed. Answers with a job.
#[utoipa::path(post, path = "/projects/{project}/versions/{version}/index", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = ACCEPTED, body = Job)))]
async fn index_version(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    authorise(&db, &caller, project, Action::EditDatasets).await?;
    super::versions::find(&db, project, version).await?;
    let request = IndexVersion { version_id: version };
    let id = store::jobs::enqueue(&db, project, build::KIND, &request, caller.user_id).await?;
    let job = store::jobs::get(&db, project, id).await?.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(job)))
}

/// Put a tag on a sample. Tags belong to the sample, in every version that has it.
#[utoipa::path(put, path = "/projects/{project}/versions/{version}/samples/{sample}/tags/{tag}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ("sample" = SampleId, Path), ("tag" = String, Path)), responses((status = NO_CONTENT)))]
async fn add_tag(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version, sample, tag)): Path<(ProjectId, VersionId, SampleId, String)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    super::versions::find(&db, project, version).await?;
    let tag = parse_tag(&tag)
        .ok_or_else(|| Problem::invalid("tag", format!("use one line of 1 to {MAX_TAG_CHARS} characters")))?;
    let found = tags::add(&db, version, sample, &tag, caller.user_id).await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Take a tag off a sample.
#[utoipa::path(delete, path = "/projects/{project}/versions/{version}/samples/{sample}/tags/{tag}", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ("sample" = SampleId, Path), ("tag" = String, Path)), responses((status = NO_CONTENT)))]
async fn remove_tag(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version, sample, tag)): Path<(ProjectId, VersionId, SampleId, String)>,
) -> Result<StatusCode, Problem> {
    authorise(&db, &caller, project, Action::Annotate).await?;
    super::versions::find(&db, project, version).await?;
    let found = tags::remove(&db, version, sample, tag.trim()).await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Where else a sample is, what it corrects, and what corrects it.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/samples/{sample}/history", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path), ("sample" = SampleId, Path)), responses((status = OK, body = SampleHistory)))]
async fn get_sample_history(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version, sample)): Path<(ProjectId, VersionId, SampleId)>,
) -> Result<Json<SampleHistory>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    store::samples::get(&db, version, sample).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(store::samples::history(&db, project, sample).await?))
}

/// Who had rows of a version's test split shown or sent, and when. What evaluation reads is no look.
#[utoipa::path(get, path = "/projects/{project}/versions/{version}/test-looks", tag = "datasets", params(("project" = ProjectId, Path), ("version" = VersionId, Path)), responses((status = OK, body = TestLooks)))]
async fn list_test_looks(
    State(db): State<PgPool>,
    caller: Caller,
    Path((project, version)): Path<(ProjectId, VersionId)>,
) -> Result<Json<TestLooks>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    super::versions::find(&db, project, version).await?;
    Ok(Json(looks::of_version(&db, version).await?))
}
