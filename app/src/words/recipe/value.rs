//! Values of settings as the form calls them.

use super::{Kind, field};
use domain::lang::Lang;

crate::texts! {
    on = "on", "开";
    off = "off", "关";
}

/// A setting's value in words: choices by their names, switches on or off, others as they are.
#[must_use]
pub fn value_name(l: Lang, path: &str, text: &str) -> String {
    match field(path).map(|f| f.kind) {
        Some(Kind::Choice(choices)) => choices
            .iter()
            .find(|(word, _)| *word == text)
            .map_or_else(|| text.to_owned(), |(_, name)| name(l).to_owned()),
        Some(Kind::Switch) if text == "true" => on(l).to_owned(),
        Some(Kind::Switch) if text == "false" => off(l).to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_called_what_the_form_calls_them() {
        assert_eq!(value_name(Lang::En, "lora.dora", "true"), "on");
        assert_eq!(value_name(Lang::En, "lora.rank", "8"), "8");
        assert_ne!(value_name(Lang::En, "checkpoints.final_adapter", "best"), "best");
        assert_eq!(value_name(Lang::Zh, "schedule.shape", "no such shape"), "no such shape");
    }
}
