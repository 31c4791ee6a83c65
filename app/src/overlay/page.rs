//! The page, all of whose state is in its address.

use super::{
    address::Chosen,
    api::{OverlayView, get_overlay},
    choose::{chips, picker, settings},
    live::{Drawn, Figures, LiveOverlay, curves},
    text,
};
use crate::{
    error::AppError,
    routes,
    text::lang,
    ui::{
        format::integer,
        frame::PageHeader,
        load::{load, refuse},
        metric,
        notice::not_applied,
    },
};
use domain::{
    id::{ProjectId, RunId},
    overlay::Axis,
};
use leptos::prelude::*;

/// `/p/:project/overlay?runs=…&metric=…&x=step|time|tokens&from=…&to=…&smooth=…&log=1&hide=…`
#[component]
pub fn OverlayPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let chosen = Chosen::of_address();
    let data = get_overlay(project, chosen.clone());
    let misread =
        not_applied([routes::misread::<Axis>("x"), routes::misread::<f64>("from"), routes::misread::<f64>("to")]);
    let own: Vec<RunId> = chosen.runs.iter().filter_map(|id| id.parse().ok()).collect();
    let export = (!own.is_empty()).then(|| {
        view! {
            <a class="button" href=routes::compare(project, &own)>{text::compare(l)}</a>
            <a class="button" href=format!("{}&format=csv", chosen.rest(project)) download="">{text::csv(l)}</a>
        }
    });
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>{export}</PageHeader>
        {misread}
        {load(data, move |view| body(project, &chosen, view))}
    }
    .into_any()
}

fn body(project: ProjectId, chosen: &Chosen, view: OverlayView) -> AnyView {
    let l = lang();
    let OverlayView { overlay, metrics, choices } = view;
    if overlay.runs.is_empty() {
        return picker(project, choices);
    }
    let settings = settings(chosen, &metrics);
    let chips = chips(project, chosen, &overlay.runs, choices);
    let without_tokens = chosen.axis == Axis::Tokens && overlay.runs.iter().any(|run| run.line.is_empty());
    let figures = Figures { points: overlay.points, columns: overlay.columns, most: overlay.most };
    let is_empty = overlay.points == 0;
    let names = overlay.runs.iter().map(|run| run.name.clone()).collect::<Vec<_>>();
    let gaps: u64 = overlay.runs.iter().flat_map(|run| run.gaps.iter().map(|gap| gap.values)).sum();
    // The island's own props would say all of this once more: the browser asks for it when it is there.
    provide_context(Drawn(curves(&overlay)));
    let title = metric::name(l, domain::overlay::series_of(&chosen.metric));
    view! {
        {settings}
        {is_empty.then(|| view! { <p class="notice" role="status">{text::nothing(l)}</p> })}
        {without_tokens.then(|| view! { <p class="notice">{text::no_tokens(l)}</p> })}
        <section class="card overlay">
            <LiveOverlay project title chosen=chosen.clone() names figures/>
            {(gaps > 0).then(|| view! { <p class="help">{text::gaps(l, integer(gaps))}</p> })}
        </section>
        {chips}
    }
    .into_any()
}
