//! One judge: its versions, what each was held against, what it was asked, and asking it again.

use super::{
    api::{AskJudge, JudgeView, get_judge},
    form::writer_value,
    list::{bar_words, judgings},
    mode, options, standing, text, with_interval,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        field::Field,
        form::PostForm,
        format::{Time, integer, percent},
        frame::PageHeader,
        load::load,
    },
};
use domain::{
    access::Action,
    id::{EvalId, JudgeId, ProjectId},
    judge::{
        Mode,
        calibration::{Bar, Standing},
        view::{Calibration, JudgeVersion},
    },
    lang::Lang,
};
use leptos::prelude::*;

/// `/p/:project/judges/:judge`.
#[component]
pub fn JudgePage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<JudgeId>("judge")?)));
    let data = async move {
        let (project, judge) = ids?;
        Ok::<_, AppError>((project, get_judge(project, judge).await?))
    };
    load(data, |(project, view)| page(project, view))
}

fn page(project: ProjectId, view: JudgeView) -> impl IntoView {
    let l = lang();
    let JudgeView { judge, judgings: asked, evaluations, writers, bar } = view;
    let next = format!("{}?of={}", routes::new_judge(project), judge.id);
    let next = role::may(Action::Launch).then(|| view! { <a class="button" href=next>{text::new_version(l)}</a> });
    let lead = judge.versions.first().map(|v| mode(l, v.spec.mode)).unwrap_or_default();
    let ask = judge.versions.first().filter(|_| role::may(Action::Launch));
    let ask = ask.map(|_| self::ask(project, l, &judge.versions, &evaluations));
    let versions = judge
        .versions
        .iter()
        .enumerate()
        .map(|(at, v)| version(project, l, v, (asked_of(&writers, v), bar), at == 0))
        .collect_view();
    view! {
        <PageHeader title=judge.name.clone() lead=lead>
            <a class="button button-quiet" href=routes::judges(project)>{text::all_judges(l)}</a>
            {next}
        </PageHeader>
        {ask}
        <section class="card stack" id="judgings"><h2>{text::judgings(l)}</h2>{judgings(project, l, asked)}</section>
        <section class="stack" id="versions"><h2>{text::versions(l)}</h2>{versions}</section>
    }
}

fn ask(
    project: ProjectId,
    l: Lang,
    versions: &[JudgeVersion],
    evaluations: &[(EvalId, String)],
) -> impl IntoView + use<> {
    if evaluations.is_empty() {
        return view! { <section class="card"><h2>{text::ask_title(l)}</h2><p class="muted">{text::no_evaluation(l)}</p></section> }
            .into_any();
    }
    let named = |(id, name): &(EvalId, String)| (id.to_string(), name.clone());
    let first = options(evaluations.iter().map(named), "");
    let nothing = std::iter::once((String::new(), text::choose(l).to_owned()));
    let second = options(nothing.chain(evaluations.iter().map(named)), "");
    let numbers = options(versions.iter().map(|v| (v.id.to_string(), text::version(l, v.number))), "");
    // All versions of a judge may differ in what they ask: a second evaluation is offered where one of them compares.
    let compares = versions.iter().any(|v| v.spec.mode == Mode::Pairwise);
    let second = compares.then(|| {
        view! {
            <Field id="second" label=text::ask_second(l) help=text::ask_second_help(l)>
                <select id="second" name="second" aria-describedby="second-help">{second}</select>
            </Field>
        }
    });
    view! {
        <section class="card stack" id="ask">
            <h2>{text::ask_title(l)}</h2>
            <PostForm action={ServerAction::<AskJudge>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <div class="field-row">
                    <Field id="version" label=text::versions(l)><select id="version" name="version">{numbers}</select></Field>
                    <Field id="first" label=text::ask_first(l)><select id="first" name="first">{first}</select></Field>
                    {second}
                    <Field id="samples" label=text::samples(l) help=text::samples_help(l)>
                        <input id="samples" name="samples" inputmode="numeric" required value="0" aria-describedby="samples-help"/>
                    </Field>
                    <Field id="seed" label=text::seed(l) help=text::seed_help(l)>
                        <input id="seed" name="seed" inputmode="numeric" required value="42" aria-describedby="seed-help"/>
                    </Field>
                </div>
                <div class="actions"><button class="button button-primary" type="submit">{text::ask(l)}</button></div>
            </PostForm>
        </section>
    }
    .into_any()
}

/// Who is asked, by name where that is known still.
fn asked_of(writers: &[(String, String)], v: &JudgeVersion) -> String {
    let value = writer_value(&v.spec.asked);
    writers.iter().find(|(known, _)| *known == value).map_or(value.clone(), |(_, name)| name.clone())
}

/// One definition in a fold, the newest one open.
fn version(
    project: ProjectId,
    l: Lang,
    v: &JudgeVersion,
    (asked, bar): (String, Bar),
    is_open: bool,
) -> impl IntoView + use<> {
    let spec = &v.spec;
    let criteria = domain::judge::criteria_text::written(&spec.criteria);
    let criteria = (!criteria.is_empty())
        .then(|| view! { <h3>{text::criteria(l)}</h3><pre class="code" dir="auto">{criteria}</pre> });
    let note = (!v.note.is_empty()).then(|| view! { <p class="muted" dir="auto">{v.note.clone()}</p> });
    let template = spec.template().to_owned();
    let calibrations = calibrations(project, l, &v.calibrations, bar);
    let badge = standing(l, v.standing);
    let changed = changed(l, v);
    let model = v.model.clone().map(|model| {
        view! { <div><dt>{text::model_now(l)}</dt><dd><bdi>{model}</bdi></dd></div> }
    });
    let (number, at, by) = (text::version(l, v.number), v.created_at, v.created_by.clone());
    let (repeats, temperature, max_tokens) =
        (spec.repeats.to_string(), spec.temperature.to_string(), integer(spec.max_tokens.into()));
    view! {
        <details class="card fold" open=is_open>
            <summary>{number}" "{badge}" "<span class="muted"><Time at/>" "{text::by(l, by)}</span></summary>
            {note}
            {changed}
            <dl class="meta">
                <div><dt>{text::asked_of(l)}</dt><dd dir="auto">{asked}</dd></div>
                {model}
                <div><dt>{text::repeats(l)}</dt><dd>{repeats}</dd></div>
                <div><dt>{text::temperature(l)}</dt><dd>{temperature}</dd></div>
                <div><dt>{text::max_tokens(l)}</dt><dd>{max_tokens}</dd></div>
            </dl>
            {criteria}
            <h3>{text::template(l)}</h3>
            <pre class="code judge-template" dir="auto">{template}</pre>
            <h3>{text::calibrations(l)}</h3>
            {calibrations}
        </details>
    }
}

/// That somebody else was held against people than who would be asked now.
fn changed(l: Lang, v: &JudgeVersion) -> Option<impl IntoView + use<>> {
    let words = match (v.calibrations.first().and_then(|c| c.asked_model.clone()), v.model.clone()) {
        (Some(then), Some(now)) if then != now => text::changed(l, then, now),
        _ => text::changed_unknown(l).to_owned(),
    };
    (v.standing == Standing::Changed).then(|| view! { <p class="notice notice-warn" dir="auto">{words}</p> })
}

fn calibrations(project: ProjectId, l: Lang, all: &[Calibration], bar: Bar) -> AnyView {
    if all.is_empty() {
        return view! { <p class="muted">{text::none_calibrated(l)}" "{bar_words(l, bar)}</p> }.into_any();
    }
    let figure = |kappa: Option<domain::agreement::Interval>| kappa.map_or_else(|| "–".to_owned(), with_interval);
    let rows = all.iter().map(|c| {
        let a = &c.agreement;
        let badge = standing(l, c.standing);
        let task = routes::annotation_task(project, c.task_id);
        let criterion = if c.criterion.is_empty() { mode(l, Mode::Pairwise).to_owned() } else { c.criterion.clone() };
        view! {
            <tr>
                <th scope="row" dir="auto"><a href=routes::judging(project, c.judging_id)>{criterion}</a></th>
                <td class="num" data-label=text::kappa(l)>{figure(a.kappa)}</td>
                <td class="num" data-label=text::kappa_people(l)>{figure(a.people)}</td>
                <td class="num" data-label=text::labels(l)>{integer(a.samples)}</td>
                <td class="num" data-label=text::same(l)>{percent(a.same)}</td>
                <td data-label=text::standing_label(l)>{badge}</td>
                <td data-label=text::asked_model(l)><bdi>{c.asked_model.clone()}</bdi></td>
                <td data-label=text::task(l)><a href=task dir="auto">{c.task_name.clone()}</a></td>
                <td class="nowrap" data-label=text::created(l)><Time at=c.created_at/></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <p class="muted">{bar_words(l, bar)}</p>
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::criterion(l)}</th>
                    <th scope="col" class="num">{text::kappa(l)}</th>
                    <th scope="col" class="num">{text::kappa_people(l)}</th>
                    <th scope="col" class="num">{text::labels(l)}</th>
                    <th scope="col" class="num">{text::same(l)}</th>
                    <th scope="col">{text::standing_label(l)}</th>
                    <th scope="col">{text::asked_model(l)}</th>
                    <th scope="col">{text::task(l)}</th>
                    <th scope="col">{text::created(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
