//! Batches of a task's items, groups of people who are given work, and what is left until a deadline.

use super::{
    view::{ItemCounts, Person},
    words,
};
use crate::id::{GroupId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Most batches of a task; a larger task gets larger ones.
pub const MAX_BATCHES: u32 = 200;
/// Most people of a group, and groups of a project.
pub const MAX_GROUP_PEOPLE: usize = 1000;
pub const MAX_GROUPS: usize = 200;
/// Longest name of a batch or group, in characters.
pub const MAX_NAME_CHARS: usize = 100;

words! {
    /// Whether people are given items of a batch.
    BatchStatus {
        /// It was not opened yet.
        Waiting = "waiting",
        Open = "open",
        /// Nobody is given new items of it; what is begun may be sent.
        Closed = "closed",
    }
}

words! {
    /// How the batches of a task are opened.
    BatchOpening {
        /// All from the beginning.
        All = "all",
        /// The next one as soon as somebody finds nothing left for them in those before.
        InOrder = "in_order",
        /// The first from the beginning, the others by hand.
        ByLead = "by_lead",
    }
}

/// A stretch of a task's items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnnotationBatch))]
pub struct Batch {
    /// From 1, in the order of the items.
    pub number: u32,
    /// Empty where nobody named it.
    pub name: String,
    pub status: BatchStatus,
    /// Those who are given its items; `None`: all who work on the task.
    pub group: Option<NamedGroup>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline: Option<OffsetDateTime>,
    /// Its deadline has passed while judgements are missing.
    pub overdue: bool,
    pub counts: ItemCounts,
}

/// What may be changed of a batch: whatever is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BatchEdit {
    pub name: Option<String>,
    pub status: Option<BatchStatus>,
    pub group_id: Option<GroupId>,
    /// Gives it to all who work on the task.
    pub clear_group: bool,
    #[serde(with = "time::serde::rfc3339::option")]
    pub deadline: Option<OffsetDateTime>,
    pub clear_deadline: bool,
}

/// A group by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedGroup {
    pub id: GroupId,
    pub name: String,
}

/// Members of a project under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MemberGroup))]
pub struct Group {
    pub id: GroupId,
    pub name: String,
    pub people: Vec<Person>,
    /// Tasks and batches that are given to it.
    pub uses: u64,
}

/// What makes a group, or takes the place of what it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewGroup {
    pub name: String,
    /// Who is no member of the project is left out.
    #[serde(default)]
    pub people: Vec<UserId>,
}

/// The next deadline of somebody's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AnnotationDue))]
pub struct Due {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Below zero once it has passed.
    pub seconds_left: i64,
    /// Judgements that the task, or the batch whose deadline it is, still wants of all people together.
    pub missing: u64,
}

/// Judgements in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    PerDay(u64),
    PerHour(u64),
}

impl Due {
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.seconds_left <= 0
    }

    /// What all people together must judge to be done in time, rounded up: by the hour in the last day; `None` once it is too
    /// late, or where nothing is missing.
    #[must_use]
    pub fn pace(&self) -> Option<Pace> {
        const DAY: u64 = 86_400;
        let left = u64::try_from(self.seconds_left).ok().filter(|left| *left > 0 && self.missing > 0)?;
        Some(if left > DAY {
            Pace::PerDay(self.missing.saturating_mul(DAY).div_ceil(left))
        } else {
            Pace::PerHour(self.missing.saturating_mul(3600).div_ceil(left).min(self.missing))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_what_is_missing_over_what_is_left() {
        let due = |seconds_left, missing| Due { at: OffsetDateTime::UNIX_EPOCH, seconds_left, missing };
        assert_eq!(due(2 * 86_400, 101).pace(), Some(Pace::PerDay(51)));
        assert_eq!(due(7200, 10).pace(), Some(Pace::PerHour(5)));
        assert_eq!(due(60, 10).pace(), Some(Pace::PerHour(10)), "no more than there are");
        assert_eq!((due(0, 10).pace(), due(60, 0).pace()), (None, None));
        assert!(due(0, 1).has_passed() && !due(1, 1).has_passed());
    }
}
