//! A run's event stream (Server-Sent Events, WHATWG HTML §9.2): its state, points, log lines and
//! previews as they come. Each event's id says how far the reader is, so that a connection that
//! broke goes on without loss or repetition.

use crate::{
    events::Doorbells,
    rest::{Path, Problem, Query, auth::Caller},
    state::AppState,
};
use app::runs::api::Seen;
use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use domain::{
    access::Action,
    id::{ProjectId, RunId},
    run::{Point, RunState},
};
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, time::Duration};
use store::{PgPool, StoreError, access::authorise};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Points and log lines that are sent at once.
const BATCH: u32 = 5000;
/// Largest `thin`.
const MOST_BUCKETS: u32 = 10_000;
/// Longest time between two looks; a doorbell usually comes first. The queue position of a
/// waiting run changes by other runs' doing, for which no bell rings here.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(run_events))
}

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// Id of the last event that was seen; a `Last-Event-ID` header counts more. Everything when absent.
    after: Option<String>,
    /// For pictures: of many new points at once, send of each series about twice so many (1–10000),
    /// keeping every range's smallest and largest value and the newest point. Every point when absent.
    thin: Option<u32>,
}

/// Follow a run.
///
/// Events: `state` (RunState), `points` (Point[]), `logs` (LogLine[]), `previews` (Preview[]). The stream ends
/// after the final state.
#[utoipa::path(get, path = "/projects/{project}/runs/{run}/events", tag = "runs", params(("project" = ProjectId, Path), ("run" = RunId, Path), EventQuery), responses((status = OK, content_type = "text/event-stream", body = String)))]
async fn run_events(
    State(db): State<PgPool>,
    State(doorbells): State<Doorbells>,
    State(shutdown): State<CancellationToken>,
    caller: Caller,
    Path((project, run)): Path<(ProjectId, RunId)>,
    Query(query): Query<EventQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, StoreError>>>, Problem> {
    authorise(&db, &caller, project, Action::Read).await?;
    // Listen before looking: a change in between rings.
    let rings = doorbells.subscribe();
    store::runs::state(&db, project, run).await?.ok_or_else(Problem::not_found)?;
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).map(str::to_owned).or(query.after);
    let seen = match last {
        Some(text) => text.parse().map_err(|_| Problem::invalid("after", "this is not the id of an event"))?,
        None => Seen { seq: 0, log: 0, preview_step: -1 },
    };
    if query.thin.is_some_and(|n| !(1..=MOST_BUCKETS).contains(&n)) {
        return Err(Problem::invalid("thin", format!("must be between 1 and {MOST_BUCKETS}")));
    }
    let thin = query.thin;
    let follower = Follower { db, project, run, seen, thin, rings, shutdown, state: None, waiting: VecDeque::new() };
    Ok(Sse::new(stream::try_unfold(follower, Follower::next)).keep_alive(KeepAlive::default()))
}

/// Points that a reader has not seen.
struct NewPoints {
    points: Vec<Point>,
    /// Everything up to here is in `points`, or was thinned out.
    last_seq: i64,
    are_more: bool,
}

/// Somebody who follows a run.
struct Follower {
    db: PgPool,
    project: ProjectId,
    run: RunId,
    seen: Seen,
    /// Ranges per series of points that are thinned out.
    thin: Option<u32>,
    rings: broadcast::Receiver<crate::events::Doorbell>,
    shutdown: CancellationToken,
    /// The last state that was sent.
    state: Option<RunState>,
    /// Events that are ready.
    waiting: VecDeque<Event>,
}

impl Follower {
    /// The next event; `None` when the run is over and everything was sent, or the server stops.
    async fn next(mut self) -> Result<Option<(Event, Self)>, StoreError> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(Some((event, self)));
            }
            let is_over = self.state.as_ref().is_some_and(|s| s.status.is_final());
            if !self.look().await? {
                if is_over {
                    return Ok(None);
                }
                let run = self.run;
                let ring = Doorbells::next(&mut self.rings, PATIENCE, |ring| ring.concerns_run(run));
                if self.shutdown.run_until_cancelled(ring).await.is_none() {
                    return Ok(None);
                }
            }
        }
    }

    /// Gets ready what is new; false when nothing is. The state comes last, so that whoever sees
    /// the final one has seen everything.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let state = store::runs::state(&self.db, self.project, self.run).await?;
        let points = self.new_points().await?;
        let logs = store::runs::logs_since(&self.db, self.run, self.seen.log, BATCH).await?;
        let previews = store::runs::previews(&self.db, self.run, self.seen.preview_step).await?;
        self.seen.seq = points.last_seq;
        self.seen.log = logs.last().map_or(self.seen.log, |l| l.id);
        self.seen.preview_step = previews.iter().map(|p| i64::from(p.step)).fold(self.seen.preview_step, i64::max);
        if !points.points.is_empty() {
            self.send("points", &points.points)?;
        }
        if !logs.is_empty() {
            self.send("logs", &logs)?;
        }
        if !previews.is_empty() {
            self.send("previews", &previews)?;
        }
        // What is left comes before the state.
        if let Some(state) = state.filter(|s| !points.are_more && self.is_news(s)) {
            self.send("state", &state)?;
            self.state = Some(state);
        }
        Ok(!self.waiting.is_empty())
    }

    /// The next batch of points; for a picture all there are, thinned out when they are many.
    async fn new_points(&self) -> Result<NewPoints, StoreError> {
        let after = self.seen.seq;
        let limit = self.thin.map_or(BATCH, |buckets| 2 * buckets);
        let points = store::points::since(&self.db, self.run, after, limit).await?;
        let is_full = points.len() as u32 == limit;
        match self.thin.filter(|_| is_full) {
            None => Ok(NewPoints { last_seq: points.last().map_or(after, |p| p.seq), points, are_more: is_full }),
            Some(buckets) => {
                let last_seq = store::points::last_seq(&self.db, self.run).await?;
                let points = store::points::thinned_between(&self.db, self.run, after, last_seq, buckets).await?;
                Ok(NewPoints { points, last_seq, are_more: false })
            }
        }
    }

    /// Whether a state differs from the last one by more than the passing of time.
    fn is_news(&self, state: &RunState) -> bool {
        let Some(last) = &self.state else { return true };
        RunState { elapsed_seconds: last.elapsed_seconds, ..state.clone() } != *last
    }

    fn send<T: Serialize>(&mut self, name: &str, data: &T) -> Result<(), StoreError> {
        let event = Event::default().event(name).id(self.seen.to_string()).json_data(data);
        self.waiting.push_back(event.map_err(|e| StoreError::Corrupt(e.to_string()))?);
        Ok(())
    }
}
