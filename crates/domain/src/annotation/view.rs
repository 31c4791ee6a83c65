//! What is shown of annotation tasks, and what is asked of them: the shapes that pages, REST and the store share.

use super::{
    ItemStatus, Origin, TaskStatus, Verdict,
    answer::{Answer, ItemContent, Judgement},
    batch::{Due, NamedGroup},
    design::Design,
    distribution::Distribution,
};
use crate::id::{DatasetId, EvalId, GroupId, ItemId, JobId, JudgementId, TaskId, UserId, VersionId};
use crate::sample::Split;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a task is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = TaskSource))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// Samples of a version; the sealed test split is looked at (and that is on record) where it is among the splits.
    Version {
        version_id: VersionId,
        splits: Vec<Split>,
        /// The first so many in the task's order; 0: all.
        #[serde(default)]
        limit: u32,
        /// The evaluation whose predictions stand in the fields at first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggestions: Option<EvalId>,
    },
    /// What models answered in evaluations of one version and split: one to judge it, several to compare them.
    Evaluations {
        eval_ids: Vec<EvalId>,
        /// Only samples that one of them got wrong.
        #[serde(default)]
        only_wrong: bool,
        #[serde(default)]
        limit: u32,
    },
}

/// What makes a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTask {
    pub name: String,
    pub source: Source,
    pub design: Design,
    #[serde(default)]
    pub distribution: Distribution,
    /// Markdown.
    #[serde(default)]
    pub guideline: String,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub deadline: Option<OffsetDateTime>,
    /// Without any, and without groups, the task is open to everyone in the project who may annotate.
    #[serde(default)]
    pub annotators: Vec<UserId>,
    /// Groups that work on it beside them.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// Without any everyone who may edit datasets reviews.
    #[serde(default)]
    pub reviewers: Vec<UserId>,
}

/// A task as a line of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskSummary {
    pub id: TaskId,
    pub name: String,
    pub status: TaskStatus,
    pub dataset_id: DatasetId,
    pub dataset_name: String,
    pub version_id: VersionId,
    pub version_number: u32,
    pub counts: ItemCounts,
    /// Whether its items are all made.
    pub filled: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline: Option<OffsetDateTime>,
    /// A deadline of the task or of an open batch has passed while judgements are missing, and it is not closed.
    pub overdue: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub created_by: String,
}

/// How many items are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemCounts {
    pub open: u64,
    pub judged: u64,
    pub review: u64,
    pub adjudication: u64,
    pub accepted: u64,
    pub excluded: u64,
    /// Gold items; they are in none of the other counts.
    pub gold: u64,
    /// Judgements wanted and given, gold items left out.
    pub wanted: u64,
    pub given: u64,
}

impl ItemCounts {
    /// All items but gold ones.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.open + self.judged + self.review + self.adjudication + self.accepted + self.excluded
    }

    /// What somebody sees of them who has judged so many and must not know how far others are, nor whether they differ.
    #[must_use]
    pub fn own(&self, judged: u64) -> Self {
        let total = self.total();
        let judged = judged.min(total);
        Self { open: total - judged, judged, wanted: total, given: judged, ..Self::default() }
    }
}

/// A task whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnnotationTask))]
pub struct Task {
    #[serde(flatten)]
    pub summary: TaskSummary,
    pub source: Source,
    pub design: Design,
    pub distribution: Distribution,
    pub guideline: Guideline,
    pub annotators: Vec<Person>,
    pub groups: Vec<NamedGroup>,
    pub reviewers: Vec<Person>,
    /// An edit names the revision it saw.
    pub revision: i32,
}

/// A person by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnnotationPerson))]
pub struct Person {
    pub id: UserId,
    pub name: String,
}

/// One revision of a task's guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guideline {
    pub revision: i32,
    pub text: String,
    /// Labels whose rules this revision changed.
    pub touched: Vec<String>,
    /// Current judgements that say one of those labels and were made under an earlier revision.
    pub judgements_touched: u64,
    pub by: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What may be changed of a task: whatever is given. The design only while it is a draft.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TaskEdit {
    /// The revision that the person saw.
    pub revision: i32,
    pub name: Option<String>,
    pub design: Option<Design>,
    pub distribution: Option<Distribution>,
    /// `Some(None)` is no deadline; left out in JSON, it stays.
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline: Option<OffsetDateTime>,
    pub clear_deadline: bool,
    pub annotators: Option<Vec<UserId>>,
    pub groups: Option<Vec<GroupId>>,
    pub reviewers: Option<Vec<UserId>>,
}

/// An item in the hands of the person who asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Work {
    pub item_id: ItemId,
    pub content: ItemContent,
    /// The order in which `content.answers` are shown to this person; answers that name places name those of `content`.
    pub shown_order: Vec<u32>,
    #[serde(with = "time::serde::rfc3339")]
    pub held_until: OffsetDateTime,
    /// What was entered before.
    pub draft: Option<Judgement>,
    pub draft_number: i64,
    /// What a model would say, and how sure it is (0 to 1) where that is known.
    pub suggestion: Option<Suggestion>,
    /// Why a reviewer sent it back.
    pub reason: Option<String>,
    /// Part of the qualification test.
    pub is_test: bool,
}

/// What a model would say of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suggestion {
    pub judgement: Judgement,
    pub confidence: Option<f64>,
    /// Which model.
    pub from: String,
}

/// What the person who asks may do next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Next {
    /// Items to judge, the first one now and the others ready in advance.
    Work { items: Vec<Work>, mine: Mine },
    /// Nothing that this person has not judged or skipped; others may still be at work.
    NothingLeft {
        mine: Mine,
        /// Batches of the task wait to be opened.
        more_later: bool,
    },
    /// The task is not open.
    NotOpen { status: TaskStatus },
    /// The deadline has passed: nothing new is given, and nothing that this person has may still be sent.
    DeadlinePassed { mine: Mine },
    /// The qualification test was not passed.
    NotQualified { right: u32, of: u32 },
    /// The task is given to others.
    NotAssigned,
}

/// Items that are counted as left, at most: counting more at each one would cost more than finding it.
pub const LEFT_COUNTED: u32 = 1000;

/// How far a person is in a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mine {
    pub judged: u64,
    pub judged_today: u64,
    pub skipped: u64,
    /// Items that this person may still be given, at most [`LEFT_COUNTED`].
    pub left: u64,
    /// Median time of this person's last 50 judgements, in milliseconds.
    pub median_ms: Option<u64>,
    /// The next deadline that concerns this person.
    pub due: Option<Due>,
}

/// A judgement on its way in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submit {
    /// Chosen by the client once for each judgement: sent again, it counts once.
    pub key: Uuid,
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Milliseconds that the item was in view.
    #[serde(default)]
    pub duration_ms: Option<u32>,
}

/// What became of a judgement that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Submitted {
    Taken,
    /// It was here already.
    Again,
    /// The lock had ended and the item has all judgements that it wanted, or somebody has decided on it: nothing was taken.
    TooLate,
    /// The deadline has passed, and the item was not held any more: nothing was taken.
    Overdue,
    /// The task is closed.
    Closed,
}

/// A judgement on record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judged {
    pub id: JudgementId,
    pub item_id: ItemId,
    /// Who; the name that a file gave where it was imported. `None` where the reader must not know.
    pub by: Option<Person>,
    pub origin: Origin,
    pub judgement: Judgement,
    pub duration_ms: Option<u32>,
    pub guideline_revision: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Another one has taken its place since.
    pub superseded: bool,
}

/// An item with all that was said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    pub id: ItemId,
    pub rank: u32,
    pub status: ItemStatus,
    pub content: ItemContent,
    pub wanted: u32,
    pub is_gold: bool,
    /// The right answers of a gold item.
    pub gold: Option<BTreeMap<String, Answer>>,
    pub consensus: Option<Consensus>,
    pub judgements: Vec<Judged>,
    pub reviews: Vec<Reviewed>,
}

/// What the judgements of an item come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consensus {
    pub answers: BTreeMap<String, Answer>,
    /// By the question's name, 0 to 1: how sure the answer is under the method.
    pub confidence: BTreeMap<String, f64>,
    pub method: ConsensusMethod,
}

super::words! {
    /// How several judgements become one.
    ConsensusMethod {
        /// What most say.
        Majority = "majority",
        /// Weighted by how reliable each person is: Dawid and Skene 1979.
        DawidSkene = "dawid_skene",
        /// What a reviewer or adjudicator says.
        Expert = "expert",
    }
}

/// A reviewer's word on a judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reviewed {
    pub judgement_id: JudgementId,
    pub by: String,
    pub verdict: Verdict,
    pub reason: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What a reviewer decides on a judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ReviewDecision))]
pub struct Decide {
    pub judgement_id: JudgementId,
    pub verdict: Verdict,
    #[serde(default)]
    pub reason: String,
    /// With `fix`: what is right instead.
    #[serde(default)]
    pub fixed: Option<Judgement>,
}

/// Everything a lead sees of a task at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Board {
    pub counts: ItemCounts,
    pub people: Vec<PersonAtWork>,
    /// Judgements of annotators by day (UTC), oldest first.
    pub days: Vec<Day>,
    /// Items held for long, skipped by several, or returned more than once.
    pub stuck: Vec<Stuck>,
    /// At the pace of the last day, seconds until all wanted judgements are given.
    pub seconds_left: Option<u64>,
}

/// How one person does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonAtWork {
    pub person: Person,
    pub judged: u64,
    pub skipped: u64,
    pub returned: u64,
    pub cannot_judge: u64,
    pub median_ms: Option<u64>,
    pub gold_judged: u64,
    pub gold_right: u64,
    /// Whether the qualification is passed; `None` where there is none.
    pub qualified: Option<bool>,
    /// Whether the qualification is failed: they get nothing until somebody lets them try again.
    pub failed: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_at: Option<OffsetDateTime>,
}

/// Judgements of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Day {
    /// As `2026-05-31`.
    pub day: String,
    pub judged: u64,
}

/// An item that does not get on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stuck {
    pub item_id: ItemId,
    pub rank: u32,
    pub skipped: u64,
    pub returned: u64,
    pub cannot_judge: u64,
    /// Who has it now.
    pub held_by: Option<String>,
}

/// A task that was made, with the job that makes its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TaskMade {
    pub task_id: TaskId,
    pub job_id: JobId,
}
