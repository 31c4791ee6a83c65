//! What a judge said of the answers of an evaluation, or of two: figures, slices, each answer, and holding it against people.

use super::{
    api::{Calibrate, DeleteJudging, GoOnJudging, JudgingView, PAGE, get_judging},
    mode, options, standing, stat, text, verdict, with_interval,
};
use crate::{
    error::AppError,
    role, routes,
    text::lang,
    ui::{
        download::CsvDownload,
        field::{Confirm, Field},
        form::PostForm,
        format::{duration, excerpt, integer, number, percent},
        frame::PageHeader,
        job::JobProgress,
        load::load,
        notice::Empty,
        pager::{Place, pager},
    },
};
use domain::{
    access::Action,
    annotation::view::TaskSummary,
    id::{JudgingId, ProjectId},
    job::JobStatus,
    judge::{
        Mode,
        results::{CriterionResult, JudgingResults, Mean, PairwiseResult, Slice},
        view::{Judging, RulingRow},
    },
    lang::Lang,
    page::Page,
};
use leptos::prelude::*;

/// `/p/:project/judgings/:judging?unparsable=1&cursor=`.
#[component]
pub fn JudgingPage() -> impl IntoView {
    let ids = routes::param::<ProjectId>("project").and_then(|p| Ok((p, routes::param::<JudgingId>("judging")?)));
    let unparsable = routes::query::<String>("unparsable").is_some();
    let cursor = routes::query::<String>("cursor").unwrap_or_default();
    let shown = Shown { unparsable, cursor: cursor.clone() };
    let data = async move {
        let (project, judging) = ids?;
        Ok::<_, AppError>((project, get_judging(project, judging, unparsable, cursor).await?))
    };
    load(data, move |(project, view)| page(project, view, &shown))
}

/// Which answers are shown.
struct Shown {
    unparsable: bool,
    cursor: String,
}

fn page(project: ProjectId, view: JudgingView, shown: &Shown) -> impl IntoView + use<> {
    let l = lang();
    let JudgingView { judging, tasks, rulings } = view;
    let s = &judging.summary;
    let here = routes::judging(project, s.id);
    let title = text::judging_title(l, &s.judge_name, s.version_number);
    let lead = match &s.second {
        Some(second) => format!("{} · {}", s.first.name, text::against(l, &second.name)),
        None => s.first.name.clone(),
    };
    let is_open = s.job_status.is_some_and(|status| !status.is_final());
    let job = s.job_id.filter(|_| is_open || s.job_status == Some(JobStatus::Failed));
    let job = job.map(|job| view! { <JobProgress project job then=here/> });
    let json = format!("/api/v1/projects/{project}/judgings/{}", s.id);
    let not_counted = (!s.standing.counts())
        .then(|| view! { <p class="notice notice-warn" role="status">{text::not_counted(l)}</p> });
    let (badge, to_judge) = (standing(l, s.standing), routes::judge(project, s.judge_id));
    let actions = actions(project, l, &judging, is_open);
    let figures = figures(l, &judging);
    let (slices, rulings) = (slices(l, &judging.results.slices), self::rulings(project, l, s.id, rulings, shown));
    let is_held = role::may(Action::Launch) && s.first.result.is_none();
    let calibrate = is_held.then(|| calibrate(project, l, &judging, &tasks));
    view! {
        <PageHeader title=title lead=lead>
            <a class="button button-quiet" href=to_judge>{text::judge(l)}</a>
            <a class="button" href=json>"JSON"</a>
        </PageHeader>
        {job}
        <p>{mode(l, judging.spec.mode)}" "{badge}</p>
        {not_counted}
        {actions}
        {figures}
        {slices}
        {rulings}
        {calibrate}
    }
}

fn actions(project: ProjectId, l: Lang, judging: &Judging, is_open: bool) -> impl IntoView + use<> {
    let s = &judging.summary;
    let id = s.id.to_string();
    let result = s.first.result.map(|of| routes::suite_result(project, of.suite_id, of.result_id));
    let may = role::may(Action::Launch) && !is_open && result.is_none();
    let more = (may && s.answered < s.wanted).then(|| {
        let id = id.clone();
        view! {
            <PostForm action={ServerAction::<GoOnJudging>::new()}>
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="judging" value=id/>
                <button class="button button-primary" type="submit">{text::go_on(l)}</button>
            </PostForm>
        }
    });
    let delete = may.then(|| {
        view! {
            <Confirm label=text::delete(l) question=text::delete_question(l) danger=true>
                <PostForm action={ServerAction::<DeleteJudging>::new()}>
                    <input type="hidden" name="project" value=project.to_string()/>
                    <input type="hidden" name="judging" value=id/>
                    <button class="button button-danger" type="submit">{text::delete(l)}</button>
                </PostForm>
            </Confirm>
        }
    });
    let result =
        result.map(|href| view! { <p class="muted">{text::of_result(l)}" "<a href=href>{text::to_result(l)}</a></p> });
    view! { <div class="actions">{more}{delete}</div>{result} }
}

/// A mean with its interval, as `0.612 (0.580 … 0.643)`.
fn mean(mean: &Mean) -> String {
    format!("{:.3} ({:.3} … {:.3})", mean.value, mean.low, mean.high)
}

fn figures(l: Lang, judging: &Judging) -> AnyView {
    let (s, r) = (&judging.summary, &judging.results);
    if s.answered == 0 {
        return view! { <Empty title=text::no_answer(l) hint=text::no_answer_hint(l)/> }.into_any();
    }
    let headline = match &r.pairwise {
        Some(pairs) => pairwise(l, pairs, &s.first.name).into_any(),
        None => rubric(l, r).into_any(),
    };
    let unclear = r.unparsable as f64 / r.answered.max(1) as f64;
    let tokens = format!("{} + {}", integer(judging.prompt_tokens), integer(judging.answer_tokens));
    view! {
        <section class="card stack" id="figures">
            {headline}
            <div class="stats">
                {stat(text::answered(l), text::of(l, integer(s.answered), integer(s.wanted)), String::new())}
                {stat(text::unparsable(l), percent(unclear), text::unparsable_note(l, integer(r.unparsable)))}
                {stat(text::tokens(l), tokens, text::waited(l, duration(judging.waited_ms / 1000, l)))}
            </div>
        </section>
    }
    .into_any()
}

fn rubric(l: Lang, r: &JudgingResults) -> impl IntoView + use<> {
    let overall = r.overall.as_ref().map(|overall| {
        view! { <div class="stats">{stat(text::overall(l), mean(overall), text::samples(l).to_owned() + " " + &integer(overall.samples))}</div> }
    });
    let rows = r.criteria.iter().map(|c| criterion(l, c)).collect_view();
    view! {
        {overall}
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::criterion(l)}</th>
                    <th scope="col" class="num">{text::mean(l)}</th>
                    <th scope="col">{text::interval(l)}</th>
                    <th scope="col" class="num">{text::between(l)}</th>
                    <th scope="col" class="num">{text::within(l)}</th>
                    <th scope="col">{text::given(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn criterion(l: Lang, c: &CriterionResult) -> impl IntoView + use<> {
    let figure = |of: fn(&Mean) -> Option<f64>| c.mean.as_ref().and_then(of).map_or_else(|| "–".to_owned(), number);
    let interval = c.mean.as_ref().map(|m| format!("{:.3} … {:.3}", m.low, m.high));
    let steps = (c.criterion.min..=c.criterion.max).zip(&c.counts);
    let given: Vec<String> = steps.map(|(step, count)| format!("{step}: {}", integer(*count))).collect();
    view! {
        <tr>
            <th scope="row" dir="auto">{c.criterion.name.clone()}<div class="muted">{c.criterion.help.clone()}</div></th>
            <td class="num" data-label=text::mean(l)>{figure(|m| Some(m.value))}</td>
            <td class="nowrap" data-label=text::interval(l)>{interval}</td>
            <td class="num" data-label=text::between(l)>{figure(|m| m.between)}</td>
            <td class="num" data-label=text::within(l)>{figure(|m| m.within)}</td>
            <td class="prose" data-label=text::given(l)>{given.join(" · ")}</td>
        </tr>
    }
}

fn pairwise(l: Lang, pairs: &PairwiseResult, first: &str) -> impl IntoView + use<> {
    let rate = pairs.win_rate.as_ref().map_or_else(|| "–".to_owned(), mean);
    let all = (pairs.consistent + pairs.inconsistent).max(1);
    let consistent = percent(pairs.consistent as f64 / all as f64);
    let shown_first = pairs.shown_first.map_or_else(|| "–".to_owned(), with_interval);
    let within = pairs.win_rate.as_ref().and_then(|m| m.within);
    let within = within.map(|within| stat(text::within(l), number(within), text::within_help(l).to_owned()));
    let (badge, name) = (verdict(l, pairs.verdict), text::win_rate(l, first));
    view! {
        <p dir="auto">{name}" "{badge}</p>
        <div class="stats">
            {stat(text::share(l), rate, text::wins_losses(l, integer(pairs.wins), integer(pairs.ties), integer(pairs.losses)))}
            {stat(text::consistent(l), consistent, text::consistent_note(l).to_owned())}
            {stat(text::shown_first(l), shown_first, text::shown_first_note(l).to_owned())}
            {within}
        </div>
    }
}

fn slices(l: Lang, slices: &[Slice]) -> Option<impl IntoView + use<>> {
    if slices.is_empty() {
        return None;
    }
    let rows = slices.iter().map(|slice| {
        view! {
            <tr>
                <th scope="row" dir="auto">{format!("{} = {}", slice.field, excerpt(&slice.value))}</th>
                <td class="num" data-label=text::samples(l)>{integer(slice.mean.samples)}</td>
                <td class="num" data-label=text::mean(l)>{mean(&slice.mean)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    Some(view! {
        <details class="card fold" id="slices">
            <summary>{text::slices(l)}</summary>
            <p class="help">{text::slices_help(l)}</p>
            <div class="table-wrap">
                <table class="table table-cards">
                    <thead><tr>
                        <th scope="col">{text::slice(l)}</th>
                        <th scope="col" class="num">{text::samples(l)}</th>
                        <th scope="col" class="num">{text::mean(l)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    })
}

fn rulings(project: ProjectId, l: Lang, id: JudgingId, page: Page<RulingRow>, shown: &Shown) -> impl IntoView + use<> {
    let here = routes::judging(project, id);
    let tab = |words: &'static str, query: &'static str, is_here: bool| {
        view! { <a href=format!("{here}{query}#rulings") aria-current=is_here.then_some("page")>{words}</a> }
    };
    let tabs = view! {
        {tab(text::all_rulings(l), "", !shown.unparsable)}
        {tab(text::only_unparsable(l), "?unparsable=1", shown.unparsable)}
    };
    let (count, next_cursor) = (page.items.len(), page.next_cursor);
    let list = if page.items.is_empty() {
        view! { <Empty title=text::no_answer(l) hint=text::no_answer_hint(l)/> }.into_any()
    } else {
        table(project, l, id, page.items).into_any()
    };
    let filter = if shown.unparsable { "unparsable=1&" } else { "" };
    let address = |cursor: &str| format!("{here}?{filter}cursor={}", routes::encode(cursor));
    let place = Place { shown: count, size: PAGE, total: None, next_cursor };
    let pages = pager(address, "#rulings", &shown.cursor, place);
    let file = format!("/api/v1/projects/{project}/judgings/{id}/rulings");
    view! {
        <section class="card stack" id="rulings">
            <h2>{text::rulings(l)}</h2>
            <nav class="tabs" aria-label=text::rulings(l)>{tabs}</nav>
            {list}
            {pages}
            <CsvDownload action=file label=text::download(l)/>
        </section>
    }
}

fn table(project: ProjectId, l: Lang, id: JudgingId, rulings: Vec<RulingRow>) -> impl IntoView {
    let rows = rulings.into_iter().map(|r| {
        let said = match (&r.said, &r.problem) {
            (Some(said), _) => view! { <span>{text::said_words(l, said)}</span> }.into_any(),
            (None, Some(problem)) => view! { <span class="badge badge-warn">{text::unclear(l, problem)}</span> }.into_any(),
            (None, None) => ().into_any(),
        };
        let order = r.swapped.then(|| view! { " "<span class="badge badge-quiet">{text::swapped(l)}</span> });
        view! {
            <tr>
                <th scope="row"><a href=routes::judged_sample(project, id, r.position)>{text::sample_title(l, r.position + 1)}</a></th>
                <td class="nowrap">{text::repeat(l, r.repeat + 1)}{order}</td>
                <td class="prose" data-label=text::said(l)>{said}</td>
                <td class="prose" data-label=text::reason(l)><span dir="auto">{excerpt(&r.reason)}</span></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <div class="table-wrap">
            <table class="table table-cards">
                <thead><tr>
                    <th scope="col">{text::sample(l)}</th>
                    <th scope="col">{text::repeats(l)}</th>
                    <th scope="col">{text::said(l)}</th>
                    <th scope="col">{text::reason(l)}</th>
                </tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn calibrate(project: ProjectId, l: Lang, judging: &Judging, tasks: &[TaskSummary]) -> impl IntoView + use<> {
    if tasks.is_empty() {
        let make = routes::new_annotation(project);
        return view! {
            <section class="card stack" id="calibrate">
                <h2>{text::calibrate(l)}</h2>
                <p class="muted">{text::no_task(l)}" "<a href=make>{text::make_task(l)}</a></p>
            </section>
        }
        .into_any();
    }
    let id = judging.summary.id.to_string();
    let tasks = options(tasks.iter().map(|t| (t.id.to_string(), t.name.clone())), "");
    let criteria = judging.spec.criteria.iter().map(|c| (c.name.clone(), c.name.clone()));
    let criteria = options(criteria, "");
    let usual = if judging.spec.mode == Mode::Pairwise { "better" } else { "" };
    let criterion = (judging.spec.mode == Mode::Rubric).then(|| {
        view! {
            <Field id="criterion" label=text::criterion(l)><select id="criterion" name="criterion">{criteria}</select></Field>
        }
    });
    view! {
        <section class="card stack" id="calibrate">
            <h2>{text::calibrate(l)}</h2>
            <p class="help">{text::calibrate_help(l)}</p>
            <PostForm action={ServerAction::<Calibrate>::new()} class="stack">
                <input type="hidden" name="project" value=project.to_string()/>
                <input type="hidden" name="judging" value=id/>
                <div class="field-row">
                    <Field id="task" label=text::task(l)><select id="task" name="task">{tasks}</select></Field>
                    <Field id="question" label=text::question(l) help=text::question_help(l)>
                        <input id="question" name="question" required value=usual aria-describedby="question-help"/>
                    </Field>
                    {criterion}
                </div>
                <div class="actions"><button class="button" type="submit">{text::measure(l)}</button></div>
            </PostForm>
        </section>
    }
    .into_any()
}
