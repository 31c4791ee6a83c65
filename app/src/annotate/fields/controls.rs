//! The controls of each kind of question but spans.

use super::{is_scale, key_shown, keys, text, tree::places};
use crate::{
    annotate::{
        answers::{better_word, field, field_at},
        content::{letter, shown_order},
    },
    text::lang,
    ui::format::excerpt,
};
use domain::annotation::{
    MAX_TEXT_CHARS,
    answer::{Answer, Better, ItemContent},
    design::{Choice, Question},
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// A tree with more places than this can be filtered.
const MANY_PLACES: usize = 12;

/// A question about an item, with what stands in its fields at first.
#[derive(Clone, Copy)]
pub(super) struct Control<'a> {
    pub(super) q: &'a Question,
    pub(super) item: &'a ItemContent,
    /// The order in which this person sees the answers.
    pub(super) order: &'a [u32],
    pub(super) answer: Option<&'a Answer>,
}

/// One option as a radio button or checkbox with its key.
struct Pick {
    kind: &'static str,
    name: String,
    value: String,
    title: String,
    key: Option<char>,
    checked: bool,
    /// The arrow key that chooses it too.
    arrow: Option<&'static str>,
}

impl Pick {
    fn view(self) -> AnyView {
        let Self { kind, name, value, title, key, checked, arrow } = self;
        view! {
            <label class="option">
                <input type=kind name=name value=value checked=checked data-key=key.map(String::from) data-arrow=arrow/>
                <span dir="auto">{title}</span>
                {key_shown(key)}
            </label>
        }
        .into_any()
    }
}

impl Control<'_> {
    fn radio(&self, value: &str, title: &str, key: Option<char>, checked: bool) -> Pick {
        let (value, title) = (value.to_owned(), title.to_owned());
        Pick { kind: "radio", name: field(&self.q.name), value, title, key, checked, arrow: None }
    }

    /// The way out of a question that need not be answered.
    fn no_answer(&self, is_empty: bool) -> Option<AnyView> {
        (!self.q.required).then(|| self.radio("", text::no_answer(lang()), None, is_empty).view())
    }

    pub(super) fn choice(&self, options: &[Choice]) -> AnyView {
        let chosen = match self.answer {
            Some(Answer::Choice { value }) => Some(value),
            _ => None,
        };
        let picks = options.iter().zip(keys(options));
        let picks = picks.map(|(o, key)| self.radio(&o.value, o.shown(), key, chosen == Some(&o.value)).view());
        let picks = picks.collect_view();
        view! { <div class="options">{picks}{self.no_answer(chosen.is_none())}</div> }.into_any()
    }

    pub(super) fn choices(&self, options: &[Choice], min: u32, max: u32) -> AnyView {
        let is_chosen =
            |value: &String| matches!(self.answer, Some(Answer::Choices { values }) if values.contains(value));
        let picks = options.iter().zip(keys(options)).map(|(o, key)| {
            let pick = self.radio(&o.value, o.shown(), key, is_chosen(&o.value));
            Pick { kind: "checkbox", ..pick }.view()
        });
        let picks = picks.collect_view();
        let most = if max == 0 { options.len() as u32 } else { max };
        let least = min.max(u32::from(self.q.required));
        let bounds = (min > 1 || max > 0).then(|| view! { <p class="help">{text::between(lang(), least, most)}</p> });
        view! { <div class="options">{picks}</div>{bounds} }.into_any()
    }

    pub(super) fn tree(&self, options: &[Choice]) -> AnyView {
        let l = lang();
        let chosen = match self.answer {
            Some(Answer::Tree { value }) => value.as_str(),
            _ => "",
        };
        let places = places(options);
        let filter = (places.len() > MANY_PLACES).then(|| {
            view! {
                <input type="search" class="needs-script" data-filter="" placeholder=text::filter(l)
                    aria-label=text::filter(l) title=text::filter_help(l)/>
            }
        });
        let picks = places.into_iter().map(|place| {
            let class = format!("tree-place tree-depth-{}", place.depth.min(6));
            let pick = self.radio(&place.way, &place.title, place.key, chosen == place.way);
            view! { <div class=class data-way=place.way>{pick.view()}</div> }
        });
        let picks = picks.collect_view();
        view! { {filter}<div class="tree">{picks}{self.no_answer(chosen.is_empty())}</div> }.into_any()
    }

    pub(super) fn text(&self, max_chars: u32) -> AnyView {
        let written = match self.answer {
            Some(Answer::Text { text }) => text.clone(),
            _ => String::new(),
        };
        let max = if max_chars == 0 { MAX_TEXT_CHARS as u32 } else { max_chars };
        let rows = written.chars().count().div_ceil(80).clamp(3, 12).to_string();
        view! {
            <textarea name=field(&self.q.name) rows=rows dir="auto" aria-label=self.q.title.clone()>{written}</textarea>
            <p class="help">{text::at_most_chars(lang(), max)}</p>
        }
        .into_any()
    }

    pub(super) fn rating(&self, min: i32, max: i32, (low, high): (&str, &str)) -> AnyView {
        let given = match self.answer {
            Some(Answer::Rating { value }) => Some(*value),
            _ => None,
        };
        let ends = (!low.is_empty() || !high.is_empty()).then(|| {
            let (low, high) = (low.to_owned(), high.to_owned());
            view! { <p class="scale-ends help"><span dir="auto">{low}</span><span dir="auto">{high}</span></p> }
        });
        if !is_scale(min, max) {
            let help = text::number_between(lang(), min, max);
            let given = given.map(|n| n.to_string());
            return view! {
                <input type="number" name=field(&self.q.name) min=min.to_string() max=max.to_string() value=given
                    inputmode="numeric" aria-label=self.q.title.clone()/>
                <p class="help">{help}</p>
                {ends}
            }
            .into_any();
        }
        let picks = (min..=max).map(|n| {
            let key = u32::try_from(n).ok().and_then(|n| char::from_digit(n, 10));
            self.radio(&n.to_string(), &n.to_string(), key, given == Some(n)).view()
        });
        let picks = picks.collect_view();
        view! { <div class="options scale">{picks}{self.no_answer(given.is_none())}</div>{ends} }.into_any()
    }

    /// The better of the two answers that stand first, named as this person sees them.
    pub(super) fn preference(&self, tie: bool) -> AnyView {
        let l = lang();
        let given = match self.answer {
            Some(Answer::Preference { value }) => Some(*value),
            _ => None,
        };
        let is_swapped = shown_order(self.item, self.order).first() == Some(&1);
        let (left, right) = if is_swapped { (Better::Second, Better::First) } else { (Better::First, Better::Second) };
        let pick = |value: Better, title: &str, key: char, arrow: &'static str| {
            let pick = self.radio(better_word(value), title, Some(key), given == Some(value));
            Pick { arrow: Some(arrow), ..pick }.view()
        };
        view! {
            <div class="options">
                {pick(left, &text::better(l, letter(0)), '1', "ArrowLeft")}
                {tie.then(|| pick(Better::Tie, text::tie(l), '3', "ArrowDown"))}
                {pick(right, &text::better(l, letter(1)), '2', "ArrowRight")}
                {self.no_answer(given.is_none())}
            </div>
        }
        .into_any()
    }

    /// Every answer with a field for its place; buttons and keys move them.
    pub(super) fn ranking(&self) -> AnyView {
        let shown = shown_order(self.item, self.order);
        let given = match self.answer {
            Some(Answer::Ranking { order }) if order.len() == shown.len() => order.clone(),
            _ => shown.clone(),
        };
        let lines = given.iter().enumerate().map(|(place, answer)| {
            let at = shown.iter().position(|a| a == answer).unwrap_or_default();
            self.ranked(*answer, at, place, shown.len())
        });
        let lines = lines.collect_view();
        view! { <ol class="ranks" data-ranks="">{lines}</ol><p class="help">{text::rank_help(lang())}</p> }.into_any()
    }

    /// A line of a ranking: which answer, where this person sees it, and the place that it has.
    fn ranked(&self, answer: u32, at: usize, place: usize, of: usize) -> AnyView {
        let l = lang();
        let key = char::from_digit(at as u32 + 1, 10);
        let gist = excerpt(self.item.answers.get(answer as usize).map(String::as_str).unwrap_or_default());
        view! {
            <li class="rank">
                <input type="number" min="1" max=of.to_string() inputmode="numeric" name=field_at(&self.q.name, answer)
                    value=(place + 1).to_string() aria-label=text::place_of(l, letter(at)) data-place=""/>
                <button type="button" class="button" data-rank="" data-key=key.map(String::from)>
                    {text::answer_of(l, letter(at))}{key_shown(key)}
                </button>
                <span class="clip muted" dir="auto">{gist}</span>
                <button type="button" class="button button-quiet needs-script" data-move="-1" aria-label=text::up(l)>"↑"</button>
                <button type="button" class="button button-quiet needs-script" data-move="1" aria-label=text::down(l)>"↓"</button>
            </li>
        }
        .into_any()
    }

    /// The same options for each of the assistant's turns.
    pub(super) fn turns(&self, options: &[Choice]) -> AnyView {
        let values = match self.answer {
            Some(Answer::Turns { values }) => values.clone(),
            _ => BTreeMap::new(),
        };
        let groups = super::turns(self.item).map(|(at, content)| {
            let title = text::turn(lang(), at + 1);
            // The browser gives the keys to the first turn that has no answer yet.
            let picks = options.iter().zip(keys(options)).map(|(o, key)| {
                let pick = self.radio(&o.value, o.shown(), key, values.get(&at) == Some(&o.value));
                Pick { name: field_at(&self.q.name, at), ..pick }.view()
            });
            let picks = picks.collect_view();
            let gist = excerpt(content);
            view! {
                <div class="turn-question" role="radiogroup" aria-label=title.clone() data-group="">
                    <p><strong>{title.clone()}</strong> " " <span class="muted" dir="auto">{gist}</span></p>
                    <div class="options">{picks}</div>
                </div>
            }
        });
        let groups = groups.collect_view();
        view! { <div class="turns">{groups}</div> }.into_any()
    }
}
