//! The steps of data recipes, their settings and their reasons, in every language.

mod settings;

pub use settings::setting_name;
#[cfg(feature = "ssr")]
pub use settings::{is_free_text, setting_choices, setting_help};

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
    too_many_labels(step, labels, samples, most) = "Step {step}: {labels} different labels are too many for a classifier of {samples} samples; at most {most} are possible. Choose the method “nearly the same texts”, or give rare labels a common name first.", "步骤 {step}：对 {samples} 个样本而言，{labels} 个不同标签过多，分类器最多支持 {most} 个。请改用“几乎相同的文本”方法，或先将少见标签合并。";
    unreadable(detail) = "The recipe cannot be read: {detail}", "无法读取配方：{detail}";

    unicode = "Unicode form", "Unicode 规范化";
    unicode_help = "The same text is written with the same characters: composed accents, and with NFKC also ligatures, circled digits and the like.", "相同文本使用相同字符：组合重音；NFKC 还会统一连字、带圈数字等。";
    mojibake = "Text in the wrong encoding", "乱码修复";
    mojibake_help = "Repairs what was read in the wrong encoding, such as Ã© for é or 浣犲ソ for 你好, where only one repair makes sense. Characters that are lost for good (�, 锟斤拷) are counted, or their samples removed.", "修复因编码错误产生的乱码，例如 Ã© → é、浣犲ソ → 你好；仅在修复结果唯一合理时进行。无法恢复的字符（�、锟斤拷）会计数，也可移除其样本。";
    html = "HTML", "HTML 标签";
    html_help = "Tags, scripts and styles go, blocks become lines, entities become characters. Code in backticks and signs such as a < b stay.", "去除标签、脚本和样式，块元素变为换行，实体变为字符。反引号中的代码以及 a < b 之类保持不变。";
    script = "Traditional and simplified Chinese", "简繁转换";
    script_help = "Writes Chinese in one form, phrase by phrase (OpenCC's dictionaries).", "将中文统一为一种字形，按词组转换（OpenCC 词典）。";
    width = "Full and half width", "全角与半角";
    width_help = "Ａ１ becomes A1; behind Chinese characters ASCII punctuation can become full-width.", "Ａ１ 变为 A1；可将中文后的半角标点改为全角。";
    characters = "Control and invisible characters, space", "控制字符、不可见字符与空白";
    characters_help = "What nobody sees goes: control characters, zero-width marks, runs of space. Joiners that a script or an emoji needs stay.", "去除看不见的内容：控制字符、零宽字符、多余空白。文字或表情所需的连接符保留。";
    turns = "Broken conversations", "损坏的对话";
    turns_help = "Empty turns, turns in an order that no chat has, no answer; if asked for, answers that were cut off.", "空轮次、顺序错误、缺少回答；可选：被截断的回答。";
    length = "Length", "长度";
    length_help = "Removes what is too short or too long.", "移除过短或过长的样本。";
    language = "Language", "语言";
    language_help = "Keeps texts of these languages. Chinese, Japanese, Korean and others are told by their script, languages that share one by their spelling. A text that cannot be told for sure stays.", "仅保留这些语言的文本。中文、日文、韩文等按文字判断，共用字母的语言按拼写判断。无法确定的文本会保留。";
    repetition = "Repetition", "重复内容";
    repetition_help = "Removes texts that repeat themselves (Gopher's rules).", "移除自我重复的文本（Gopher 规则）。";
    pii = "Personal data", "个人信息";
    pii_help = "Finds personal data in English and Chinese text and masks it, hashes it, puts invented values in its place or removes the sample. Numbers are checked by their check digits; names and addresses go by dictionaries and context, so look at the examples: some are missed. Labels stay as they are; marked spans move along with their text.", "在中英文文本中查找个人信息，并遮盖、哈希、替换为虚构值或移除样本。号码按校验位检查；姓名和地址依据词典与上下文，可能有遗漏，请查看示例。标签保持不变，标注片段随文本移动。";
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

    augment = "Changed copies", "数据增强";
    augment_help = "Adds changed copies of training samples. Validation and test are never touched, and a copy that says what one of their texts says is left out. Copies keep the label, but for negated ones, and have a slice “augmented” that names the method.", "为训练样本添加改动后的副本。绝不触及验证集和测试集，与其文本相同的副本会被舍弃。除否定副本外，副本保留标签，并带有记录方法的切片 augmented。";

    rewritten = "rewritten", "已改写";
    too_short(length) = "too short: {length}", "过短：{length}";
    too_long(length) = "too long: {length}", "过长：{length}";
    other_language(language) = "other language: {language}", "其他语言：{language}";
    repeats(share) = "{share} % of it repeats", "{share}% 为重复内容";
    repeated_lines(share) = "{share} % of its lines repeat", "{share}% 的行重复";
    personal_data(found) = "personal data: {found}", "个人信息：{found}";
    f_email = "e-mail", "邮箱";
    f_phone = "phone", "电话";
    f_id_card = "identity card", "身份证";
    f_ssn = "social security number", "美国社会安全号";
    f_bank_card = "bank card", "银行卡";
    f_ip = "IP address", "IP 地址";
    f_secret = "key or password", "密钥或密码";
    f_address = "address", "地址";
    f_name = "name", "姓名";
    repaired(garble) = "repaired: {garble}", "已修复：{garble}";
    lost = "characters are lost", "字符已丢失";
    f_lost = "lost characters", "丢失字符";
    f_utf8_as_windows1252 = "UTF-8 read as Windows-1252", "UTF-8 误读为 Windows-1252";
    f_utf8_as_gbk = "UTF-8 read as GBK", "UTF-8 误读为 GBK";
    f_gbk_as_windows1252 = "GBK read as Windows-1252", "GBK 误读为 Windows-1252";
    augmented(method) = "a copy by {method}", "副本：{method}";
    f_synonyms = "synonyms", "同义词";
    f_typos = "typos", "错别字";
    f_noise = "noise", "噪声";
    f_templates = "templates", "模板";
    f_swap = "swaps", "群体互换";
    f_negation = "negation", "否定";
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
        E::Labels { step, labels, samples, most } => too_many_labels(l, step, labels, samples, most),
        E::Unreadable { detail } => unreadable(l, detail),
    }
}

/// A kind of step and what it does.
#[must_use]
pub fn step_kind(l: Lang, kind: &str) -> (&'static str, &'static str) {
    match kind {
        "unicode" => (unicode(l), unicode_help(l)),
        "mojibake" => (mojibake(l), mojibake_help(l)),
        "html" => (html(l), html_help(l)),
        "script" => (script(l), script_help(l)),
        "augment" => (augment(l), augment_help(l)),
        "width" => (width(l), width_help(l)),
        "characters" => (characters(l), characters_help(l)),
        "turns" => (turns(l), turns_help(l)),
        "length" => (length(l), length_help(l)),
        "language" => (language(l), language_help(l)),
        "repetition" => (repetition(l), repetition_help(l)),
        "pii" => (pii(l), pii_help(l)),
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
        R::PersonalData { .. } => personal_data(l, step_findings(l, reason.findings())),
        R::Repaired { garble } => repaired(l, finding(l, garble.as_str())),
        R::LostCharacters => lost(l).to_owned(),
        R::Augmented { method } => augmented(l, finding(l, method.as_str())),
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

/// What a step found, and how often: "e-mail 3, phone 1".
#[must_use]
pub fn step_findings(l: Lang, found: impl IntoIterator<Item = (String, u64)>) -> String {
    let one = |(what, n): (String, u64)| format!("{} {n}", finding(l, &what));
    let all: Vec<_> = found.into_iter().map(one).collect();
    all.join(if l == Lang::Zh { "、" } else { ", " })
}

fn finding(l: Lang, what: &str) -> &'static str {
    match what {
        "email" => f_email(l),
        "phone" => f_phone(l),
        "id_card" => f_id_card(l),
        "ssn" => f_ssn(l),
        "bank_card" => f_bank_card(l),
        "ip" => f_ip(l),
        "secret" => f_secret(l),
        "address" => f_address(l),
        "name" => f_name(l),
        "lost" => f_lost(l),
        "utf8_as_windows1252" => f_utf8_as_windows1252(l),
        "utf8_as_gbk" => f_utf8_as_gbk(l),
        "gbk_as_windows1252" => f_gbk_as_windows1252(l),
        "synonyms" => f_synonyms(l),
        "typos" => f_typos(l),
        "noise" => f_noise(l),
        "templates" => f_templates(l),
        "swap" => f_swap(l),
        "negation" => f_negation(l),
        _ => "",
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
    use domain::steps::{AugmentMethod, Garble, PersonalKind, Step, Words};
    use serde_json::Value;

    #[test]
    fn every_finding_has_a_name() {
        let kinds = PersonalKind::ALL.iter().map(|kind| kind.as_str());
        let garbles = Garble::ALL.iter().map(|garble| garble.as_str());
        let methods = AugmentMethod::ALL.iter().map(|method| method.as_str());
        for what in kinds.chain(garbles).chain(methods).chain(["lost"]) {
            assert!(!finding(Lang::Zh, what).is_empty(), "{what}");
        }
        assert_eq!(step_findings(Lang::En, [("email".to_owned(), 2), ("ip".to_owned(), 1)]), "e-mail 2, IP address 1");
    }

    #[test]
    fn every_kind_setting_and_word_has_a_name() {
        for step in Step::all() {
            let (name, help) = step_kind(Lang::En, &step.kind());
            assert!(!name.is_empty() && !help.is_empty(), "{}", step.kind());
            for (setting, value) in step.settings() {
                assert!(!setting_name(Lang::Zh, &setting).is_empty(), "{} {setting}", step.kind());
                if is_free_text(&setting) {
                    assert!(!setting_help(Lang::Zh, &setting).is_empty(), "{} {setting}", step.kind());
                } else if let Value::String(word) = value {
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
