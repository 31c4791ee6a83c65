//! Edits of many samples, and why one cannot be done, in every language.

use super::split;
use crate::ui::format::shortened;
use domain::{
    edit::{EditAction, EditError, MAX_LABEL_CHARS, MAX_PATTERN_CHARS},
    lang::Lang,
};

crate::texts! {
    delete = "delete", "删除";
    set_label(label) = "set the label to {label}", "标签设为 {label}";
    move_to(split) = "move to {split}", "移至{split}";
    replace(find, with) = "replace “{find}” by “{with}”", "将“{find}”替换为“{with}”";
    find(n) = "Say what to find, in at most {n} characters.", "请填写要查找的内容，最多 {n} 个字符。";
    with(n) = "Use at most {n} characters.", "最多 {n} 个字符。";
    label(n) = "A label has 1 to {n} characters in one line.", "标签应为 1 至 {n} 个字符的单行文本。";
    into_test = "Nothing may be moved into the test split: it would no longer be what earlier runs were measured on.", "不能移入测试集，否则与此前训练的评估依据不再一致。";
    regex(detail) = "The regular expression cannot be used (“{detail}”).", "无法使用该正则表达式（“{detail}”）。";
}

/// What an edit does, in a few words.
#[must_use]
pub fn edit_action(l: Lang, action: &EditAction) -> String {
    match action {
        EditAction::Delete => delete(l).to_owned(),
        EditAction::SetLabel { label } => set_label(l, shortened(label)),
        EditAction::MoveTo { split: to } => move_to(l, split(l, *to)),
        EditAction::Replace { find, with, .. } => replace(l, shortened(find), shortened(with)),
    }
}

/// Why it cannot be done.
#[must_use]
pub fn edit_problem(l: Lang, e: &EditError) -> String {
    match e {
        EditError::Find => find(l, MAX_PATTERN_CHARS),
        EditError::With => with(l, MAX_PATTERN_CHARS),
        EditError::Label => label(l, MAX_LABEL_CHARS),
        EditError::IntoTest => into_test(l).to_owned(),
        EditError::Regex { detail } => regex(l, detail),
    }
}
