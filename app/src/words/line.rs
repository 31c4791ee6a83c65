//! Why a line of a data file cannot become a sample, in every language.

use domain::{
    dataset::{JsonKind, LineError, LineProblem, LineUnit},
    lang::Lang,
};

crate::texts! {
    at_line(line, problem) = "line {line}: {problem}", "第 {line} 行：{problem}";
    at_field(line, field, problem) = "line {line}, field {field}: {problem}", "第 {line} 行，字段 {field}：{problem}";
    at_element(line, problem) = "element {line}: {problem}", "第 {line} 个元素：{problem}";
    at_element_field(line, field, problem) = "element {line}, field {field}: {problem}", "第 {line} 个元素，字段 {field}：{problem}";

    at_row(line, problem) = "row {line}: {problem}", "第 {line} 行记录：{problem}";
    at_row_field(line, field, problem) = "row {line}, field {field}: {problem}", "第 {line} 行记录，字段 {field}：{problem}";
    at_paragraph(line, problem) = "paragraph {line}: {problem}", "第 {line} 段：{problem}";
    at_paragraph_field(line, field, problem) = "paragraph {line}, field {field}: {problem}", "第 {line} 段，字段 {field}：{problem}";
    in_file(file, rest) = "{file}, {rest}", "{file}，{rest}";

    tool_turn = "The turn calls a tool or answers for one. Only conversations of system, user and assistant can be trained on.", "此轮调用了工具或为工具的返回。只能使用由系统、用户和助手组成的对话进行训练。";
    bad_spans = "The row marks spans that are no list of [start, end, label] or {{start, end, label}}. Correct it.", "此行的标注不是 [start, end, label] 或 {{start, end, label}} 的列表。请修正。";
    span_outside(start, end, length) = "The span {start} to {end} does not lie in the text, which has {length} characters. Correct it.", "标注 {start} 至 {end} 不在文本范围内（文本共 {length} 个字符）。请修正。";
    not_annotated = "The task has no annotation. Annotate it, or remove it from the export.", "此任务没有标注。请完成标注，或从导出中移除。";
    no_result = "The annotation holds no choice, label or text that can be read. Correct it, or export other results.", "标注中没有可读取的选项、标签或文本。请修正，或导出其他结果。";
    invalid_utf8 = "The line is not valid UTF-8. Save the file as UTF-8 or choose its encoding.", "此行不是有效的 UTF-8。请将文件另存为 UTF-8，或选择其编码。";
    too_long(mib) = "The row is longer than {mib} MiB.", "此行超过 {mib} MiB。";
    too_long_or_unclosed(mib) = "The row is longer than {mib} MiB, or a quote is never closed.", "此行超过 {mib} MiB，或有引号未闭合。";
    unclosed_quote = "A quote opened in this row is never closed. Close it, or remove it.", "此行中打开的引号没有闭合。请补上或删除该引号。";
    text_after_quote = "Text follows a closing quote. Inside quotes write a quote twice (\"\").", "结束引号后还有文本。引号内的引号请写两次（\"\"）。";
    broken_element(detail) = "The element cannot be read (“{detail}”). Correct or remove it.", "无法读取此元素（“{detail}”）。请修正或删除。";
    cut_json(row, column) = "The file ends in the middle of its JSON, in line {row}, column {column}. It was cut off; send the whole file.", "文件在 JSON 中途结束（第 {row} 行第 {column} 列），内容被截断。请上传完整的文件。";
    too_few_columns(found, expected) = "The row has fewer fields ({found}) than the header ({expected}). A value is missing.", "此行的字段数（{found}）少于表头（{expected}），缺少值。";
    two_systems = "The row has a system text and its conversation begins with another one. Keep one of them.", "此行有系统提示，而对话又以另一条系统消息开头。请只保留其一。";
    not_an_object(found) = "The line holds {found}, not a JSON object {{…}}.", "此行的内容是{found}，不是 JSON 对象 {{…}}。";
    invalid_json(column, detail) = "The line is not valid JSON at column {column} (“{detail}”).", "此行第 {column} 列不是有效的 JSON（“{detail}”）。";
    broken_json(row, column, detail) = "The file is not valid JSON in line {row}, column {column} (“{detail}”). Correct that place, or write the file anew with a JSON library.", "文件第 {row} 行第 {column} 列不是有效的 JSON（“{detail}”）。请修正该处，或用 JSON 库重新生成文件。";
    no_array = "The JSON file holds no array of objects, neither by itself nor in a field up to two objects deep. Write the rows as [{{…}}, …].", "JSON 文件本身以及两层以内的字段中都没有对象数组。请将数据写成 [{{…}}, …]。";
    several_arrays(first, second) = "The JSON file holds several arrays of objects (“{first}” and “{second}”). Keep the one with the rows, or send each as a file of its own.", "JSON 文件中有多个对象数组（“{first}”和“{second}”）。请只保留包含数据的那一个，或分别作为单独的文件上传。";
    duplicate_column(name) = "The column name “{name}” appears twice in the header line.", "列名“{name}”在表头中出现了两次。";
    too_many_columns(limit) = "The header line has more than {limit} columns. Leave out those that are not needed.", "表头超过 {limit} 列。请去掉不需要的列。";
    wrong_columns(found, expected) = "The row has {found} fields, the header has {expected}. Quote fields that contain the separator.", "此行有 {found} 个字段，表头有 {expected} 个。请为包含分隔符的字段加引号。";
    nul = "The row contains a NUL character (U+0000), which is no text. Remove it, or choose another encoding.", "此行包含 NUL 字符（U+0000），不是文本。请将其删除，或选择其他编码。";
    field_missing = "The field is missing. Add it to the row or choose another field.", "缺少此字段。请在该行中补上，或选择其他字段。";
    field_empty = "The field is empty. Fill it in or remove the row.", "此字段为空。请填写，或删除该行。";
    field_not_text(found) = "The field holds {found}, not a text. Choose a field inside it or another field.", "此字段的内容是{found}，不是文本。请选择其内部的字段或其他字段。";
    field_not_turns(found) = "The field holds {found}, not a list of turns. Choose another field.", "此字段的内容是{found}，不是对话轮次列表。请选择其他字段。";
    bad_history = "The history is not a list of [user, assistant] pairs of texts. Correct or empty it.", "历史不是由 [用户, 助手] 文本对组成的列表。请修正或清空。";
    no_speaker(key) = "The turn has no text “{key}” that says who speaks.", "此轮没有说明发言者的文本“{key}”。";
    unknown_role(role, known) = "Unknown role “{role}”. Use one of: {known}.", "未知角色“{role}”。请使用以下之一：{known}。";
    no_content(key) = "The turn has no “{key}”. Fill it in or remove the row.", "此轮没有“{key}”。请填写，或删除该行。";
    content_not_text(key, found) = "The turn's “{key}” is {found}, not a text.", "此轮的“{key}”是{found}，不是文本。";
    part_not_text = "The turn has a part that is not text. Only text can be trained on.", "此轮含有非文本部分。只能使用文本进行训练。";
    empty_turn = "The turn is empty. Fill it in or remove the row.", "此轮为空。请填写，或删除该行。";
    late_system = "A system message may only be the first turn. Move or remove it.", "系统消息只能是第一轮。请移动或删除。";
    empty_conversation = "The conversation is empty. Remove the row.", "对话为空。请删除该行。";
    no_answer = "The last turn is not the assistant's, so there is no answer to learn. Add the answer or remove the turn.", "最后一轮不是助手的发言，没有可学习的回答。请补充回答，或删除此轮。";
    no_question = "No turn is the user's. Add the question or remove the row.", "没有用户的发言。请补充问题，或删除该行。";
    other_prompt(chosen) = "This conversation is not the one in “{chosen}” up to its last answer. Both must share their prompt.", "此对话在最后一个回答之前与“{chosen}”中的不同。二者必须有相同的提示。";
    same_answers(chosen) = "The answer is the same as in “{chosen}”, so nothing is preferred. Change one of them or remove the row.", "此回答与“{chosen}”中的相同，无从比较偏好。请修改其中之一，或删除该行。";

    no_such_choice(answer) = "The answer “{answer}” is none of the choices. Give its letter, its text or its number from 0.", "答案“{answer}”不在选项中。请填写选项的字母、文本或序号（从 0 开始）。";
    few_choices = "There are fewer than two choices to read. Correct the row, or choose other fields.", "可读取的选项少于两个。请修正该行，或选择其他字段。";

    kind_null = "nothing (null)", "空值（null）";
    kind_boolean = "true or false", "布尔值";
    kind_number = "a number", "数字";
    kind_text = "a text", "文本";
    kind_list = "a list", "列表";
    kind_object = "an object", "对象";
}

/// What is wrong with a line.
#[must_use]
pub fn line_problem(l: Lang, problem: &LineProblem) -> String {
    use LineProblem as P;
    match problem {
        P::InvalidUtf8 => invalid_utf8(l).to_owned(),
        P::TooLong { mib } => too_long(l, mib),
        P::TooLongOrUnclosed { mib } => too_long_or_unclosed(l, mib),
        P::UnclosedQuote => unclosed_quote(l).to_owned(),
        P::TextAfterQuote => text_after_quote(l).to_owned(),
        P::BrokenElement { detail } => broken_element(l, detail),
        P::CutJson { row, column } => cut_json(l, row, column),
        P::TooFewColumns { found, expected } => too_few_columns(l, found, expected),
        P::TwoSystems => two_systems(l).to_owned(),
        P::NotAnObject { found } => not_an_object(l, kind(l, *found)),
        P::InvalidJson { column, detail } => invalid_json(l, column, detail),
        P::BrokenJson { row, column, detail } => broken_json(l, row, column, detail),
        P::NoArray => no_array(l).to_owned(),
        P::SeveralArrays { first, second } => several_arrays(l, first, second),
        P::DuplicateColumn { name } => duplicate_column(l, name),
        P::TooManyColumns { limit } => too_many_columns(l, limit),
        P::WrongColumns { found, expected } => wrong_columns(l, found, expected),
        P::NulCharacter => nul(l).to_owned(),
        P::FieldMissing => field_missing(l).to_owned(),
        P::FieldEmpty => field_empty(l).to_owned(),
        P::FieldNotText { found } => field_not_text(l, kind(l, *found)),
        P::FieldNotTurns { found } => field_not_turns(l, kind(l, *found)),
        P::BadHistory => bad_history(l).to_owned(),
        P::NoSpeaker { key } => no_speaker(l, key),
        P::UnknownRole { role, known } => unknown_role(l, role, known.join(", ")),
        P::NoContent { key } => no_content(l, key),
        P::ContentNotText { key, found } => content_not_text(l, key, kind(l, *found)),
        P::PartNotText => part_not_text(l).to_owned(),
        P::EmptyTurn => empty_turn(l).to_owned(),
        P::ToolTurn => tool_turn(l).to_owned(),
        P::BadSpans => bad_spans(l).to_owned(),
        P::SpanOutside { start, end, length } => span_outside(l, start, end, length),
        P::NotAnnotated => not_annotated(l).to_owned(),
        P::NoResult => no_result(l).to_owned(),
        P::LateSystem => late_system(l).to_owned(),
        P::EmptyConversation => empty_conversation(l).to_owned(),
        P::NoAnswer => no_answer(l).to_owned(),
        P::NoQuestion => no_question(l).to_owned(),
        P::OtherPrompt { chosen } => other_prompt(l, chosen),
        P::SameAnswers { chosen } => same_answers(l, chosen),
        P::NoSuchChoice { answer } => no_such_choice(l, answer),
        P::FewChoices => few_choices(l).to_owned(),
        P::Said { text } => text.clone(),
    }
}

/// A bad line with its place.
pub(super) fn line_error(l: Lang, error: &LineError) -> String {
    let problem = line_problem(l, &error.problem);
    let placed = match (error.unit, &error.field) {
        (LineUnit::Line, Some(field)) => at_field(l, error.line, field, problem),
        (LineUnit::Line, None) => at_line(l, error.line, problem),
        (LineUnit::Element, Some(field)) => at_element_field(l, error.line, field, problem),
        (LineUnit::Element, None) => at_element(l, error.line, problem),
        (LineUnit::Row, Some(field)) => at_row_field(l, error.line, field, problem),
        (LineUnit::Row, None) => at_row(l, error.line, problem),
        (LineUnit::Paragraph, Some(field)) => at_paragraph_field(l, error.line, field, problem),
        (LineUnit::Paragraph, None) => at_paragraph(l, error.line, problem),
    };
    match &error.file {
        Some(file) => in_file(l, file, placed),
        None => placed,
    }
}

fn kind(l: Lang, kind: JsonKind) -> &'static str {
    match kind {
        JsonKind::Null => kind_null(l),
        JsonKind::Boolean => kind_boolean(l),
        JsonKind::Number => kind_number(l),
        JsonKind::Text => kind_text(l),
        JsonKind::List => kind_list(l),
        JsonKind::Object => kind_object(l),
    }
}
