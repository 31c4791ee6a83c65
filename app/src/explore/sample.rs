//! One sample of a version: the whole conversation, where it came from, its history, and its tags.

use super::{
    address::{Asked, Place},
    api::{AddTag, RemoveTag, SampleView, get_sample},
    ids, place, sealed, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        conversation::{ChoiceList, Conversation, Rejected},
        field::Field,
        form::PostForm,
        format::{integer, number, shortened},
        frame::PageHeader,
        load::load,
    },
    words,
};
use domain::{
    access::Action,
    explore::{FoundRow, RelatedSample, SampleHistory, characters},
    id::SampleId,
    lineage::NodeId,
    score::SampleScore,
};
use leptos::prelude::*;

/// `/p/:project/datasets/:dataset/v/:number/samples/:sample`.
#[component]
pub fn SamplePage() -> impl IntoView {
    let at = place();
    let id = routes::param::<SampleId>("sample");
    let (asked, _) = Asked::of_address();
    let look = asked.look.clone();
    let data = async move {
        let (place, id) = (at?, id?);
        Ok::<_, AppError>((place, id, get_sample(place.project, place.dataset, place.number, id, look).await?))
    };
    load(data, move |(place, id, view)| page(place, &asked, id, view))
}

fn page(place: Place, asked: &Asked, id: SampleId, view: SampleView) -> impl IntoView + use<> {
    let l = lang();
    let lead = format!("{} v{}", view.version.dataset_name, view.version.number);
    let history = view.history;
    let scores = scores(view.scores);
    let body = match view.sample {
        None => sealed::notice(place, asked, Some(id), 1).into_any(),
        Some(found) => open(place, asked, found, history, scores).into_any(),
    };
    let list = place.list(asked);
    view! {
        <PageHeader title=text::sample_title(l, id) lead=lead>
            <a class="button" href=routes::lineage_of(place.project, &NodeId::Sample(id))>{text::lineage(l)}</a>
            <a class="button" href=list>{text::to_list(l)}</a>
        </PageHeader>
        {body}
    }
}

fn open(
    place: Place,
    asked: &Asked,
    found: FoundRow,
    history: SampleHistory,
    scores: Option<AnyView>,
) -> impl IntoView + use<> {
    let l = lang();
    let origin = origin(place, asked, &found, history);
    let tags = tags(place, asked, found.row.id, found.tags);
    let sample = found.row.sample;
    let slices = sample
        .slices
        .iter()
        .map(|(name, value)| view! { <div><dt dir="auto">{name.clone()}</dt><dd dir="auto">{value.clone()}</dd></div> })
        .collect_view();
    view! {
        <div class="split">
            <section class="card">
                <Conversation messages=sample.messages.clone()/>
                <ChoiceList sample=sample.clone()/>
                <Rejected text=sample.rejected.clone()/>
            </section>
            <div class="stack">
                <section class="card">
                    <h2>{text::origin(l)}</h2>
                    {origin}
                    <dl class="meta">{slices}</dl>
                </section>
                {scores}
                {tags}
            </div>
        </div>
    }
}

/// What models say of it.
fn scores(scores: Vec<SampleScore>) -> Option<AnyView> {
    let l = lang();
    if scores.is_empty() {
        return None;
    }
    let rows = scores.into_iter().map(|score| {
        let model = shortened(&score.model);
        view! {
            <tr>
                <th scope="row"><span class="clip" dir="auto" title=score.model>{model}</span></th>
                <td class="num">{number(score.answer)}</td>
                <td class="num">{number(score.all)}</td>
            </tr>
        }
    });
    let table = view! {
        <section class="card" id="scores">
            <h2>{text::scores(l)}</h2>
            <p class="help">{text::scores_help(l)}</p>
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col">{text::model(l)}</th><th scope="col" class="num">{text::of_answer(l)}</th><th scope="col" class="num">{text::of_all(l)}</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    };
    Some(table.into_any())
}

fn origin(place: Place, asked: &Asked, found: &FoundRow, history: SampleHistory) -> impl IntoView + use<> {
    let l = lang();
    let row = &found.row;
    let fact = |label: &'static str, value: AnyView| view! { <div><dt>{label}</dt><dd dir="auto">{value}</dd></div> };
    let line = (row.source_line > 0)
        .then(|| fact(text::source(l), text::from_line(l, &row.source_file, integer(row.source_line)).into_any()));
    let bad_case = row.bad_case_id.map(|id| {
        fact(text::bad_case(l), view! { <a href=routes::bad_case(place.project, id)>{text::open(l)}</a> }.into_any())
    });
    let look = Asked { look: asked.look.clone(), ..Asked::default() };
    let related = |label: &'static str, samples: Vec<RelatedSample>| {
        let links = samples.into_iter().map(|s| {
            let number = s.version.unwrap_or(place.number);
            view! { <a href=Place { number, ..place }.sample(s.id, &look)>{s.id.to_string()}</a> " " }
        });
        let links = links.collect_view();
        (!links.is_empty()).then(|| fact(label, links.into_any()))
    };
    let corrects = related(text::corrects(l), history.corrects);
    let corrected_by = related(text::corrected_by(l), history.corrected_by);
    let versions = history.versions.into_iter().map(|number| {
        view! { <a href=Place { number, ..place }.sample(row.id, &look)>{format!("v{number}")}</a> " " }
    });
    view! {
        <dl class="meta">
            {fact(text::position(l), integer(u64::from(row.position) + 1).into_any())}
            {fact(text::split(l), words::split(l, row.split).into_any())}
            {row.sample.label.clone().map(|label| fact(text::label(l), label.into_any()))}
            {fact(text::length(l), integer(characters(&row.sample).into()).into_any())}
            {line}
            {bad_case}
            {corrects}
            {corrected_by}
            {fact(text::in_versions(l), versions.collect_view().into_any())}
        </dl>
    }
}

fn tags(place: Place, asked: &Asked, id: SampleId, tags: Vec<String>) -> impl IntoView + use<> {
    let l = lang();
    let may = role::may(Action::Annotate);
    let query = asked.query();
    let none = tags.is_empty().then(|| view! { <p class="muted">{text::no_tags(l)}</p> });
    let shown = tags.into_iter().map(|tag| {
        let remove = may.then(|| {
            let (sample, value, label) = (about(place, id, &query), tag.clone(), text::remove_tag(l, &tag));
            view! {
                <PostForm action={ServerAction::<RemoveTag>::new()}>
                    {sample}
                    <input type="hidden" name="tag" value=value/>
                    <button class="button button-small button-quiet" type="submit" aria-label=label>"×"</button>
                </PostForm>
            }
        });
        view! { <li class="actions"><span class="badge" dir="auto">{tag.clone()}</span>{remove}</li> }
    });
    let shown = shown.collect_view();
    let add = may.then(|| {
        let sample = about(place, id, &query);
        view! {
            <PostForm action={ServerAction::<AddTag>::new()} class="filters">
                {sample}
                <Field id="tag" label=text::tag(l) help=text::tag_help(l)>
                    <input id="tag" name="tag" required maxlength="60" dir="auto" aria-describedby="tag-help"/>
                </Field>
                <button class="button" type="submit">{text::add_tag(l)}</button>
            </PostForm>
        }
    });
    view! {
        <section class="card">
            <h2>{text::tags(l)}</h2>
            {none}
            <ul class="facet">{shown}</ul>
            {add}
        </section>
    }
}

/// The sample that a form is about, and where it leads back to.
fn about(place: Place, id: SampleId, query: &str) -> impl IntoView + use<> {
    view! {
        {ids(place)}
        <input type="hidden" name="sample" value=id.to_string()/>
        <input type="hidden" name="query" value=query.to_owned()/>
    }
}
