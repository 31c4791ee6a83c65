//! The judges of a project, what they were asked, comparisons by people, and what judges must reach.

use super::{
    api::{JudgesView, SetBar, list_judges},
    mode, standing, text,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, integer},
        frame::PageHeader,
        load::{load, refuse},
        notice::Empty,
    },
};
use domain::{
    access::Action,
    id::ProjectId,
    judge::{
        calibration::Bar,
        view::{HumanEvaluationSummary, JudgeSummary, JudgingSummary},
    },
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/judges`.
#[component]
pub fn JudgeListPage() -> impl IntoView {
    let l = lang();
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    let new_judge = role::may(Action::Launch).then(|| new_judge(project));
    let new_human = role::may(Action::EditDatasets).then(|| new_human(project));
    view! {
        <PageHeader title=text::title(l) lead=text::lead(l)>
            {new_human}
            {new_judge}
        </PageHeader>
        {load(list_judges(project), move |view| page(project, view))}
    }
    .into_any()
}

fn new_judge(project: ProjectId) -> impl IntoView {
    view! { <a class="button button-primary" href=routes::new_judge(project)>{text::new_judge(lang())}</a> }
}

fn new_human(project: ProjectId) -> impl IntoView {
    view! { <a class="button" href=routes::new_human_evaluation(project)>{text::new_human(lang())}</a> }
}

fn page(project: ProjectId, view: JudgesView) -> impl IntoView {
    let l = lang();
    let judges = judges(project, l, view.judges);
    let judgings = judgings(project, l, view.judgings);
    let human = human(project, l, view.human);
    view! {
        <section class="card stack" id="judges"><h2>{text::judges(l)}</h2>{judges}</section>
        <section class="card stack" id="judgings"><h2>{text::judgings(l)}</h2>{judgings}</section>
        <section class="card stack" id="human"><h2>{text::human(l)}</h2>{human}</section>
        {bar(project, l, view.bar)}
    }
}

fn judges(project: ProjectId, l: Lang, judges: Vec<JudgeSummary>) -> AnyView {
    if judges.is_empty() {
        let button = role::may(Action::Launch).then(|| new_judge(project));
        return view! { <Empty title=text::no_judge(l) hint=text::no_judge_hint(l)>{button}</Empty> }.into_any();
    }
    let rows = judges.into_iter().map(|judge| {
        let (badge, asks) = (standing(l, judge.standing), mode(l, judge.mode));
        view! {
            <tr>
                <th scope="row"><a href=routes::judge(project, judge.id)><bdi>{judge.name}</bdi></a></th>
                <td data-label=text::asks(l)>{asks}</td>
                <td class="num" data-label=text::versions(l)>{text::version(l, judge.number)}</td>
                <td data-label=text::standing_label(l)>{badge}</td>
                <td class="num" data-label=text::judgings(l)>{integer(judge.judgings)}</td>
                <td class="nowrap" data-label=text::created(l)><Time at=judge.created_at/><div class="muted">{judge.created_by}</div></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::name(l)}</th>
                    <th scope="col">{text::asks(l)}</th>
                    <th scope="col" class="num">{text::versions(l)}</th>
                    <th scope="col">{text::standing_label(l)}</th>
                    <th scope="col" class="num">{text::judgings(l)}</th>
                    <th scope="col">{text::created(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// What judges were asked.
pub(super) fn judgings(project: ProjectId, l: Lang, judgings: Vec<JudgingSummary>) -> AnyView {
    if judgings.is_empty() {
        return view! { <Empty title=text::no_judging(l) hint=text::no_judging_hint(l)/> }.into_any();
    }
    let rows = judgings.into_iter().map(|judging| {
        let against = judging.second.map(|second| view! { <div class="muted" dir="auto">{text::against(l, second.name)}</div> });
        let name = format!("{} {}", judging.judge_name, text::version(l, judging.version_number));
        let unclear = (judging.unparsable > 0)
            .then(|| view! { <div class="muted">{text::unparsable(l)} ": " {integer(judging.unparsable)}</div> });
        let badge = standing(l, judging.standing);
        view! {
            <tr>
                <th scope="row"><a href=routes::judging(project, judging.id)><bdi>{name}</bdi></a></th>
                <td class="prose" data-label=text::of_answers(l)><span dir="auto">{judging.first.name}</span>{against}</td>
                <td class="num" data-label=text::answered(l)>{text::of(l, integer(judging.answered), integer(judging.wanted))}{unclear}</td>
                <td data-label=text::standing_label(l)>{badge}</td>
                <td class="nowrap" data-label=text::created(l)><Time at=judging.created_at/><div class="muted">{judging.created_by}</div></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::judge(l)}</th>
                    <th scope="col">{text::of_answers(l)}</th>
                    <th scope="col" class="num">{text::answered(l)}</th>
                    <th scope="col">{text::standing_label(l)}</th>
                    <th scope="col">{text::created(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn human(project: ProjectId, l: Lang, human: Vec<HumanEvaluationSummary>) -> AnyView {
    if human.is_empty() {
        let button = role::may(Action::EditDatasets).then(|| new_human(project));
        return view! { <Empty title=text::no_human(l) hint=text::no_human_hint(l)>{button}</Empty> }.into_any();
    }
    let rows = human.into_iter().map(|one| {
        view! {
            <tr>
                <th scope="row"><a href=routes::human_evaluation(project, one.id)><bdi>{one.name}</bdi></a></th>
                <td data-label=text::models_label(l)>{text::models_count(l, one.models)}</td>
                <td class="num" data-label=text::answered(l)>{text::of(l, integer(one.given), integer(one.wanted))}</td>
                <td class="nowrap" data-label=text::created(l)><Time at=one.created_at/><div class="muted">{one.created_by}</div></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::name(l)}</th>
                    <th scope="col">{text::models_label(l)}</th>
                    <th scope="col" class="num">{text::answered(l)}</th>
                    <th scope="col">{text::created(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The bar in words.
pub(super) fn bar_words(l: Lang, bar: Bar) -> String {
    if bar.by_lower_bound { text::bar_by_lower(l, bar.kappa) } else { text::bar_now(l, bar.kappa) }
}

fn bar(project: ProjectId, l: Lang, bar: Bar) -> impl IntoView {
    let form = role::may(Action::Administer).then(|| {
        view! {
            <PostForm action={ServerAction::<SetBar>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <Field id="kappa" label=text::bar_kappa(l) help=text::bar_help(l)>
                    <input id="kappa" name="kappa" inputmode="decimal" required value=bar.kappa.to_string() aria-describedby="kappa-help"/>
                </Field>
                <label class="check">
                    <input type="checkbox" name="by_lower_bound" value="on" checked=bar.by_lower_bound aria-describedby="by_lower_bound-help"/>
                    <span>{text::bar_lower(l)}</span>
                </label>
                <p class="help" id="by_lower_bound-help">{text::bar_lower_help(l)}</p>
                <div class="actions"><button class="button" type="submit">{text::save(l)}</button></div>
            </PostForm>
        }
    });
    let words = form.is_none().then(|| view! { <p class="help">{text::bar_help(l)}</p> });
    view! {
        <section class="card stack" id="bar">
            <div class="card-title"><h2>{text::bar(l)}</h2><span class="muted">{bar_words(l, bar)}</span></div>
            {words}
            {form}
        </section>
    }
}
