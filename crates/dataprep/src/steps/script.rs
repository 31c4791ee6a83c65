//! Traditional and simplified Chinese, converted by OpenCC's dictionaries of phrases (`ferrous-opencc`): 头发 becomes 頭髮
//! and 发展 發展, which no table of characters can do.

use super::{RowStep, text::Rewrite};
use crate::similar::is_han;
use domain::steps::{ChineseForm, Script};
use ferrous_opencc::{OpenCC, config::BuiltinConfig};

pub(super) fn step(settings: &Script) -> Box<dyn RowStep> {
    let dictionaries = match settings.script {
        ChineseForm::Simplified => BuiltinConfig::T2s,
        ChineseForm::Traditional => BuiltinConfig::S2t,
        ChineseForm::Taiwan => BuiltinConfig::S2twp,
        ChineseForm::HongKong => BuiltinConfig::S2hk,
    };
    // The dictionaries are part of the program.
    let converter = OpenCC::from_config(dictionaries).ok();
    let rule = move |text: &str| converter.as_ref().filter(|_| text.contains(is_han)).map(|c| c.convert(text));
    Box::new(Rewrite { within: settings.within, rule })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::{Item, Verdict};
    use super::*;
    use domain::{
        id::SampleId,
        sample::{Message, Sample, Speaker, Split},
    };

    fn converted(form: ChineseForm, text: &str) -> String {
        let sample = Sample { messages: vec![Message::new(Speaker::User, text)], ..Sample::default() };
        let item = Item::new(SampleId(1), 0, Split::Train, sample);
        match step(&Script { script: form, ..Script::default() }).judge(&item) {
            Verdict::Rewrite(sample, _) => sample.messages.first().unwrap().content.clone(),
            _ => text.to_owned(),
        }
    }

    #[test]
    fn phrases_decide_where_one_character_was_several() {
        assert_eq!(
            converted(ChineseForm::Traditional, "头发发展，皇后在后面，干杯的干部"),
            "頭髮發展，皇后在後面，乾杯的幹部"
        );
        assert_eq!(converted(ChineseForm::Simplified, "頭髮與發展，軟體"), "头发与发展，软体");
        assert_eq!(converted(ChineseForm::Taiwan, "软件和鼠标"), "軟體和滑鼠");
    }

    #[test]
    fn what_is_in_that_form_or_in_no_chinese_stays() {
        assert_eq!(converted(ChineseForm::Simplified, "简体中文 and English, 123"), "简体中文 and English, 123");
        assert_eq!(converted(ChineseForm::Traditional, "plain English"), "plain English");
    }
}
