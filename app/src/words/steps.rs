//! The steps of data recipes, their settings and their reasons, in every language.

use domain::{
    lang::Lang,
    steps::{Because, Reason, StepError},
};

crate::texts! {
    empty = "Add a step first.", "请先添加步骤。";
    too_many = "A data recipe has at most 50 steps.", "数据配方最多 50 个步骤。";
    range(step, field, range) = "Step {step}, {field}: must be {range}.", "步骤 {step} 的“{field}”超出范围：须为 {range}。";
    nothing(step, least, most) = "Step {step}: {least} is more than {most}, so that nothing would stay.", "步骤 {step}：{least} 大于 {most}，将不会保留任何样本。";
    unscored(step) = "Step {step} needs scores: score the version with a model first (“Score with a model” on this page, or `trainer score` and --scores).", "步骤 {step} 需要评分：请先用模型为该版本评分（本页的“用模型评分”，或 `trainer score` 与 --scores）。";
    no_embeddings(step) = "Step {step} needs embeddings: score the version again, with embeddings (`trainer score --embed`).", "步骤 {step} 需要嵌入：请重新评分并包含嵌入（`trainer score --embed`）。";
    unreadable(detail) = "The recipe cannot be read: {detail}", "无法读取配方：{detail}";

    unicode = "Unicode form", "Unicode 规范化";
    unicode_help = "The same text is written with the same characters: composed accents, and with NFKC also ligatures, circled digits and the like.", "相同文本使用相同字符：组合重音；NFKC 还会统一连字、带圈数字等。";
    width = "Full and half width", "全角与半角";
    width_help = "Ａ１ becomes A1; behind Chinese characters ASCII punctuation can become full-width.", "Ａ１ 变为 A1；可将中文后的半角标点改为全角。";
    characters = "Control and invisible characters, space", "控制字符、不可见字符与空白";
    characters_help = "What nobody sees goes: control characters, zero-width marks, runs of space. Joiners that a script or an emoji needs stay.", "去除看不见的内容：控制字符、零宽字符、多余空白。文字或表情所需的连接符保留。";
    turns = "Broken conversations", "损坏的对话";
    turns_help = "Empty turns, turns in an order that no chat has, no answer; if asked for, answers that were cut off.", "空轮次、顺序错误、缺少回答；可选：被截断的回答。";
    length = "Length", "长度";
    length_help = "Removes what is too short or too long.", "移除过短或过长的样本。";
    language = "Language", "语言";
    language_help = "Keeps texts of these languages, told by script: zh, en (any text in letters), mixed, none.", "按文字判断语言，仅保留：zh、en（任何字母文字）、mixed、none。";
    repetition = "Repetition", "重复内容";
    repetition_help = "Removes texts that repeat themselves (Gopher's rules).", "移除自我重复的文本（Gopher 规则）。";
    exact_duplicates = "Exact duplicates", "完全重复";
    exact_duplicates_help = "Of equal samples one stays. A test sample is not given up for a training sample unless you say so.", "相同样本只保留一个。除非另行指定，不会因训练样本而删除测试样本。";
    near_duplicates = "Near duplicates", "近似重复";
    near_duplicates_help = "Of texts that say almost the same one stays. They are compared by the runs of characters or words that they have in common.", "几乎相同的文本只保留一个：按共有的字符片段或词片段比较。";
    label_conflicts = "Conflicting labels", "标签冲突";
    label_conflicts_help = "One text with different labels: all go, or the label of the majority stays.", "同一文本有不同标签：全部移除，或保留多数标签。";
    perplexity = "Perplexity", "困惑度";
    perplexity_help = "Removes what a model finds least likely, which is often broken or wrong, or most likely, which it knows already. Needs scores of this version.", "移除模型认为最不可能的样本（常为损坏或错误）或最可能的样本（模型已掌握）。需要该版本的评分。";
    outliers = "Outliers", "离群样本";
    outliers_help = "Removes texts unlike all others: those whose embeddings are farthest from their nearest neighbours. Needs scores with embeddings.", "移除与其他文本都不相似的样本：其嵌入与最近邻的距离最远。需要含嵌入的评分。";
    label_problems = "Doubtful labels", "可疑标签";
    label_problems_help = "Removes samples whose label is probably wrong: a classifier of embeddings that has not seen the sample is sure of another label (confident learning), or nearly the same texts have another. Needs scores with embeddings.", "移除标签很可能错误的样本：未见过该样本的嵌入分类器确信另一标签（置信学习），或几乎相同的文本带有其他标签。需要含嵌入的评分。";
    balance = "Balance of labels", "标签均衡";
    balance_help = "Training samples of frequent labels are removed, or those of rare ones repeated. Validation and test stay as they are.", "移除常见标签的训练样本，或重复稀有标签的样本。验证集和测试集不变。";

    within = "Look at", "范围";
    form = "Form", "形式";
    letters = "Narrow letters and digits", "字母数字转半角";
    punctuation = "Widen punctuation in Chinese", "中文标点转全角";
    control = "Control characters", "控制字符";
    invisible = "Invisible characters", "不可见字符";
    space = "Space", "空白";
    mode = "What to do", "处理方式";
    truncated = "Also cut-off answers", "包括被截断的回答";
    unit = "Counted in", "计量单位";
    least = "At least", "最少";
    most = "At most", "最多";
    languages = "Languages that stay", "保留的语言";
    ngram = "Words in a row", "连续词数";
    share = "Repeated share of the text", "重复文本的比例";
    lines = "Repeated share of the lines", "重复行的比例";
    normalise = "Ignore case, spacing, punctuation", "忽略大小写、空白和标点";
    keep = "Which one stays", "保留哪一个";
    order = "Stays rather", "优先保留";
    threshold = "Similarity from which on two are copies", "视为重复的相似度";
    pieces = "Compare by runs of", "比较片段的单位";
    size = "Characters or words in a run", "片段长度（字符或词）";
    han_size = "The same in Chinese text", "中文片段长度";
    same_label = "Only among equal labels", "仅比较标签相同的样本";
    majority = "Keep the majority's label", "保留多数标签";
    ratio = "Most samples for one of the rarest label", "与最少标签的最大比例";
    repeat = "Repeat rare ones instead", "改为重复稀有样本";
    seed = "Seed", "随机种子";

    of = "Perplexity of", "困惑度的范围";
    highest = "Percent of the least likely that go", "移除最不可能样本的百分比";
    lowest = "Percent of the most likely that go", "移除最可能样本的百分比";
    above = "Perplexity above which it goes (0: no bound)", "高于此困惑度则移除（0 表示不限）";
    below = "Perplexity below which it goes (0: no bound)", "低于此困惑度则移除（0 表示不限）";
    held_out = "Validation and test too", "包括验证集和测试集";
    neighbours = "Nearest neighbours", "最近邻数量";
    percent = "Percent of the farthest that go", "移除最远样本的百分比";
    drawn = "Samples compared with, at most", "用于比较的样本数上限";
    method = "Method", "方法";
    folds = "Folds", "折数";
    similarity = "Similarity of nearly the same texts", "视为几乎相同的相似度";

    w_prompt = "prompts", "提示";
    w_answer = "answers", "回答";
    w_both = "prompts and answers", "提示与回答";
    w_characters = "characters", "字符";
    w_words = "words (a Han character is one)", "词（每个汉字计一个）";
    w_turns = "turns", "轮次";
    w_nfc = "NFC: looks the same", "NFC：外观不变";
    w_nfkc = "NFKC: compatible forms too", "NFKC：包括兼容形式";
    w_remove = "remove", "移除";
    w_repair = "repair where possible, else remove", "尽量修复，否则移除";
    w_answer_tokens = "the answer", "回答";
    w_all_tokens = "the whole sample", "整个样本";
    w_confident = "confident learning", "置信学习";
    w_neighbours = "nearly the same texts", "几乎相同的文本";
    w_first = "the first", "第一个";
    w_last = "the last", "最后一个";
    w_longest = "the one with the longest answer", "回答最长的";
    w_held_out = "the test sample", "测试样本";
    w_train = "the training sample", "训练样本";

    rewritten = "rewritten", "已改写";
    too_short(length) = "too short: {length}", "过短：{length}";
    too_long(length) = "too long: {length}", "过长：{length}";
    other_language(language) = "other language: {language}", "其他语言：{language}";
    repeats(share) = "{share} % of it repeats", "{share}% 为重复内容";
    repeated_lines(share) = "{share} % of its lines repeat", "{share}% 的行重复";
    empty_turn = "an empty turn", "空轮次";
    no_answer = "no answer", "缺少回答";
    no_prompt = "no prompt", "缺少提示";
    wrong_order = "turns in wrong order", "轮次顺序错误";
    cut_off = "the answer is cut off", "回答被截断";
    duplicate(of) = "a copy of sample {of}", "与第 {of} 号样本重复";
    near_duplicate(of, percent) = "{percent} % the same as sample {of}", "与第 {of} 号样本 {percent}% 相同";
    label_conflict(labels) = "the same text is labelled {labels}", "同一文本的标签有：{labels}";
    frequent(label) = "one too many of “{label}”", "“{label}”样本过多";
    unlikely(perplexity) = "unlikely: perplexity {perplexity}", "不太可能：困惑度 {perplexity}";
    expected(perplexity) = "known already: perplexity {perplexity}", "模型已掌握：困惑度 {perplexity}";
    outlier(distance) = "unlike all others: distance {distance}", "与其他样本都不相似：距离 {distance}";
    label_doubt(percent, label) = "its label is {percent} % probable; rather “{label}”", "其标签的概率为 {percent}%，更可能是“{label}”";
    because_split = "the others are in a split that gives way", "其余样本属于优先级较低的划分";
    because_first = "it is the first", "它是第一个";
    because_last = "it is the last", "它是最后一个";
    because_longest = "it has the longest answer", "它的回答最长";
    rare(label) = "repeated: “{label}” is rare", "重复：“{label}”较少";
}

/// Why a data recipe cannot be used.
#[must_use]
pub fn step_problem(l: Lang, problem: &StepError) -> String {
    use StepError as E;
    match problem {
        E::Empty => empty(l).to_owned(),
        E::TooMany => too_many(l).to_owned(),
        E::Range { step, field, range: wanted } => range(l, step, setting_name(l, field), wanted),
        E::Nothing { step, least, most } => nothing(l, step, least, most),
        E::Unscored { step } => unscored(l, step),
        E::NoEmbeddings { step } => no_embeddings(l, step),
        E::Unreadable { detail } => unreadable(l, detail),
    }
}

/// A kind of step and what it does.
#[must_use]
pub fn step_kind(l: Lang, kind: &str) -> (&'static str, &'static str) {
    match kind {
        "unicode" => (unicode(l), unicode_help(l)),
        "width" => (width(l), width_help(l)),
        "characters" => (characters(l), characters_help(l)),
        "turns" => (turns(l), turns_help(l)),
        "length" => (length(l), length_help(l)),
        "language" => (language(l), language_help(l)),
        "repetition" => (repetition(l), repetition_help(l)),
        "exact_duplicates" => (exact_duplicates(l), exact_duplicates_help(l)),
        "near_duplicates" => (near_duplicates(l), near_duplicates_help(l)),
        "label_conflicts" => (label_conflicts(l), label_conflicts_help(l)),
        "perplexity" => (perplexity(l), perplexity_help(l)),
        "outliers" => (outliers(l), outliers_help(l)),
        "label_problems" => (label_problems(l), label_problems_help(l)),
        "balance" => (balance(l), balance_help(l)),
        _ => ("", ""),
    }
}

/// A setting of a step.
#[must_use]
pub fn setting_name(l: Lang, setting: &str) -> &'static str {
    match setting {
        "within" => within(l),
        "form" => form(l),
        "letters" => letters(l),
        "punctuation" => punctuation(l),
        "control" => control(l),
        "invisible" => invisible(l),
        "space" => space(l),
        "mode" => mode(l),
        "truncated" => truncated(l),
        "unit" => unit(l),
        "least" => least(l),
        "most" => most(l),
        "languages" => languages(l),
        "ngram" => ngram(l),
        "share" => share(l),
        "lines" => lines(l),
        "normalise" => normalise(l),
        "keep" => keep(l),
        "order" => order(l),
        "threshold" => threshold(l),
        "pieces" => pieces(l),
        "size" => size(l),
        "han_size" => han_size(l),
        "same_label" => same_label(l),
        "majority" => majority(l),
        "ratio" => ratio(l),
        "repeat" => repeat(l),
        "of" => of(l),
        "highest" => highest(l),
        "lowest" => lowest(l),
        "above" => above(l),
        "below" => below(l),
        "held_out" => held_out(l),
        "neighbours" => neighbours(l),
        "percent" => percent(l),
        "sample" => drawn(l),
        "method" => method(l),
        "folds" => folds(l),
        "similarity" => similarity(l),
        "seed" => seed(l),
        _ => "",
    }
}

/// The choices of a setting that is a word: each with its name; empty for other settings.
#[must_use]
pub fn setting_choices(l: Lang, setting: &str) -> Vec<(&'static str, &'static str)> {
    match setting {
        "within" => vec![("both", w_both(l)), ("prompt", w_prompt(l)), ("answer", w_answer(l))],
        "form" => vec![("nfc", w_nfc(l)), ("nfkc", w_nfkc(l))],
        "mode" => vec![("repair", w_repair(l)), ("remove", w_remove(l))],
        "unit" => vec![("characters", w_characters(l)), ("words", w_words(l)), ("turns", w_turns(l))],
        "keep" => vec![("first", w_first(l)), ("last", w_last(l)), ("longest", w_longest(l))],
        "pieces" => vec![("characters", w_characters(l)), ("words", w_words(l))],
        "of" => vec![("answer", w_answer_tokens(l)), ("all", w_all_tokens(l))],
        "method" => vec![("confident", w_confident(l)), ("neighbours", w_neighbours(l))],
        "order" => vec![("held_out", w_held_out(l)), ("train", w_train(l))],
        _ => Vec::new(),
    }
}

/// Why a step touched a sample.
#[must_use]
pub fn step_reason(l: Lang, reason: &Reason) -> String {
    use Reason as R;
    let percent_of = |share: f64| format!("{:.0}", share * 100.0);
    match reason {
        R::Rewritten => rewritten(l).to_owned(),
        R::TooShort { length } => too_short(l, length),
        R::TooLong { length } => too_long(l, length),
        R::OtherLanguage { language } => other_language(l, language),
        R::Repeats { share } => repeats(l, percent_of(*share)),
        R::RepeatedLines { share } => repeated_lines(l, percent_of(*share)),
        R::EmptyTurn => empty_turn(l).to_owned(),
        R::NoAnswer => no_answer(l).to_owned(),
        R::NoPrompt => no_prompt(l).to_owned(),
        R::WrongOrder => wrong_order(l).to_owned(),
        R::Truncated => cut_off(l).to_owned(),
        R::Duplicate { of } => duplicate(l, of + 1),
        R::NearDuplicate { of, similarity } => near_duplicate(l, of + 1, percent_of(*similarity)),
        R::LabelConflict { labels } => label_conflict(l, labels.join(", ")),
        R::Unlikely { perplexity } => unlikely(l, format!("{perplexity:.1}")),
        R::Expected { perplexity } => expected(l, format!("{perplexity:.1}")),
        R::Outlier { distance } => outlier(l, format!("{distance:.3}")),
        R::LabelDoubt { label, probability } => label_doubt(l, percent_of(*probability), label),
        R::Frequent { label } => frequent(l, label),
        R::Rare { label } => rare(l, label),
    }
}

/// Why one of several copies stays.
#[must_use]
pub fn step_because(l: Lang, because: Because) -> &'static str {
    match because {
        Because::Split => because_split(l),
        Because::First => because_first(l),
        Because::Last => because_last(l),
        Because::Longest => because_longest(l),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::steps::Step;
    use serde_json::Value;

    #[test]
    fn every_kind_setting_and_word_has_a_name() {
        for step in Step::all() {
            let (name, help) = step_kind(Lang::En, &step.kind());
            assert!(!name.is_empty() && !help.is_empty(), "{}", step.kind());
            for (setting, value) in step.settings() {
                assert!(!setting_name(Lang::Zh, &setting).is_empty(), "{} {setting}", step.kind());
                if let Value::String(word) = value {
                    let choices = setting_choices(Lang::En, &setting);
                    assert!(choices.iter().any(|(w, _)| *w == word), "{} {setting} {word}", step.kind());
                    for (word, _) in choices {
                        assert!(step.with_setting(&setting, word).is_some(), "{} {setting} {word}", step.kind());
                    }
                }
            }
        }
    }
}
