//! The facets beside the samples: every value with its count is a link that adds or removes it.

use super::{
    address::{Asked, Place},
    text,
};
use crate::{
    text::lang,
    ui::format::{integer, shortened},
};
use domain::{
    explore::{Facet, FacetValue, Field, Filter},
    id::ScoringId,
    lang::Lang,
};
use leptos::prelude::*;

/// Values shown at once; the rest are folded.
const SHOWN: usize = 8;

/// The filters that are set, each with a way to remove it.
pub(super) fn chips(place: Place, asked: &Asked, scorings: &[(ScoringId, String)]) -> impl IntoView + use<> {
    let l = lang();
    let chips = asked.filters.iter().map(|filter| {
        let name = shortened(&named(l, filter, scorings));
        let label = text::remove_filter(l, &name);
        view! { <a class="chip" href=place.list(&asked.toggled(filter)) aria-label=label><bdi>{name}</bdi> " ×"</a> }
    });
    (!asked.filters.is_empty()).then(|| view! { <p class="chips">{chips.collect_view()}</p> })
}

/// A filter in words. Perplexities say whose they are: those of a model that is no longer chosen still filter.
fn named(l: Lang, filter: &Filter, scorings: &[(ScoringId, String)]) -> String {
    let field = match &filter.field {
        Field::Perplexity(scoring) => {
            let model = scorings.iter().find(|(id, _)| id == scoring).map(|(_, model)| model.as_str());
            text::perplexity_by(l, model.unwrap_or(text::model_gone(l)))
        }
        field => text::field(l, field),
    };
    format!("{field}: {}", text::value(l, &filter.field, &filter.value))
}

/// One list for each field that tells samples apart.
pub(super) fn cards(place: Place, asked: &Asked, facets: &[Facet]) -> impl IntoView + use<> {
    let useful = facets.iter().filter(|facet| is_useful(facet, asked));
    useful.map(|facet| card(place, asked, facet)).collect_view()
}

/// A field with one value that all samples have tells nothing, unless the filter is set.
fn is_useful(facet: &Facet, asked: &Asked) -> bool {
    let is_set = asked.filters.iter().any(|filter| filter.field == facet.field);
    let is_flag = matches!(
        facet.field,
        Field::System | Field::Corrected | Field::Duplicate | Field::Pair | Field::Tag | Field::Perplexity(_)
    );
    is_set || is_flag || facet.values.len() > 1
}

fn card(place: Place, asked: &Asked, facet: &Facet) -> impl IntoView + use<> {
    let l = lang();
    let mut values = facet.values.clone();
    // Numbers in their own order make a histogram of the list.
    if matches!(facet.field, Field::Length | Field::Turns | Field::Perplexity(_)) {
        values.sort_by_key(|v| v.value.parse::<u64>().unwrap_or(u64::MAX));
    }
    let most = values.iter().map(|v| v.count).max().unwrap_or(0).max(1);
    let is_histogram = matches!(facet.field, Field::Length | Field::Perplexity(_));
    let mut rows = values.into_iter().map(|v| row(place, asked, &facet.field, v, most));
    let shown = rows.by_ref().take(if is_histogram { usize::MAX } else { SHOWN }).collect_view();
    let rest: Vec<_> = rows.collect();
    let rest = (!rest.is_empty()).then(|| {
        view! { <details class="fold"><summary>{text::more_values(l)}</summary><ul class="facet">{rest}</ul></details> }
    });
    view! {
        <section class="card">
            <h2 dir="auto">{text::field(l, &facet.field)}</h2>
            <ul class="facet">{shown}</ul>
            {rest}
        </section>
    }
}

fn row(place: Place, asked: &Asked, field: &Field, value: FacetValue, most: u64) -> impl IntoView + use<> {
    let l = lang();
    let filter = Filter { field: field.clone(), value: value.value.clone() };
    let is_set = asked.filters.contains(&filter);
    let name = text::value(l, field, &value.value);
    view! {
        <li>
            <a href=place.list(&asked.toggled(&filter)) aria-current=is_set.then_some("true")>
                <span class="clip" dir="auto" title=name.clone()>{shortened(&name)}</span>
                <span class="num">{integer(value.count)}</span>
            </a>
            <meter min="0" max=most value=value.count aria-hidden="true"></meter>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_by_perplexity_says_whose_it_is() {
        let (old, new) = (ScoringId::new(), ScoringId::new());
        let scorings = [(new, "large".to_owned()), (old, "small".to_owned())];
        let of = |scoring: ScoringId| {
            named(Lang::En, &Filter { field: Field::Perplexity(scoring), value: "2..4".to_owned() }, &scorings)
        };
        assert!(of(old).starts_with("Perplexity by small: "), "{}", of(old));
        assert!(of(new).starts_with("Perplexity by large: "), "{}", of(new));
        let gone = of(ScoringId::new());
        assert!(gone.starts_with("Perplexity by scores that are gone: "), "{gone}");
    }
}
