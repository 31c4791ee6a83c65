//! The page that makes a judge, or the next version of one. Its state is the form, and the form is in its address: the preview
//! is the page again.

use super::{
    api::{MakeJudge, NewJudgeView, get_new_judge},
    form::JudgeForm,
    mode, options, text,
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
};
use domain::{
    access::Action,
    id::ProjectId,
    judge::{MAX_REPEATS, Mode, prompt},
    lang::Lang,
};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// `/p/:project/judges/new`, perhaps with the form's values; with `of` the next version of that judge.
#[component]
pub fn NewJudgePage() -> impl IntoView {
    let Ok(project) = routes::param::<ProjectId>("project") else { return refuse(AppError::NotFound).into_any() };
    if !role::may(Action::Launch) {
        return refuse(AppError::Forbidden).into_any();
    }
    let refusal = refusal_of::<MakeJudge>();
    let refused = refusal.as_ref().map(|r| view! { <Problem error=r.error.clone()/> });
    let is_refused = refusal.is_some();
    let form = match refusal {
        // What was typed is kept, whatever the judge's last version says.
        Some(refusal) => JudgeForm { op: "refused".to_owned(), ..JudgeForm::from_pairs(refusal.typed) },
        None => use_query_map().with_untracked(|q| JudgeForm::from_pairs(q.latest_values())),
    };
    view! {
        {refused}
        {load(get_new_judge(project, form), move |view| page(project, view, is_refused))}
    }
    .into_any()
}

fn page(project: ProjectId, view: NewJudgeView, is_refused: bool) -> AnyView {
    let l = lang();
    let is_next = !view.form.of.is_empty();
    let title = if is_next { text::version_title(l, &view.form.name) } else { text::new_title(l).to_owned() };
    let header = view! { <PageHeader title=title lead=text::new_lead(l)/> };
    if view.writers.is_empty() {
        return view! {
            {header}
            <Empty title=text::no_judge(l) hint=text::no_writer(l)>
                <a class="button" href=routes::models(project)>{text::writer(l)}</a>
            </Empty>
        }
        .into_any();
    }
    let here = routes::new_judge(project);
    let (of, typed) = (view.form.of.clone(), view.form.name.clone());
    let name = if is_next {
        view! { <input type="hidden" name="name" value=typed/> }.into_any()
    } else {
        view! {
            <Field id="name" label=text::name(l) help=text::name_help(l)>
                <input id="name" name="name" dir="auto" maxlength="100" value=typed aria-describedby="name-help"/>
            </Field>
        }
        .into_any()
    };
    let (definition, manner, preview) = (definition(l, &view), manner(l, &view.form), preview(l, &view));
    view! {
        {header}
        <form class="launch split-main" method="get" action=here data-refusal=is_refused.then_some("")>
            <input type="hidden" name="project" value=project.to_string()/>
            <input type="hidden" name="of" value=of/>
            <div class="stack">
                <fieldset>
                    <legend>{text::judge(l)}</legend>
                    {name}
                    {definition}
                </fieldset>
                {manner}
            </div>
            <aside class="stack launch-side">
                <button type="submit" class="button" name="op" value="preview">{text::preview(l)}</button>
                <button type="submit" class="button button-primary" formmethod="post" formaction={address::<MakeJudge>()}>{text::create(l)}</button>
                {preview}
            </aside>
        </form>
    }
    .into_any()
}

fn definition(l: Lang, view: &NewJudgeView) -> impl IntoView + use<> {
    let form = &view.form;
    let modes = options(Mode::ALL.iter().map(|m| (m.as_str().to_owned(), mode(l, *m).to_owned())), &form.mode);
    let languages = Lang::ALL.map(|lang| (lang.tag().to_owned(), lang.name().to_owned()));
    let languages = options(languages, form.lang(l).tag());
    let writers = options(view.writers.clone(), &form.writer);
    let usual = prompt::usual(if form.is_pairwise() { Mode::Pairwise } else { Mode::Rubric }, form.lang(l));
    let (criteria, template) = (form.criteria.clone(), form.template.clone());
    view! {
        <div class="field-row">
            <Field id="mode" label=text::mode_label(l) help=text::mode_help(l)>
                <select id="mode" name="mode" aria-describedby="mode-help">{modes}</select>
            </Field>
            <Field id="writer" label=text::writer(l) help=text::writer_help(l)>
                <select id="writer" name="writer" aria-describedby="writer-help">{writers}</select>
            </Field>
            <Field id="lang" label=text::lang_label(l) help=text::lang_help(l)>
                <select id="lang" name="lang" aria-describedby="lang-help">{languages}</select>
            </Field>
        </div>
        <div class="judge-criteria">
            <Field id="criteria" label=text::criteria(l) help=text::criteria_help(l)>
                <textarea id="criteria" name="criteria" dir="auto" rows="8" aria-describedby="criteria-help">{criteria}</textarea>
            </Field>
        </div>
        <Field id="template" label=text::template(l) help=text::template_help(l)>
            <textarea id="template" name="template" dir="auto" rows="10" placeholder=usual aria-describedby="template-help">{template}</textarea>
        </Field>
    }
}

fn manner(l: Lang, form: &JudgeForm) -> impl IntoView + use<> {
    let (repeats, temperature, max_tokens, note) =
        (form.repeats.clone(), form.temperature.clone(), form.max_tokens.clone(), form.note.clone());
    view! {
        <fieldset>
            <legend>{text::repeats(l)}</legend>
            <div class="field-row">
                <Field id="repeats" label=text::repeats(l) help=text::repeats_help(l, MAX_REPEATS)>
                    <input id="repeats" name="repeats" inputmode="numeric" value=repeats aria-describedby="repeats-help"/>
                </Field>
                <Field id="temperature" label=text::temperature(l) help=text::temperature_help(l)>
                    <input id="temperature" name="temperature" inputmode="decimal" value=temperature aria-describedby="temperature-help"/>
                </Field>
                <Field id="max_tokens" label=text::max_tokens(l) help=text::max_tokens_help(l)>
                    <input id="max_tokens" name="max_tokens" inputmode="numeric" value=max_tokens aria-describedby="max_tokens-help"/>
                </Field>
            </div>
            <Field id="note" label=text::note(l) help=text::note_help(l)>
                <textarea id="note" name="note" dir="auto" rows="2" maxlength="2000" aria-describedby="note-help">{note}</textarea>
            </Field>
        </fieldset>
    }
}

/// The question as the judge gets it.
fn preview(l: Lang, view: &NewJudgeView) -> impl IntoView + use<> {
    if view.evaluations.is_empty() {
        return view! { <p class="help">{text::no_evaluation(l)}</p> }.into_any();
    }
    let named = |(id, name): &(domain::id::EvalId, String)| (id.to_string(), name.clone());
    let first = options(view.evaluations.iter().map(named), &view.form.first);
    let nothing = std::iter::once((String::new(), text::choose(l).to_owned()));
    let second = options(nothing.chain(view.evaluations.iter().map(named)), &view.form.second);
    let second = view.form.is_pairwise().then(|| {
        view! {
            <Field id="second" label=text::preview_against(l)>
                <select id="second" name="second">{second}</select>
            </Field>
        }
    });
    let problem = view.problem.clone().map(|problem| view! { <p class="error">{problem}</p> });
    let sent = view.preview.clone().map(|sent| view! { <pre class="code" dir="auto">{sent}</pre> });
    view! {
        <section class="card stack" id="preview">
            <h2>{text::preview(l)}</h2>
            <p class="help">{text::preview_help(l)}</p>
            <Field id="first" label=text::preview_of(l)>
                <select id="first" name="first">{first}</select>
            </Field>
            {second}
            {problem}
            {sent}
        </section>
    }
    .into_any()
}
