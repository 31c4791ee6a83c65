//! The page that makes an annotation task. Its state is the form, and the form is in its address: adding a question or
//! looking at the preview is the page again.

use super::{
    api::{CreateTask, NewTaskView, get_new_task},
    design::{KINDS, TEMPLATES, TaskForm},
    form, sharing, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::{address, refusal_of},
        frame::PageHeader,
        load::{load, refuse},
        notice::{Empty, Problem},
    },
    words,
};
use domain::{
    access::Action,
    annotation::{
        batch::BatchOpening,
        design::Show,
        distribution::{Distribution, Order, Review},
    },
    id::ProjectId,
    lang::Lang,
    sample::Split,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// `/p/:project/annotation/new`, perhaps with the form's values.
#[component]
pub fn NewTaskPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::EditDatasets) {
        return refuse(AppError::Forbidden).into_any();
    }
    let refusal = refusal_of::<CreateTask>();
    let refused = refusal.as_ref().map(|r| view! { <Problem error=r.error.clone()/> });
    let form = match refusal {
        Some(refusal) => TaskForm::from_pairs(refusal.typed),
        None => use_query_map().with_untracked(|q| TaskForm::from_pairs(q.latest_values())),
    };
    let (form, problem) = form.edited(l);
    let problem = problem.map(|problem| view! { <Problem error=AppError::Conflict(problem)/> });
    view! {
        <PageHeader title=text::new_title(l) lead=text::new_lead(l)/>
        {refused}
        {problem}
        {load(get_new_task(project, form.clone()), move |view| page(project, view, &form))}
    }
    .into_any()
}

fn page(project: ProjectId, view: NewTaskView, form: &TaskForm) -> AnyView {
    let l = lang();
    if view.versions.is_empty() {
        return view! {
            <Empty title=text::no_versions(l) hint=text::no_versions_hint(l)>
                <a class="button" href=routes::datasets(project)>{text::to_datasets(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let here = routes::new_annotation(project);
    let (name, is_refused) = (form.get("name").to_owned(), refusal_of::<CreateTask>().is_some());
    let preview = preview(l, &view);
    let (what, questions) = (what(l, &view, form), questions(l, &here, form));
    let (distribution, people, guideline) = (distribution(l, form), people(l, &view, form), guideline(l, form));
    view! {
        <form class="launch split-main" method="get" action=here data-refusal=is_refused.then_some("")>
            <input type="hidden" name="project" value=project.to_string()/>
            <div class="stack">
                <fieldset>
                    <legend>{text::what(l)}</legend>
                    <Field id="name" label=text::name(l) help=text::name_help(l)>
                        <input id="name" name="name" dir="auto" maxlength="200" value=name aria-describedby="name-help"/>
                    </Field>
                    {what}
                </fieldset>
                {questions}
                {guideline}
                {distribution}
                {people}
            </div>
            <aside class="stack launch-side">
                <button type="submit" class="button" name="op" value="preview">{text::preview(l)}</button>
                <button type="submit" class="button button-primary" formmethod="post" formaction={address::<CreateTask>()}>{text::create(l)}</button>
                <p class="help">{text::create_help(l)}</p>
                {preview}
            </aside>
        </form>
    }
    .into_any()
}

/// What annotators will see.
fn preview(l: Lang, view: &NewTaskView) -> impl IntoView + use<> {
    let problem = view.problem.clone().map(|problem| view! { <p class="error">{problem}</p> });
    let shown = view.preview.clone().map(|html| view! { <div class="annotation-preview" inner_html=html></div> });
    view! {
        <section class="card stack" id="preview">
            <h2>{text::preview(l)}</h2>
            <p class="help">{text::preview_help(l)}</p>
            {problem}
            {shown}
        </section>
    }
}

/// Options of a select, the chosen one marked.
fn options(all: impl IntoIterator<Item = (String, String)>, chosen: &str) -> AnyView {
    let chosen = chosen.to_owned();
    let option = move |(value, words): (String, String)| {
        view! { <option value=value.clone() selected=value == chosen>{words}</option> }
    };
    all.into_iter().map(option).collect_view().into_any()
}

fn what(l: Lang, view: &NewTaskView, form: &TaskForm) -> impl IntoView + use<> {
    let source = form.get("source");
    let versions = options(view.versions.iter().map(|(id, name)| (format!("version:{id}"), name.clone())), source);
    let evals = options(view.evaluations.iter().map(|(id, name)| (format!("eval:{id}"), name.clone())), source);
    let evals =
        (!view.evaluations.is_empty()).then(|| view! { <optgroup label=text::evaluations(l)>{evals}</optgroup> });
    let nothing = || [(String::new(), text::nothing_else(l).to_owned())];
    let evaluations =
        || nothing().into_iter().chain(view.evaluations.iter().map(|(id, name)| (id.to_string(), name.clone())));
    let against = options(evaluations(), form.get("against"));
    let suggestions = options(evaluations(), form.get("suggestions"));
    let is_new = source.is_empty();
    let splits = Split::ALL.map(|split| {
        let name = format!("split.{}", split.as_str());
        let checked = form.is_checked(&name) || (is_new && split != Split::Test);
        view! { <label class="check"><input type="checkbox" name=name value="on" checked=checked/>{words::split(l, split)}</label> }
    });
    let (only_wrong, limit) = (form.is_checked("only_wrong"), form.get("limit").to_owned());
    view! {
        <Field id="source" label=text::source(l) help=text::source_help(l)>
            <select id="source" name="source" aria-describedby="source-help">
                <optgroup label=text::versions(l)>{versions}</optgroup>
                {evals}
            </select>
        </Field>
        <div class="field" data-only="version">
            <span class="field-label">{text::splits(l)}</span>
            <div class="checks">{splits}</div>
            <p class="help">{text::splits_help(l)}</p>
        </div>
        <div class="field-row">
            <Field id="against" label=text::against(l) help=text::against_help(l)>
                <select id="against" name="against" aria-describedby="against-help">{against}</select>
            </Field>
            <Field id="suggestions" label=text::suggestions(l) help=text::suggestions_help(l)>
                <select id="suggestions" name="suggestions" aria-describedby="suggestions-help">{suggestions}</select>
            </Field>
            <Field id="limit" label=text::limit(l) help=text::limit_help(l)>
                <input id="limit" name="limit" inputmode="numeric" value=limit aria-describedby="limit-help"/>
            </Field>
        </div>
        <label class="check"><input type="checkbox" name="only_wrong" value="on" checked=only_wrong/>{text::only_wrong(l)}</label>
    }
}

fn questions(l: Lang, here: &str, form: &TaskForm) -> impl IntoView + use<> {
    let count = (0..).take_while(|i| !form.get(&format!("q{i}.kind")).is_empty()).count();
    let cards = (0..count).map(|i| form::question(l, here, form, i, count)).collect_view();
    let kinds = options(KINDS.iter().map(|kind| ((*kind).to_owned(), text::kind(l, kind).to_owned())), "");
    let templates = options(TEMPLATES.iter().map(|name| ((*name).to_owned(), text::template(l, name).to_owned())), "");
    let shows =
        options(Show::ALL.iter().map(|s| (s.as_str().to_owned(), text::show_name(l, *s).to_owned())), form.get("show"));
    let edit = |op: &'static str, words: &'static str| {
        let here = here.to_owned();
        view! { <button class="button" type="submit" name="op" value=op formmethod="get" formaction=here>{words}</button> }
    };
    view! {
        <fieldset>
            <legend>{text::questions(l)}</legend>
            <div class="filters">
                <Field id="template" label=text::begin_with(l) help=text::begin_with_help(l)>
                    <select id="template" name="template" aria-describedby="template-help">{templates}</select>
                </Field>
                {edit("template", text::begin(l))}
            </div>
            <Field id="show" label=text::show(l) help=text::show_help(l)>
                <select id="show" name="show" aria-describedby="show-help">{shows}</select>
            </Field>
            <ol class="recipe-steps">{cards}</ol>
            <div class="filters">
                <Field id="add_kind" label=text::add_question(l)>
                    <select id="add_kind" name="add_kind">{kinds}</select>
                </Field>
                {edit("add", text::add(l))}
            </div>
        </fieldset>
    }
}

fn guideline(l: Lang, form: &TaskForm) -> impl IntoView + use<> {
    let guideline = form.get("guideline").to_owned();
    view! {
        <fieldset>
            <legend>{text::guideline(l)}</legend>
            <textarea id="guideline" name="guideline" dir="auto" rows="8" aria-label=text::guideline(l) aria-describedby="guideline-help">{guideline}</textarea>
            <p class="help" id="guideline-help">{text::guideline_help(l)}</p>
        </fieldset>
    }
}

fn distribution(l: Lang, form: &TaskForm) -> impl IntoView + use<> {
    let usual = Distribution::default();
    let input = |name: &'static str, label: &'static str, help: &'static str, usual: String| {
        let typed = form.get(name);
        let value = if typed.is_empty() { usual } else { typed.to_owned() };
        view! {
            <Field id=name label help>
                <input id=name name=name inputmode="decimal" value=value aria-describedby=format!("{name}-help")/>
            </Field>
        }
    };
    let orders = options(
        Order::ALL.iter().map(|o| (o.as_str().to_owned(), text::order_name(l, *o).to_owned())),
        form.get("order"),
    );
    let review = if form.get("review").is_empty() { usual.review.as_str() } else { form.get("review") };
    let reviews =
        options(Review::ALL.iter().map(|r| (r.as_str().to_owned(), text::review_name(l, *r).to_owned())), review);
    let opening =
        if form.get("batch_opening").is_empty() { usual.batch_opening.as_str() } else { form.get("batch_opening") };
    let openings = options(
        BatchOpening::ALL.iter().map(|o| (o.as_str().to_owned(), sharing::text::opening(l, *o).to_owned())),
        opening,
    );
    let (hide, deadline) = (form.is_checked("hide_model"), form.get("deadline").to_owned());
    view! {
        <fieldset>
            <legend>{text::distribution(l)}</legend>
            <div class="field-row">
                {input("overlap", text::overlap(l), text::overlap_help(l), usual.overlap.to_string())}
                {input("overlap_share", text::overlap_share(l), text::overlap_share_help(l), usual.overlap_share.to_string())}
                {input("lock_minutes", text::lock_minutes(l), text::lock_help(l), usual.lock_minutes.to_string())}
            </div>
            <div class="field-row">
                {input("batch_size", sharing::text::batch_size(l), sharing::text::batch_size_help(l), usual.batch_size.to_string())}
                <Field id="batch_opening" label=sharing::text::batch_opening(l) help=sharing::text::batch_opening_help(l)>
                    <select id="batch_opening" name="batch_opening" aria-describedby="batch_opening-help">{openings}</select>
                </Field>
            </div>
            <div class="field-row">
                <Field id="order" label=text::order(l) help=text::order_help(l)>
                    <select id="order" name="order" aria-describedby="order-help">{orders}</select>
                </Field>
                {input("seed", text::seed(l), text::seed_help(l), usual.seed.to_string())}
                <Field id="deadline" label=text::deadline(l) help=text::deadline_help(l)>
                    <input id="deadline" name="deadline" type="date" value=deadline aria-describedby="deadline-help"/>
                </Field>
            </div>
            <div class="field-row">
                <Field id="review" label=text::review(l) help=text::review_help(l)>
                    <select id="review" name="review" aria-describedby="review-help">{reviews}</select>
                </Field>
                {input("review_share", text::review_share_label(l), text::qualification_pass_help(l), usual.review_share.to_string())}
            </div>
            <div class="field-row">
                {input("gold_share", text::gold_share(l), text::gold_help(l), usual.gold_share.to_string())}
                {input("qualification_items", text::qualification_items(l), text::qualification_help(l), usual.qualification_items.to_string())}
                {input("qualification_pass", text::qualification_pass(l), text::qualification_pass_help(l), usual.qualification_pass.to_string())}
            </div>
            <label class="check"><input type="checkbox" name="hide_model" value="on" checked=hide/>{text::hide_model(l)}</label>
        </fieldset>
    }
}

fn people(l: Lang, view: &NewTaskView, form: &TaskForm) -> impl IntoView + use<> {
    let boxes = |part: &'static str, may: &dyn Fn(&super::api::Candidate) -> bool| {
        let people = view.people.iter().filter(|p| may(p));
        let boxes = people.map(|p| {
            let name = format!("{part}.{}", p.id);
            let checked = form.is_checked(&name);
            view! { <label class="check"><input type="checkbox" name=name value="on" checked=checked/><bdi>{p.name.clone()}</bdi></label> }
        });
        boxes.collect_view()
    };
    let annotators = boxes("annotator", &|p| p.may_annotate);
    let reviewers = boxes("reviewer", &|p| p.may_annotate);
    let groups = view.groups.iter().map(|(id, name)| {
        let field = format!("group.{id}");
        let checked = form.is_checked(&field);
        view! { <label class="check"><input type="checkbox" name=field value="on" checked=checked/><bdi>{name.clone()}</bdi></label> }
    });
    let groups = groups.collect_view();
    let groups = (!groups.is_empty()).then(|| {
        view! {
            <div class="field">
                <span class="field-label">{sharing::text::groups_label(l)}</span>
                <div class="checks">{groups}</div>
                <p class="help">{sharing::text::groups_help(l)}</p>
            </div>
        }
    });
    view! {
        <fieldset>
            <legend>{text::people(l)}</legend>
            <p class="help">{text::people_help(l)}</p>
            {groups}
            <div class="field"><span class="field-label">{text::annotators(l)}</span><div class="checks">{annotators}</div></div>
            <div class="field"><span class="field-label">{text::reviewers(l)}</span><div class="checks">{reviewers}</div></div>
        </fieldset>
    }
}
