//! The field of the filter, which offers what may come next while it is typed. Without JavaScript it is a plain field, and the list
//! of columns stands below it.

use super::text;
use crate::text::lang;
use leptos::{html, prelude::*};

/// What a suggestion says and what it is; and the characters that it replaces.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only browsers ask for suggestions"))]
struct Offer {
    from: usize,
    to: usize,
    items: Vec<(String, String)>,
}

/// The field. `source` is asked for what may stand at the cursor.
#[island]
pub fn FilterField(source: String, value: String, is_wrong: bool) -> impl IntoView {
    let l = lang();
    let offer = RwSignal::new(Offer::default());
    let active = RwSignal::new(None::<usize>);
    let input = NodeRef::<html::Input>::new();
    let described = if is_wrong { "filter-problem filter-help" } else { "filter-help" };
    let is_open = move || offer.with(|o| !o.items.is_empty());
    #[cfg(feature = "hydrate")]
    let asking = browser::Asking { source: StoredValue::new(source), offer, active, input, turn: StoredValue::new(0) };
    #[cfg(not(feature = "hydrate"))]
    let _ = source;
    let typed = move || {
        #[cfg(feature = "hydrate")]
        asking.ask();
    };
    let pressed = move |e: leptos::ev::KeyboardEvent| {
        #[cfg(feature = "hydrate")]
        asking.press(&e);
        #[cfg(not(feature = "hydrate"))]
        let _ = e;
    };
    let left = move |_| offer.set(Offer::default());
    let items = move || {
        let items = offer.with(|o| o.items.clone());
        let items = items.into_iter().enumerate().map(|(i, (words, kind))| {
            let choose = move |e: leptos::ev::MouseEvent| {
                // The field keeps the focus.
                e.prevent_default();
                #[cfg(feature = "hydrate")]
                asking.choose(i);
            };
            let is_active = move || active.get() == Some(i);
            view! {
                <li role="option" id=format!("suggestion-{i}") aria-selected=move || is_active().to_string() on:mousedown=choose>
                    <code>{words}</code>" "<span class="muted">{kind}</span>
                </li>
            }
        });
        items.collect_view()
    };
    view! {
        <div class="suggesting">
            <input id="filter" name="filter" type="text" dir="auto" maxlength="4000" autocomplete="off" spellcheck="false" autocapitalize="off"
                value=value node_ref=input aria-describedby=described aria-invalid=is_wrong.to_string()
                role="combobox" aria-autocomplete="list" aria-controls="suggestions" aria-expanded=move || is_open().to_string()
                aria-activedescendant=move || active.get().map(|i| format!("suggestion-{i}"))
                on:input=move |_| typed() on:click=move |_| typed() on:keydown=pressed on:blur=left/>
            <ul id="suggestions" class="suggestions" role="listbox" aria-label=text::suggestions(l) hidden=move || !is_open()>{items}</ul>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use super::Offer;
    use crate::{routes, ui::fetch};
    use domain::table::complete::Completion;
    use leptos::{html, prelude::*};

    /// The field and what it offers.
    #[derive(Clone, Copy)]
    pub(super) struct Asking {
        pub(super) source: StoredValue<String>,
        pub(super) offer: RwSignal<Offer>,
        pub(super) active: RwSignal<Option<usize>>,
        pub(super) input: NodeRef<html::Input>,
        /// Counts questions: a late answer to an earlier one is not shown.
        pub(super) turn: StoredValue<u32>,
    }

    impl Asking {
        /// Asks what may stand at the cursor.
        pub(super) fn ask(self) {
            let Some(field) = self.input.get_untracked() else { return };
            let text = field.value();
            let units = field.selection_start().ok().flatten().map_or(usize::MAX, |at| at as usize);
            let cursor = characters(&text, units);
            let address = self.source.with_value(|s| format!("{s}?cursor={cursor}&filter={}", routes::encode(&text)));
            self.turn.update_value(|turn| *turn += 1);
            let turn = self.turn.get_value();
            fetch::get(&address, move |answer| {
                let Ok(completion) = serde_json::from_str::<Completion>(&answer) else { return };
                if self.turn.get_value() != turn {
                    return;
                }
                let items = completion.suggestions.into_iter().map(|s| (s.text, s.kind)).collect();
                self.active.set(None);
                self.offer.set(Offer { from: completion.from, to: completion.to, items });
            });
        }

        pub(super) fn press(self, event: &web_sys::KeyboardEvent) {
            let count = self.offer.with_untracked(|o| o.items.len());
            if count == 0 {
                return;
            }
            let now = self.active.get_untracked();
            match event.key().as_str() {
                "ArrowDown" => self.active.set(Some(now.map_or(0, |i| (i + 1) % count))),
                "ArrowUp" => self.active.set(Some(now.map_or(count - 1, |i| (i + count - 1) % count))),
                "Enter" | "Tab" if now.is_some() => self.choose(now.unwrap_or_default()),
                "Escape" => self.close(),
                _ => return,
            }
            event.prevent_default();
        }

        /// Puts a suggestion in the place of what is typed of it, and asks for what follows.
        pub(super) fn choose(self, index: usize) {
            let Some(field) = self.input.get_untracked() else { return };
            let offer = self.offer.get_untracked();
            let Some((words, _)) = offer.items.get(index) else { return };
            let text = field.value();
            let before: String = text.chars().take(offer.from).collect();
            let after: String = text.chars().skip(offer.to).collect();
            // A tag follows its colon at once.
            let space = if words.ends_with(':') || after.starts_with(' ') { "" } else { " " };
            let start = format!("{before}{words}{space}");
            field.set_value(&format!("{start}{after}"));
            let at = start.encode_utf16().count() as u32;
            let _ = field.set_selection_range(at, at);
            self.close();
            self.ask();
        }

        fn close(self) {
            self.turn.update_value(|turn| *turn += 1);
            self.active.set(None);
            self.offer.set(Offer::default());
        }
    }

    /// How many characters lie in the first `units` of UTF-16, in which browsers count.
    fn characters(text: &str, units: usize) -> usize {
        let mut seen = 0;
        text.chars()
            .take_while(|c| {
                seen += c.len_utf16();
                seen <= units
            })
            .count()
    }
}
