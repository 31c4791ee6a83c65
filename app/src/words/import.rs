//! Why a file cannot be imported, in every language.

use super::line::line_error;
use domain::{
    import::{FileAdvice, FileKind, ImportProblem},
    lang::Lang,
};

crate::texts! {
    unknown_encoding(name) = "The encoding “{name}” is unknown. Use a label of the WHATWG Encoding Standard, such as utf-8 or gb18030.", "未知编码“{name}”。请使用 WHATWG 编码标准中的名称，例如 utf-8 或 gb18030。";
    unknown_syntax = "This looks like neither JSON Lines, JSON nor CSV. Choose the syntax, or save the file as one of them.", "文件看起来既不是 JSON Lines、JSON，也不是 CSV。请选择语法，或将文件另存为其中一种。";
    no_mapping = "No known format fits the fields of this file. Choose one and say which field is what.", "没有已知格式与此文件的字段相符。请选择格式并指定各字段的含义。";
    no_mapping_of_bad(first) = "The first rows of this file fit no known format: {first}", "文件的前几行与任何已知格式都不相符：{first}";
    not_text(kind, advice) = "This is {kind}, not a text file. {advice}", "这是{kind}，不是文本文件。{advice}";
    kind_file(name) = "a {name} file", " {name} 文件";
    kind_office = "a spreadsheet or office document", "电子表格或办公文档";
    kind_image = "an image", "图片";
    advice_unpack = "Unpack it first and send the file inside.", "请先解压，再上传其中的文件。";
    advice_csv = "Save its table as CSV and send that.", "请将其中的表格另存为 CSV 后上传。";
    advice_jsonl = "Export its rows as JSON Lines or CSV and send that.", "请将数据导出为 JSON Lines 或 CSV 后上传。";
    advice_text = "Send the texts as JSON Lines, JSON or CSV.", "请以 JSON Lines、JSON 或 CSV 格式上传文本。";
    same_field(field) = "The field “{field}” cannot be both what is asked and what is answered. Choose two fields.", "字段“{field}”不能同时作为提问和回答。请选择两个不同的字段。";
    bad_split = "Split shares must be 0 or more, and the training share above 0.", "各划分份额不能小于 0，且训练份额须大于 0。";
    no_rows = "The file has no rows: there is nothing below the header line, or nothing at all.", "文件中没有数据行：表头下方没有内容，或文件为空。";
    broken_off(first) = "The file cannot be read to its end: {first}", "文件无法读到末尾：{first}";
    no_samples(bad, first) = "None of the {bad} lines can become a sample. The first: {first}", "{bad} 行均无法转换为样本。首个问题：{first}";
    bad_lines(bad, lines, first) = "{bad} of {lines} lines cannot become samples. The first: {first}", "{lines} 行中有 {bad} 行无法转换为样本。首个问题：{first}";
}

/// Why there is no version, or no preview, of a file.
#[must_use]
pub fn import_problem(l: Lang, problem: &ImportProblem) -> String {
    use ImportProblem as P;
    match problem {
        P::UnknownEncoding { name } => unknown_encoding(l, name),
        P::UnknownSyntax => unknown_syntax(l).to_owned(),
        P::NoMapping => no_mapping(l).to_owned(),
        P::NoMappingOfBad { first } => no_mapping_of_bad(l, line_error(l, first)),
        P::NotText { kind } => not_text(l, file_kind(l, *kind), advice(l, kind.advice())),
        P::SameField { field } => same_field(l, field),
        P::BadSplit => bad_split(l).to_owned(),
        P::BadName => super::name_problem(l).to_owned(),
        P::NoRows => no_rows(l).to_owned(),
        P::BrokenOff { first } => broken_off(l, line_error(l, first)),
        P::NoSamples { bad, first } => no_samples(l, bad, line_error(l, first)),
        P::BadLines { bad, lines, first } => bad_lines(l, bad, lines, line_error(l, first)),
    }
}

fn file_kind(l: Lang, kind: FileKind) -> String {
    match kind.name() {
        Some(name) => kind_file(l, name),
        None if kind == FileKind::Office => kind_office(l).to_owned(),
        None => kind_image(l).to_owned(),
    }
}

fn advice(l: Lang, advice: FileAdvice) -> &'static str {
    match advice {
        FileAdvice::Unpack => advice_unpack(l),
        FileAdvice::SaveAsCsv => advice_csv(l),
        FileAdvice::ExportAsJsonl => advice_jsonl(l),
        FileAdvice::TextOnly => advice_text(l),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::dataset::{LineError, LineProblem};

    #[test]
    fn the_reader_chooses_the_language() {
        let first = LineError::of_field(3, "text", LineProblem::FieldEmpty);
        let problem = ImportProblem::BadLines { bad: 2, lines: 4, first };
        assert_eq!(
            import_problem(Lang::En, &problem),
            "2 of 4 lines cannot become samples. The first: line 3, field text: The field is empty. Fill it in or remove the row."
        );
        assert_eq!(
            import_problem(Lang::Zh, &problem),
            "4 行中有 2 行无法转换为样本。首个问题：第 3 行，字段 text：此字段为空。请填写，或删除该行。"
        );
    }
}
