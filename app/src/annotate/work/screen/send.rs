//! Sending the form in view, skipping, and taking back.

use super::{
    super::{
        api::Sheet,
        outbox::{Kind, Letter},
        text,
    },
    Screen, aside, mail, now_ms,
};
use crate::{
    annotate::browser::{
        self,
        dom::{flag, keep, one},
        form, questions, say,
    },
    text::lang,
    ui::fetch,
};
use std::rc::Rc;
use uuid::Uuid;
use web_sys::Element;

impl Screen {
    /// Sends the form, if it says all that it must, and goes on.
    pub(super) fn submit(self: &Rc<Self>) {
        let Some(form) = self.form() else { return };
        if let Some(question) = questions::missing(&form) {
            questions::make_current(&form, &question);
            questions::show(&question);
            flag(&question, "data-missing", true);
            let title = one(&question, "legend").and_then(|l| l.text_content()).unwrap_or_default();
            say(&text::needs_answer(lang(), title.trim()));
            return;
        }
        form::set(&form, "duration_ms", &self.clock.get().elapsed_ms(now_ms()).to_string());
        let key = form::get(&form, "key").unwrap_or_default();
        self.send(&form, Kind::Submit, key);
    }

    pub(super) fn skip(self: &Rc<Self>) {
        let Some(form) = self.form() else { return };
        let key = form::get(&form, "key").unwrap_or_default();
        self.send(&form, Kind::Skip, format!("skip-{key}"));
    }

    fn send(self: &Rc<Self>, form: &Element, kind: Kind, key: String) {
        let (Some(body), Some(sheet)) = (form::body(form), self.current.borrow_mut().take()) else { return };
        if let Some(timer) = self.resting.take() {
            timer.clear();
        }
        self.done.borrow_mut().insert(sheet.id);
        let letter = Letter::new(key, sheet.id, kind, body);
        if self.mail.put(letter.clone()) {
            keep(&format!("{}-draft-{}", self.kept, letter.item), "");
        }
        *self.last.borrow_mut() = Some((sheet, letter));
        self.next();
        aside::show(self);
        mail::deliver(self);
    }

    /// Brings back what was sent last: from here while it has not left, else from the server.
    pub(super) fn undo(self: &Rc<Self>) {
        let last = self.last.borrow_mut().take();
        if let Some((mut sheet, letter)) = last
            && self.mail.take_back(&letter.key)
        {
            // It may have been tried, and only the answer was lost: under its old key, what is sent now would be taken for
            // the same once more, and be dropped.
            if let Some(key) = form::said(&letter.body, "key").filter(|key| !key.is_empty()) {
                sheet.html = sheet.html.replace(&key, &Uuid::new_v4().to_string());
            }
            self.put_aside();
            self.done.borrow_mut().remove(&sheet.id);
            self.show(sheet);
            if let Some(form) = self.form() {
                form::fill(&form, &letter.body);
                browser::begin(&form);
            }
            return say(text::undone(lang()));
        }
        if !self.mail.is_empty() {
            return self.mail.tell();
        }
        let screen = self.clone();
        fetch::post(&self.addresses.undo, &self.addresses.ids, move |status, text| {
            match serde_json::from_str::<Option<Sheet>>(&text) {
                Ok(Some(sheet)) if status == 200 => {
                    screen.put_aside();
                    screen.show(sheet);
                    say(text::undone(lang()));
                }
                Ok(None) if status == 200 => say(text::nothing_to_undo(lang())),
                _ => screen.mail.failed(&screen, status, &text),
            }
        });
    }

    /// The item in view comes next again.
    fn put_aside(&self) {
        self.save_draft();
        if let Some(sheet) = self.current.borrow_mut().take() {
            self.ready.borrow_mut().push_front(sheet);
        }
    }
}
