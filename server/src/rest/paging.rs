//! Cursor pages: `limit` and `cursor` in, [`domain::page::Page`] out.

use crate::rest::Problem;
use domain::page::clamp_limit;
use std::str::FromStr;

/// Which part of a list.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items at most, 1–500; 50 when absent.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// The page size to use.
    #[must_use]
    pub fn limit(&self) -> u32 {
        clamp_limit(self.limit)
    }

    /// The key after which the page begins; `None` for the first page.
    pub fn after<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = self.cursor.as_deref().filter(|c| !c.is_empty()) else { return Ok(None) };
        cursor.parse().map(Some).map_err(|_| Problem::invalid("cursor", "this is not a `next_cursor` of this list"))
    }
}
