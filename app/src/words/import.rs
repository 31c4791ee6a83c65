//! Why a file cannot be imported, in every language.

use super::line::line_error;
use domain::{
    import::{FileAdvice, FileKind, ImportProblem},
    lang::Lang,
};

crate::texts! {
    unknown_encoding(name) = "The encoding “{name}” is unknown. Use a label of the WHATWG Encoding Standard, such as utf-8 or gb18030.", "未知编码“{name}”。请使用 WHATWG 编码标准中的名称，例如 utf-8 或 gb18030。";
    unknown_syntax = "This looks like neither JSON Lines, JSON, CSV nor Parquet. Choose the syntax (also plain text), or save the file as one of them.", "文件看起来不是 JSON Lines、JSON、CSV 或 Parquet。请选择语法（也可选纯文本），或将文件另存为其中一种。";
    no_mapping = "No known format fits the fields of this file. Choose one and say which field is what.", "没有已知格式与此文件的字段相符。请选择格式并指定各字段的含义。";
    no_mapping_of_bad(first) = "The first rows of this file fit no known format: {first}", "文件的前几行与任何已知格式都不相符：{first}";
    not_text(kind, advice) = "This is {kind}, not a text file. {advice}", "这是{kind}，不是文本文件。{advice}";
    kind_file(name) = "a {name} file", " {name} 文件";
    kind_office = "a spreadsheet or office document", "电子表格或办公文档";
    kind_image = "an image", "图片";
    advice_zip = "Pack it as ZIP, or send the file inside.", "请改为 ZIP 格式打包，或直接上传其中的文件。";
    broken_packing(file, detail) = "“{file}” cannot be unpacked (“{detail}”). Pack it anew, or send it unpacked.", "无法解压“{file}”（“{detail}”）。请重新打包，或解压后上传。";
    unpacked_too_large(file, limit) = "“{file}” unpacks to more than {limit}, which is all that is taken. Send it in parts.", "“{file}”解压后超过上限 {limit}。请分批上传。";
    too_compressed(file, ratio) = "“{file}” unpacks to more than {ratio} times its size, as no real data does. Send it unpacked if it is meant so.", "“{file}”解压后超过原大小的 {ratio} 倍，不像真实数据。若确实如此，请解压后上传。";
    too_many_files(limit) = "The archive holds more than {limit} files. Pack fewer, larger ones.", "压缩包内的文件超过 {limit} 个。请合并为更少、更大的文件。";
    no_file_inside = "The archive holds no data file that is read: JSON Lines, JSON, CSV, Parquet or text.", "压缩包内没有可读取的数据文件（JSON Lines、JSON、CSV、Parquet 或文本）。";
    no_file_fits(pattern) = "No data file in the archive fits the pattern “{pattern}”.", "压缩包内没有数据文件符合模式“{pattern}”。";
    mixed_syntaxes(first, second) = "The archive holds files of different syntaxes (“{first}” and “{second}”). Choose some by a pattern such as *.jsonl, or send them apart.", "压缩包内的文件语法不一（“{first}”与“{second}”）。请用 *.jsonl 之类的模式选择其中一部分，或分别上传。";
    nested_archive(file) = "“{file}” is an archive inside the archive. Unpack it and pack its files into one.", "“{file}”是压缩包中的压缩包。请先解压，再将文件打包到同一个压缩包中。";
    escaping_name(file) = "The archive's name “{file}” leads out of it. Pack the archive anew.", "压缩包中的文件名“{file}”指向包外。请重新打包。";
    broken_parquet(detail) = "The Parquet file cannot be read (“{detail}”). Write it anew, or export its rows as JSON Lines.", "无法读取 Parquet 文件（“{detail}”）。请重新生成，或将数据导出为 JSON Lines。";
    bad_task_file(detail) = "No samples can be made of the task file and its data (“{detail}”).", "无法由任务文件及其数据生成样本（“{detail}”）。";
    bad_dataset_info(detail) = "The dataset_info.json in the archive cannot be used (“{detail}”). Correct or remove it.", "无法使用压缩包中的 dataset_info.json（“{detail}”）。请修正或删除。";
    bad_merge = "A merge needs 2 to 20 different versions, each with a weight above 0.", "合并需要 2 至 20 个不同的版本，且每个权重须大于 0。";
    nothing_new(repeated) = "The dataset has all {repeated} samples of this file already. Nothing was added.", "数据集已包含此文件中的全部 {repeated} 条样本，未添加任何内容。";
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
        P::BrokenPacking { file, detail } => broken_packing(l, file, detail),
        P::UnpackedTooLarge { file, limit_bytes } => {
            unpacked_too_large(l, file, crate::ui::format::bytes(*limit_bytes))
        }
        P::TooCompressed { file, ratio } => too_compressed(l, file, ratio),
        P::TooManyFiles { limit } => too_many_files(l, limit),
        P::NoFileInside => no_file_inside(l).to_owned(),
        P::NoFileFits { pattern } => no_file_fits(l, pattern),
        P::MixedSyntaxes { first, second } => mixed_syntaxes(l, first, second),
        P::NestedArchive { file } => nested_archive(l, file),
        P::EscapingName { file } => escaping_name(l, file),
        P::BrokenParquet { detail } => broken_parquet(l, detail),
        P::BadTaskFile { detail } => bad_task_file(l, detail),
        P::BadDatasetInfo { detail } => bad_dataset_info(l, detail),
        P::BadMerge => bad_merge(l).to_owned(),
        P::NothingNew { repeated } => nothing_new(l, repeated),
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
        FileAdvice::PackAsZip => advice_zip(l),
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
        let problem = ImportProblem::BadLines { bad: 2, lines: 4, first: Box::new(first) };
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
