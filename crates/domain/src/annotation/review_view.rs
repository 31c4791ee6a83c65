//! What reviewers go through, and what they have decided so far, as pages and REST show it.

use super::{ItemStatus, Verdict};
use crate::id::ItemId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

super::words! {
    /// What items wait for.
    #[cfg_attr(feature = "openapi", schema(as = ReviewQueue))]
    Queue {
        /// A reviewer's word.
        Review = "review",
        /// A decision where people differ.
        Adjudication = "adjudication",
    }
}

/// Something that a reviewer or adjudicator has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewDecided {
    pub id: Uuid,
    pub item_id: ItemId,
    pub rank: u32,
    /// The last user turn of its sample.
    pub prompt: String,
    /// How far the item is now.
    pub status: ItemStatus,
    /// What was said of a judgement; `None` where people differed and this person decided.
    pub verdict: Option<Verdict>,
    pub reason: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}
