//! The first look at a file: how it is read, its first rows, the samples they become, and the
//! lines that become none.

use super::{
    form::{CHOICES, DESCRIBED, FORMATS, ImportForm, PREFIX, PREFIXED, slot_value},
    inside, text,
};
use crate::{
    routes,
    text::lang,
    ui::{
        conversation::{ChoiceList, Conversation, Rejected},
        field::Field,
        format::{integer, shortened},
    },
    words,
};
use domain::{
    dataset::{FileSyntax, LineError},
    id::ProjectId,
    import::{ImportProblem, Preview, PreviewRow, PreviewSample},
};
use leptos::prelude::*;

/// Encodings to choose from: WHATWG labels.
const ENCODINGS: [&str; 11] = [
    "utf-8",
    "gb18030",
    "big5",
    "utf-16le",
    "utf-16be",
    "windows-1252",
    "shift_jis",
    "euc-jp",
    "iso-2022-jp",
    "euc-kr",
    "windows-1251",
];
/// Bad lines that the page lists; a report has more.
const ERRORS_SHOWN: usize = 20;
/// Fields that fit beside each other on a wide screen.
const FIELDS_IN_SIGHT: usize = 8;

/// Syntax, encoding, format and fields, with the button that shows what they lead to.
#[component]
pub fn Choices(project: ProjectId, form: ImportForm, preview: Option<Preview>) -> impl IntoView {
    let l = lang();
    let detected = preview.as_ref().map(|p| (text::syntax_name(l, p.syntax).to_owned(), p.encoding.clone()));
    let (syntax, encoding) = detected.map_or((None, None), |(s, e)| (Some(s), Some(e)));
    let detect =
        move |what: Option<String>| what.map_or_else(|| text::detect(l).to_owned(), |what| text::detected(l, what));
    let syntaxes = FileSyntax::ALL.map(|s| {
        view! { <option value=s.as_str() selected={form.get("syntax") == s.as_str()}>{text::syntax_name(l, s)}</option> }
    });
    let encodings = ENCODINGS.map(|e| view! { <option value=e selected={form.get("encoding") == e}>{e}</option> });
    view! {
        <fieldset>
            <legend>{text::how_read(l)}</legend>
            <div class="field-row">
                <Field id="syntax" label=text::syntax(l)>
                    <select id="syntax" name="syntax">
                        <option value="">{detect(syntax)}</option>
                        {syntaxes.collect_view()}
                    </select>
                </Field>
                <Field id="encoding" label=text::encoding(l)>
                    <select id="encoding" name="encoding">
                        <option value="">{detect(encoding)}</option>
                        {encodings.collect_view()}
                    </select>
                </Field>
            </div>
            {preview.as_ref().filter(|p| p.packing.is_packed()).map(inside::files)}
            {is_archive(&form, preview.as_ref()).then(|| inside::pattern(&form))}
            {preview.as_ref().map(|preview| mapping(&form, preview))}
            <div class="actions">
                <button class="button" type="submit" formmethod="get" formaction=routes::new_dataset(project) formnovalidate id="update">
                    {text::update_preview(l)}
                </button>
                <PreviewFollows/>
            </div>
        </fieldset>
    }
}

/// Whether files can be chosen: the archive's own look, or a choice that left none.
fn is_archive(form: &ImportForm, preview: Option<&Preview>) -> bool {
    form.given("inside").is_some() || preview.is_none_or(|p| p.packing.archive.is_some())
}

/// Asks for the preview again as soon as a choice that it shows has changed. The address then names
/// the choice as its fragment, which gives the focus back to it on the new page.
#[island]
fn PreviewFollows() -> impl IntoView {
    Effect::new(|_| follow());
    view! { <span class="help">{text::update_help(lang())}</span> }
}

#[cfg(feature = "hydrate")]
fn follow() {
    use wasm_bindgen::{JsCast, closure::Closure};
    let element = |id: &str| document().get_element_by_id(id);
    let (Some(form), Some(button)) = (element("import"), element("update")) else { return };
    let address = button.get_attribute("formaction").unwrap_or_default();
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(move |e: web_sys::Event| {
        let changed = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
        let shown = changed.filter(|c| c.tag_name() == "SELECT" && c.id() != "dataset");
        if let (Some(choice), Some(button)) = (shown, button.dyn_ref::<web_sys::HtmlElement>()) {
            let _ = button.set_attribute("formaction", &format!("{address}#{}", choice.id()));
            button.click();
        }
    });
    // Lives as long as the page.
    let _ = form.add_event_listener_with_callback("change", listener.into_js_value().unchecked_ref());
}

#[cfg(not(feature = "hydrate"))]
fn follow() {}

/// The format and which field is what.
fn mapping(form: &ImportForm, preview: &Preview) -> impl IntoView + use<> {
    let l = lang();
    let in_use = preview.mapping.as_ref();
    let is_described = preview.files.iter().any(|f| f.mapping.is_some());
    let usual = if is_described { Some(DESCRIBED) } else { in_use.map(|m| m.format()) };
    let format = form.given("format").or(usual).unwrap_or_default().to_owned();
    let described = is_described.then(|| {
        view! { <option value=DESCRIBED selected={format == DESCRIBED}>{text::format_described(l)}</option> }
    });
    let formats = FORMATS.map(|(word, _)| {
        view! { <option value=word selected={word == format}>{text::format_name(l, word)}</option> }
    });
    let slots = FORMATS.iter().find(|(word, _)| *word == format).map_or(&[][..], |(_, slots)| *slots);
    let same_format = in_use.filter(|m| m.format() == format);
    let fields = slots.iter().map(|(slot, needed)| {
        let chosen =
            same_format.and_then(|m| slot_value(m, slot)).or_else(|| likely(form, preview, slot)).unwrap_or_default();
        match *slot {
            CHOICES => choices_field(form.given(CHOICES).unwrap_or(&chosen)).into_any(),
            slot => slot_select(slot, *needed, &preview.fields, &chosen).into_any(),
        }
    });
    let fields = fields.collect_view();
    let prefix = PREFIXED.contains(&format.as_str()).then(|| {
        let guessed = same_format.and_then(|m| slot_value(m, "instruction"));
        let value = form.given(PREFIX).map(str::to_owned).or(guessed).unwrap_or_default();
        view! {
            <Field id=PREFIX label=text::prefix(l) help=text::prefix_help(l)>
                <textarea id=PREFIX name=PREFIX dir="auto" rows="2" aria-describedby="prefix-help">{value}</textarea>
            </Field>
        }
    });
    view! {
        <Field id="format" label=text::format(l) help=text::format_help(l)>
            <select id="format" name="format" aria-describedby="format-help">
                {format.is_empty().then(|| view! { <option value="">{text::choose_format(l)}</option> })}
                {described}
                {formats.collect_view()}
            </select>
        </Field>
        <div class="field-row">{fields}</div>
        {prefix}
    }
}

/// A field that was chosen before or has the name that the format gives it.
fn likely(form: &ImportForm, preview: &Preview, slot: &str) -> Option<String> {
    let chosen = form.given(slot).filter(|f| preview.fields.iter().any(|x| x == f));
    let named = || preview.fields.iter().find(|f| f.rsplit('.').next() == Some(slot)).map(String::as_str);
    chosen.or_else(named).map(str::to_owned)
}

fn slot_select(slot: &'static str, needed: bool, fields: &[String], chosen: &str) -> impl IntoView + use<> {
    let l = lang();
    let empty = if needed { text::choose_field(l) } else { text::not_used(l) };
    let options =
        fields.iter().map(|f| view! { <option value=f.clone() selected={f == chosen}>{shortened(f)}</option> });
    let options = options.collect_view();
    view! {
        <Field id=slot label=text::slot_name(l, slot)>
            <select id=slot name=slot required=needed>
                <option value="">{empty}</option>
                {options}
            </select>
        </Field>
    }
}

/// Where choices are read from: a text, since it names several fields.
fn choices_field(chosen: &str) -> impl IntoView + use<> {
    let l = lang();
    let value = chosen.to_owned();
    view! {
        <Field id=CHOICES label=text::slot_name(l, CHOICES) help=text::choices_help(l)>
            <input id=CHOICES name=CHOICES required value=value dir="auto" autocomplete="off" aria-describedby="choices-help"/>
        </Field>
    }
}

/// What the choices lead to.
#[component]
pub fn Findings(form: ImportForm, preview: Preview) -> impl IntoView {
    let l = lang();
    // A format that was chosen but lacks fields shows no samples of another one.
    let is_chosen = form.given("format").is_none_or(|f| f == DESCRIBED) || form.mapping().is_some();
    let warning = preview.has_replacements.then(|| {
        view! {
            <div class="notice notice-warn"><strong>{text::replaced_title(l)}</strong><p>{text::replaced(l)}</p></div>
        }
    });
    let outcome = if preview.lines == 0 && preview.errors.is_empty() {
        view! { <p class="notice notice-warn">{words::import_problem(l, &ImportProblem::NoRows)}</p> }.into_any()
    } else if !is_chosen || preview.mapping.is_none() {
        // Rows that cannot be read may be why no format fits.
        let unread = (!preview.errors.is_empty()).then(|| errors(preview.errors, preview.lines, preview.has_more));
        view! {
            {unread}
            <p class="notice notice-warn">{text::choose_fields(l)}</p>
        }
        .into_any()
    } else {
        view! {
            {errors(preview.errors, preview.lines, preview.has_more)}
            {as_samples(preview.samples)}
        }
        .into_any()
    };
    view! {
        {warning}
        {rows(preview.fields, preview.rows)}
        {outcome}
    }
}

fn rows(fields: Vec<String>, rows: Vec<PreviewRow>) -> impl IntoView {
    let l = lang();
    let wide = (fields.len() > FIELDS_IN_SIGHT).then(|| text::wide_table(l, fields.len()));
    let head = fields.into_iter().map(|f| view! { <th scope="col"><span class="clip clip-short" dir="auto" title=f.clone()>{f.clone()}</span></th> }).collect_view();
    let body = rows.into_iter().map(|row| {
        let cells = row.cells.into_iter().map(|c| view! { <td><span class="clip" dir="auto">{c}</span></td> });
        view! { <tr><th scope="row" class="num">{row.line}</th>{cells.collect_view()}</tr> }
    });
    let body = body.collect_view();
    view! {
        <section>
            <h2>{text::first_rows(l)}</h2>
            {wide.map(|words| view! { <p class="muted">{words}</p> })}
            <div class="table-wrap">
                <table class="table">
                    <thead><tr><th scope="col" class="num">{text::line(l)}</th>{head}</tr></thead>
                    <tbody>{body}</tbody>
                </table>
            </div>
        </section>
    }
}

fn errors(errors: Vec<LineError>, lines: u64, has_more: bool) -> impl IntoView {
    let l = lang();
    let count = errors.len();
    if count == 0 {
        let title =
            if has_more { text::good_title(l, integer(lines)) } else { text::good_title_all(l, integer(lines)) };
        return view! { <p class="notice notice-good">{title}</p> }.into_any();
    }
    let rows = errors.into_iter().take(ERRORS_SHOWN).map(|e| {
        view! {
            <tr class="bad">
                <th scope="row" class="num">{e.line} {e.file.map(|file| view! { <span class="clip clip-short muted" dir="auto">{file}</span> })}</th>
                <td class="mono prose" dir="auto">{e.field}</td>
                <td class="prose" dir="auto">{words::line_problem(l, &e.problem)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let more = count.saturating_sub(ERRORS_SHOWN);
    view! {
        <details class="fold notice notice-warn" open={count <= 5}>
            <summary>{text::bad_title(l, integer(count as u64), integer(lines))}</summary>
            <div class="table-wrap">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col" class="num">{text::line(l)}</th>
                            <th scope="col">{text::field(l)}</th>
                            <th scope="col">{text::reason(l)}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="muted">{text::more_errors(l, more)}</p> })}
        </details>
    }
    .into_any()
}

fn as_samples(samples: Vec<PreviewSample>) -> impl IntoView {
    let l = lang();
    let any = !samples.is_empty();
    let cards = samples.into_iter().take(3).map(|s| {
        view! {
            <article class="card">
                <p class="muted">{text::line(l)} " " {s.line}</p>
                <Conversation messages=s.sample.messages.clone()/>
                <ChoiceList sample=s.sample.clone()/>
                <Rejected text=s.sample.rejected/>
            </article>
        }
    });
    let cards = cards.collect_view();
    view! {
        <section class="stack">
            <h2>{text::as_samples(l)}</h2>
            {if any { cards.into_any() } else { view! { <p class="notice notice-bad">{text::no_samples(l)}</p> }.into_any() }}
        </section>
    }
}
