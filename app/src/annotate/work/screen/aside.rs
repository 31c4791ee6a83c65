//! What the server never took: shown beside the work, to be sent again, copied or discarded. The page holds a line of it as
//! HTML, which is copied for each.

use super::{
    super::{outbox::Kind, text},
    Screen, mail,
};
use crate::{
    annotate::browser::dom::{all, by_id, closest, flag, listen, one, target},
    text::lang,
};
use leptos::prelude::window;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// Follows the buttons, and shows what earlier pages set aside.
pub(super) fn follow(screen: &Rc<Screen>) {
    let Some(card) = by_id("work-aside") else { return };
    let pressed = screen.clone();
    listen(&card, "click", move |event| {
        let Some(button) = target(&event).and_then(|e| closest(&e, "button[data-aside]")) else { return };
        let Some(line) = closest(&button, "li") else { return };
        let key = line.get_attribute("data-letter").unwrap_or_default();
        match button.get_attribute("data-aside").as_deref() {
            Some("copy") => {
                let text = one(&line, "code").and_then(|e| e.text_content()).unwrap_or_default();
                // The promise fails where the page may not use the clipboard; the text can be selected then.
                let _ = window().navigator().clipboard().write_text(&text);
            }
            Some("retry") => {
                let mut outbox = pressed.mail.outbox();
                if outbox.retry(&key) {
                    let item = outbox.waiting().iter().find(|letter| letter.key == key).map(|letter| letter.item);
                    pressed.mail.set(&outbox);
                    pressed.mail.forget_tried(&key);
                    show(&pressed);
                    if let Some(item) = item {
                        pressed.is_answered(item);
                    }
                    mail::deliver(&pressed);
                }
            }
            _ => {
                let mut outbox = pressed.mail.outbox();
                outbox.discard(&key);
                pressed.mail.set(&outbox);
                show(&pressed);
            }
        }
    });
    show(screen);
}

/// Writes the lines anew.
pub(super) fn show(screen: &Rc<Screen>) {
    let (Some(card), aside) = (by_id("work-aside"), screen.mail.outbox().aside()) else { return };
    flag(&card, "hidden", aside.is_empty());
    let (Some(list), Some(blank)) = (one(&card, "ul"), one(&card, "[data-blank]")) else { return };
    for line in all(&list, "[data-letter]") {
        line.remove();
    }
    for letter in aside {
        let copy = blank.clone_node_with_deep(true).ok().and_then(|node| node.dyn_into::<Element>().ok());
        let Some(line) = copy else { continue };
        flag(&line, "hidden", false);
        flag(&line, "data-blank", false);
        let _ = line.set_attribute("data-letter", &letter.key);
        if !letter.because.is_empty()
            && let Some(why) = one(&line, "[data-why]")
        {
            let because = letter.because;
            let told = if letter.kind == Some(Kind::Skip) { text::aside_skip(lang(), &because) } else { because };
            why.set_text_content(Some(&told));
        } else if let Some(retry) = one(&line, "[data-aside=retry]") {
            // A page of another version wrote it: this one cannot send it.
            retry.remove();
        }
        if let Some(body) = one(&line, "code") {
            body.set_text_content(Some(&letter.body));
        }
        let _ = list.append_child(&line);
    }
}
