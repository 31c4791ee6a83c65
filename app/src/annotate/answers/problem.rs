//! Why an answer is not taken, in the reader's language.

use domain::{
    annotation::{
        MAX_COMMENT_CHARS,
        answer::AnswerProblem,
        design::{Design, Question},
    },
    lang::Lang,
};

crate::texts! {
    missing(q) = "“{q}” needs an answer.", "“{q}”尚未作答。";
    not_asked(q) = "“{q}” was not asked.", "“{q}”不在提问之列。";
    kind(q) = "The answer to “{q}” cannot be read.", "无法识别“{q}”的回答。";
    option(q, value) = "“{value}” is no option of “{q}”.", "“{value}”不是“{q}”的选项。";
    count(q, min, max) = "“{q}”: choose {min} to {max}.", "“{q}”：请选择 {min} 至 {max} 项。";
    span(q, start, end, chars) = "“{q}”: the span {start}–{end} is empty or outside of the text, which has {chars} characters.", "“{q}”：片段 {start}–{end} 为空或超出文本（共 {chars} 个字符）。";
    overlap(q, start, end) = "“{q}”: the span {start}–{end} overlaps another one.", "“{q}”：片段 {start}–{end} 与其他片段重叠。";
    relation(q) = "“{q}”: a relation goes from one span to another one.", "“{q}”：关系应连接两个不同的片段。";
    too_long(q, max) = "“{q}”: at most {max} characters.", "“{q}”：最多 {max} 个字符。";
    range(q, min, max) = "“{q}”: a number from {min} to {max}.", "“{q}”：请选择 {min} 至 {max} 的数字。";
    order(q) = "“{q}”: give every answer a place of its own.", "“{q}”：每个回答须有各自的名次。";
    comment(max) = "The comment has at most {max} characters.", "备注最多 {max} 个字符。";
    nul = "The text holds a NUL character (U+0000). Remove it.", "文本中含有 NUL 字符（U+0000），请将其删除。";
}

/// Why an answer is not taken. Questions are named as the annotator reads them.
#[must_use]
pub(in crate::annotate) fn answer_problem(l: Lang, design: &Design, problem: &AnswerProblem) -> String {
    use AnswerProblem as P;
    let title = |name: &str| design.question(name).map_or_else(|| name.to_owned(), |q: &Question| q.title.clone());
    match problem {
        P::Missing { question } => missing(l, title(question)),
        P::NotAsked { question } => not_asked(l, title(question)),
        P::Kind { question } => kind(l, title(question)),
        P::Option { question, value } => option(l, title(question), value),
        P::Count { question, min, max } => count(l, title(question), min, max),
        P::Span { question, start, end, chars } => span(l, title(question), start, end, chars),
        P::Overlap { question, start, end } => overlap(l, title(question), start, end),
        P::Relation { question } => relation(l, title(question)),
        P::TooLong { question, max } => too_long(l, title(question), max),
        P::Range { question, min, max } => range(l, title(question), min, max),
        P::Order { question } => order(l, title(question)),
        P::Comment => comment(l, MAX_COMMENT_CHARS),
        P::Nul => nul(l).to_owned(),
    }
}
