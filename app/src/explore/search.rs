//! The form of the search: words, order, and where models have scored the version, perplexities.

use super::{
    address::{Asked, Place},
    text,
};
use crate::{
    routes,
    text::lang,
    ui::{field::Field, format::shortened},
};
use domain::{explore::Sort, id::ScoringId, score::PerplexityRange};
use leptos::prelude::*;

/// The search. What else the address says goes with it.
pub(super) fn form(
    place: Place,
    asked: &Asked,
    scorings: &[(ScoringId, String)],
    scoring: Option<ScoringId>,
) -> impl IntoView + use<> {
    let l = lang();
    let here = routes::explore(place.project, place.dataset, place.number);
    // The range stands in fields of its own.
    let range = scoring.and_then(|scoring| asked.range(scoring)).cloned();
    let filters = asked.filters.iter().filter(|f| Some(*f) != range.as_ref());
    let filters = filters.map(|f| view! { <input type="hidden" name="f" value=f.to_string()/> });
    let sorts = Sort::ALL.into_iter().filter(|sort| *sort != Sort::Perplexity || scoring.is_some()).map(|sort| {
        view! { <option value=sort.as_str() selected={sort == asked.sort}>{text::sort(l, sort)}</option> }
    });
    let sorts = sorts.collect_view();
    let (search, clear) = (asked.search.clone(), here.clone());
    let scores = scoring.map(|scoring| {
        let range = range.as_ref().and_then(|filter| PerplexityRange::parse(&filter.value));
        scores(scorings, scoring, range)
    });
    view! {
        <form class="filters" method="get" action=here role="search">
            {filters.collect_view()}
            {asked.look.clone().map(|look| view! { <input type="hidden" name="look" value=look/> })}
            <Field id="search" label=text::search(l) help=text::search_help(l)>
                <input id="search" name="search" type="search" dir="auto" maxlength="500" aria-describedby="search-help" value=search/>
            </Field>
            {scores}
            <Field id="sort" label=text::sort_by(l)>
                <select id="sort" name="sort">{sorts}</select>
            </Field>
            <label class="check"><input type="checkbox" name="descending" value="1" checked=asked.descending/>{text::descending(l)}</label>
            <button class="button button-primary" type="submit">{text::apply(l)}</button>
            <a class="button button-quiet" href=clear>{text::clear(l)}</a>
        </form>
    }
}

/// Whose perplexities are meant, and the range that they are in.
fn scores(
    scorings: &[(ScoringId, String)],
    scoring: ScoringId,
    range: Option<PerplexityRange>,
) -> impl IntoView + use<> {
    let l = lang();
    let models = scorings.iter().map(|(id, model)| {
        view! { <option value=id.to_string() selected={*id == scoring}>{shortened(model)}</option> }
    });
    let models = models.collect_view();
    let low = range.map(|range| range.low).filter(|low| *low > 0.0).map(|low| low.to_string());
    let high = range.map(|range| range.high).filter(|high| high.is_finite()).map(|high| high.to_string());
    view! {
        <div class="field-row">
        <Field id="scoring" label=text::scoring(l) help=text::scoring_help(l)>
            <select id="scoring" name="scoring" aria-describedby="scoring-help">{models}</select>
        </Field>
        <Field id="from" label=text::perplexity_from(l) help=text::perplexity_help(l)>
            <input id="from" name="from" type="number" min="0" step="any" aria-describedby="from-help" value=low/>
        </Field>
        <Field id="below" label=text::perplexity_below(l)>
            <input id="below" name="below" type="number" min="0" step="any" aria-describedby="from-help" value=high/>
        </Field>
        </div>
    }
}
