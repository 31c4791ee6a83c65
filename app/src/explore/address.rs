//! What the address of the page says, and the addresses that lead on from it.

use crate::routes;
use domain::{
    explore::{Field, Filter, Sort},
    id::{DatasetId, ProjectId, SampleId, ScoringId},
    score::PerplexityRange,
};
use leptos::prelude::ReadUntracked;
use serde::{Deserialize, Serialize};

/// The state of the page, all of which is in its address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pub search: String,
    #[serde(default)]
    pub filters: Vec<Filter>,
    #[serde(default)]
    pub sort: Sort,
    #[serde(default)]
    pub descending: bool,
    /// Whose perplexities are meant; the latest scoring's where it is not said.
    #[serde(default)]
    pub scoring: Option<ScoringId>,
    #[serde(default)]
    pub offset: u32,
    /// The look that opens the test split.
    #[serde(default)]
    pub look: Option<String>,
}

impl Asked {
    /// From this page's query, and the filters in it that are none.
    pub fn of_address() -> (Self, Vec<String>) {
        let map = leptos_router::hooks::use_query_map().read_untracked();
        let (mut filters, mut odd) = (Vec::new(), Vec::new());
        for text in map.get_all("f").into_iter().flatten() {
            match text.parse::<Filter>() {
                Ok(filter) if !filters.contains(&filter) => filters.push(filter),
                Ok(_) => {}
                Err(_) => odd.push(format!("f={text}")),
            }
        }
        let ends = ["from", "below"].map(|name| map.get(name).unwrap_or_default());
        drop(map);
        odd.extend(routes::misread::<Sort>("sort"));
        odd.extend(routes::misread::<ScoringId>("scoring"));
        let scoring = routes::query("scoring");
        if let Some(scoring) = scoring
            && ends.iter().any(|end| !end.trim().is_empty())
        {
            let value = format!("{}..{}", ends[0].trim(), ends[1].trim());
            match PerplexityRange::parse(&value) {
                Some(_) => filters.push(Filter { field: Field::Perplexity(scoring), value }),
                None => odd.push(format!("perplexity={value}")),
            }
        }
        let asked = Self {
            search: routes::query("search").unwrap_or_default(),
            filters,
            sort: routes::query("sort").unwrap_or_default(),
            descending: routes::query::<String>("descending").is_some(),
            scoring,
            offset: routes::query("offset").unwrap_or_default(),
            look: routes::query("look"),
        };
        (asked, odd)
    }

    /// The query of this state, with its `?` if there is any.
    pub fn query(&self) -> String {
        let mut parts = Vec::new();
        if !self.search.trim().is_empty() {
            parts.push(format!("search={}", routes::encode(&self.search)));
        }
        parts.extend(self.filters.iter().map(|filter| format!("f={}", routes::encode(&filter.to_string()))));
        if self.sort != Sort::Position {
            parts.push(format!("sort={}", self.sort.as_str()));
        }
        if self.descending {
            parts.push("descending=1".to_owned());
        }
        parts.extend(self.scoring.iter().map(|scoring| format!("scoring={scoring}")));
        if self.offset > 0 {
            parts.push(format!("offset={}", self.offset));
        }
        parts.extend(self.look.iter().map(|look| format!("look={}", routes::encode(look))));
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The query that says which samples are found, whatever their order.
    pub fn selection(&self) -> String {
        Self { search: self.search.clone(), filters: self.filters.clone(), ..Self::default() }.query()
    }

    /// The first page with this filter added, or without it where it is set.
    pub fn toggled(&self, filter: &Filter) -> Self {
        let mut next = Self { offset: 0, ..self.clone() };
        let before = next.filters.len();
        next.filters.retain(|set| set != filter);
        if next.filters.len() == before {
            next.filters.push(filter.clone());
        }
        next
    }

    /// The range of perplexities that was typed into the form, of this scoring.
    pub fn range(&self, scoring: ScoringId) -> Option<&Filter> {
        let is_range = |filter: &&Filter| filter.field == Field::Perplexity(scoring) && filter.value.contains("..");
        self.filters.iter().find(is_range)
    }

    pub fn at(&self, offset: u32) -> Self {
        Self { offset, ..self.clone() }
    }
}

/// The version whose samples are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub project: ProjectId,
    pub dataset: DatasetId,
    pub number: u32,
}

impl Place {
    pub fn list(self, asked: &Asked) -> String {
        format!("{}{}", routes::explore(self.project, self.dataset, self.number), asked.query())
    }

    /// One sample, which leads back to this list.
    pub fn sample(self, sample: SampleId, asked: &Asked) -> String {
        format!("{}{}", routes::explored_sample(self.project, self.dataset, self.number, sample), asked.query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_added_and_removed() {
        let filter: Filter = "label:a&b".parse().unwrap_or_else(|_| unreachable!());
        let asked = Asked { search: "x y".to_owned(), offset: 50, ..Asked::default() };
        let with = asked.toggled(&filter);
        assert_eq!(with.query(), "?search=x%20y&f=label%3Aa%26b");
        assert_eq!(with.toggled(&filter), asked.at(0));
        assert_eq!(Asked::default().query(), "");
    }
}
