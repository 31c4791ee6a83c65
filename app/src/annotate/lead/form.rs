//! The fields of a question in the form of a new task.

use super::{design::TaskForm, text};
use crate::ui::field::Field;
use domain::{annotation::design::TextFrom, lang::Lang};
use leptos::prelude::*;

/// A question with all its fields, and the buttons that move and remove it. `here` is the page that shows the form after
/// an edit.
pub(super) fn question(l: Lang, here: &str, form: &TaskForm, i: usize, count: usize) -> impl IntoView + use<> {
    let kind = form.get(&format!("q{i}.kind")).to_owned();
    let here = here.to_owned();
    let edit = |op: &'static str, label: &'static str, sign: &'static str, is_possible: bool| {
        let here = here.clone();
        is_possible.then(|| {
            view! { <button class="button button-small button-quiet" type="submit" name="op" value=format!("{op}.{i}") formmethod="get" formaction=here aria-label=label title=label>{sign}</button> }
        })
    };
    let fields = Fields { l, form, i };
    view! {
        <li class="recipe-step" id=format!("q{i}")>
            <div class="card-title">
                <h3>{format!("{}. {}", i + 1, text::kind(l, &kind))}</h3>
                <span class="actions">
                    {edit("up", text::up(l), "↑", i > 0)}
                    {edit("down", text::down(l), "↓", i + 1 < count)}
                    {edit("remove", text::remove(l), "✕", count > 1)}
                </span>
            </div>
            <input type="hidden" name=format!("q{i}.kind") value=kind.clone()/>
            <div class="field-row">
                {fields.text("title", text::question_title(l), text::question_title_help(l))}
                {fields.text("name", text::question_name(l), text::question_name_help(l))}
            </div>
            {fields.of_kind(&kind)}
            <details class="fold" open=fields.has_more()>
                <summary>{text::question_help(l)}" · "{text::when(l)}</summary>
                <div class="field-row">
                    {fields.text("help", text::question_help(l), text::question_help_help(l))}
                    {(i > 0).then(|| fields.text("when", text::when(l), text::when_help(l)))}
                </div>
            </details>
            {fields.check("required", text::required(l))}
        </li>
    }
}

/// The fields of question `i`.
struct Fields<'a> {
    l: Lang,
    form: &'a TaskForm,
    i: usize,
}

impl Fields<'_> {
    fn name(&self, name: &str) -> String {
        format!("q{}.{name}", self.i)
    }

    fn value(&self, name: &str) -> String {
        self.form.get(&self.name(name)).to_owned()
    }

    fn has_more(&self) -> bool {
        !self.value("help").is_empty() || !self.value("when").is_empty()
    }

    fn text(&self, name: &str, label: &'static str, help: &'static str) -> AnyView {
        let (id, value) = (self.name(name), self.value(name));
        let described = (!help.is_empty()).then(|| format!("{id}-help"));
        view! {
            <Field id=id.clone() label help>
                <input id=id.clone() name=id dir="auto" value=value aria-describedby=described autocomplete="off"/>
            </Field>
        }
        .into_any()
    }

    fn number(&self, name: &str, label: &'static str) -> AnyView {
        let (id, value) = (self.name(name), self.value(name));
        view! {
            <Field id=id.clone() label>
                <input id=id.clone() name=id inputmode="numeric" value=value autocomplete="off"/>
            </Field>
        }
        .into_any()
    }

    fn lines(&self, name: &str, label: &'static str, help: &'static str, rows: &'static str) -> AnyView {
        let (id, value) = (self.name(name), self.value(name));
        view! {
            <Field id=id.clone() label help>
                <textarea id=id.clone() name=id.clone() dir="auto" rows=rows spellcheck="false" aria-describedby=format!("{id}-help")>{value}</textarea>
            </Field>
        }
        .into_any()
    }

    fn check(&self, name: &str, label: &'static str) -> AnyView {
        let (name, checked) = (self.name(name), self.form.is_checked(&self.name(name)));
        view! { <label class="check"><input type="checkbox" name=name value="on" checked=checked/>{label}</label> }
            .into_any()
    }

    fn of_kind(&self, kind: &str) -> AnyView {
        let l = self.l;
        let options = || self.lines("options", text::options_label(l), text::options_help(l), "4");
        match kind {
            "choices" => {
                let bounds = [self.number("min", text::least(l)), self.number("max", text::most(l))];
                view! { {options()}<div class="field-row">{bounds}</div> }.into_any()
            }
            "tree" => self.lines("options", text::options_label(l), text::tree_help(l), "6"),
            "spans" => {
                let labels = self.lines("options", text::labels_label(l), text::options_help(l), "4");
                let relations = self.lines("relations", text::relations_label(l), text::relations_help(l), "2");
                view! { <div class="field-row">{labels}{relations}</div>{self.check("overlap", text::overlap_spans(l))} }
                    .into_any()
            }
            "text" => {
                let (id, chosen) = (self.name("from"), self.value("from"));
                let options = TextFrom::ALL.iter().map(|from| {
                    view! { <option value=from.as_str() selected=from.as_str() == chosen>{text::from_name(l, *from)}</option> }
                });
                let options = options.collect_view();
                view! {
                    <div class="field-row">
                        <Field id=id.clone() label=text::text_from(l)>
                            <select id=id.clone() name=id>{options}</select>
                        </Field>
                        {self.number("max_chars", text::max_chars(l))}
                    </div>
                }
                .into_any()
            }
            "rating" => {
                let scale = [self.number("min", text::lowest(l)), self.number("max", text::highest(l))];
                let ends = [self.text("low", text::low_means(l), ""), self.text("high", text::high_means(l), "")];
                view! { <div class="field-row">{scale}{ends}</div> }.into_any()
            }
            "preference" => self.check("tie", text::may_tie(l)),
            "ranking" => ().into_any(),
            _ => options(),
        }
    }
}
