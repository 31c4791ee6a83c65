//! Guesses a mapping from the first rows of a file.
//!
//! Names are compared in lower case. Of a format's known names the one earlier in the list wins,
//! and a field at the top wins over a nested one.

use super::{as_list, choices, lookup, spans};
use crate::{MAX_FIELDS, rows::Row};
use domain::dataset::Mapping;
use serde_json::{Map, Value};
use std::collections::HashSet;

const INSTRUCTION: &[&str] = &["instruction", "instructions", "指令", "任务", "指示", "說明"];
const INPUT: &[&str] = &["input", "inputs", "输入", "輸入"];
const OUTPUT: &[&str] =
    &["output", "outputs", "response", "answer", "completion", "target", "输出", "輸出", "回答", "答案", "回复"];
const SYSTEM: &[&str] = &["system", "system_prompt", "系统", "系统提示"];
const HISTORY: &[&str] = &["history", "历史"];
const PROMPT: &[&str] = &["prompt", "input", "source", "query", "src", "提示", "提示词", "输入", "輸入"];
const COMPLETION: &[&str] = &[
    "completion",
    "response",
    "output",
    "target",
    "answer",
    "chosen",
    "reply",
    "canonical_solution",
    "solution",
    "tgt",
    "summary",
    "expected",
    "expected_output",
    "ground_truth",
    "回复",
    "回答",
    "输出",
    "輸出",
    "答案",
    "补全",
];
const QUESTION: &[&str] = &["question", "query", "problem", "ask", "问题", "問題", "题目", "问", "提问"];
const ANSWER: &[&str] = &["answer", "answers", "response", "solution", "final_answer", "答案", "回答", "答", "解答"];
const CONTEXT: &[&str] =
    &["context", "passage", "document", "paragraph", "article", "background", "上下文", "背景", "文章", "段落", "材料"];
const TEXT: &[&str] = &[
    "text",
    "sentence",
    "content",
    "review",
    "comment",
    "utterance",
    "query",
    "message",
    "body",
    "title",
    "tweet",
    "question",
    "input",
    "文本",
    "内容",
    "內容",
    "句子",
    "评论",
    "評論",
    "评价",
    "正文",
    "语句",
    "标题",
    "描述",
];
const LABEL: &[&str] = &[
    "label",
    "labels",
    "category",
    "intent",
    "sentiment",
    "class",
    "target",
    "topic",
    "emotion",
    "rating",
    "tag",
    "type",
    "output",
    "标签",
    "標籤",
    "类别",
    "類別",
    "分类",
    "分類",
    "意图",
    "情感",
    "情绪",
    "类型",
    "标注",
    "folder",
];
/// Answers that were preferred. The plain words count only beside a rejected answer.
const CHOSEN: &[&str] = &[
    "chosen",
    "chosen_response",
    "preferred",
    "preferred_output",
    "accepted",
    "messages",
    "conversations",
    "completion",
    "response",
    "answer",
    "output",
    "偏好回答",
    "选中",
    "采纳",
    "优选",
];
const REJECTED: &[&str] = &[
    "rejected",
    "rejected_response",
    "dispreferred",
    "non_preferred",
    "non_preferred_output",
    "拒绝回答",
    "拒绝",
    "落选",
    "未采纳",
];
/// Marks in a text.
const SPANS: &[&str] = &["entities", "spans", "labels", "label", "ner", "实体", "标注"];
/// What a multiple-choice question may be called besides.
const STEM: &[&str] = &["question_stem", "stem", "ctx", "goal", "题干"];
/// Which choice is right.
const RIGHT: &[&str] =
    &["answer", "answerkey", "answer_key", "correct_answer", "correct", "gold", "label", "target", "答案", "正确答案"];
/// All choices in one field.
const CHOICES: &[&str] = &["choices", "options", "endings", "candidates", "选项"];
/// What stands before the letter of a choice that has a column of its own.
const LETTERED: &[&str] = &["", "option_", "option", "option ", "choice_", "choice", "选项"];
/// Answers that are the same for every row, as they are offered.
const EITHER: &[[&str; 2]] = &[["False", "True"], ["no", "yes"], ["否", "是"], ["错", "对"]];
/// What the user says where the data hold texts and no questions.
const DEFAULT_INSTRUCTION: &str = "Write a text.";
const CONVERSATIONS: &[&str] = &["conversations", "conversation", "messages", "dialog", "dialogue", "items", "对话"];
const MESSAGES: &[&str] = &["messages", "conversations", "conversation", "dialog", "dialogue", "chat", "消息", "对话"];

/// How deep nested objects are searched.
const MAX_DEPTH: usize = 4;

/// The fields of these rows as dotted paths, top level first: what a person chooses from. Not more
/// than [`MAX_FIELDS`].
#[must_use]
pub fn field_names(rows: &[Row]) -> Vec<String> {
    let mut paths = Paths::default();
    for depth in 0..MAX_DEPTH {
        for row in rows {
            collect(&row.value, "", depth, &mut paths);
        }
    }
    paths.in_order
}

/// Paths in the order in which they were found, each once.
#[derive(Default)]
struct Paths {
    in_order: Vec<String>,
    known: HashSet<String>,
}

impl Paths {
    fn add(&mut self, path: String) {
        if self.known.len() < MAX_FIELDS && self.known.insert(path.clone()) {
            self.in_order.push(path);
        }
    }
}

/// Adds the paths of the fields that lie `depth` objects down and are no objects themselves.
fn collect(object: &Map<String, Value>, prefix: &str, depth: usize, paths: &mut Paths) {
    for (name, value) in object {
        match value {
            Value::Object(inner) if depth > 0 => collect(inner, &format!("{prefix}{name}."), depth - 1, paths),
            Value::Object(_) => {}
            _ if depth == 0 => paths.add(format!("{prefix}{name}")),
            _ => {}
        }
    }
}

/// The mapping these rows most likely want; `None` when no known format fits.
#[must_use]
pub fn guess(rows: &[Row]) -> Option<Mapping> {
    let fields = Fields { paths: field_names(rows), rows };
    fields
        .label_studio()
        .or_else(|| fields.preference())
        .or_else(|| fields.messages())
        .or_else(|| fields.share_gpt())
        .or_else(|| fields.multiple_choice())
        .or_else(|| fields.alpaca())
        .or_else(|| fields.prompt_completion("prompt"))
        .or_else(|| fields.question_answer())
        .or_else(|| fields.text_spans())
        .or_else(|| fields.text_label())
        .or_else(|| fields.prompt_completion(""))
        .or_else(|| fields.text())
}

struct Fields<'a> {
    paths: Vec<String>,
    rows: &'a [Row],
}

impl Fields<'_> {
    /// The first known name that some field has (as its whole path or its last part) and that
    /// holds what `fits` asks for.
    fn find(&self, names: &[&str], fits: impl Fn(&Value) -> bool) -> Option<String> {
        names.iter().find_map(|name| {
            self.paths
                .iter()
                .find(|path| last_part(path).to_lowercase().trim() == *name && self.holds(path, &fits))
                .cloned()
        })
    }

    /// Whether at least half of the rows that have something there have something that fits.
    /// The odd ones are then reported line by line; one of them must not hide a field.
    fn holds(&self, path: &str, fits: impl Fn(&Value) -> bool) -> bool {
        let values = self.rows.iter().filter_map(|row| lookup(&row.value, path)).filter(|v| !v.is_null());
        let (mut fitting, mut odd) = (0, 0);
        values.for_each(|value| *(if fits(value) { &mut fitting } else { &mut odd }) += 1);
        fitting > 0 && fitting >= odd
    }

    fn scalar(&self, names: &[&str]) -> Option<String> {
        self.find(names, |v| !v.is_array() && !v.is_object())
    }

    /// A list whose first turn has these two keys.
    fn turns(&self, names: &[&str], keys: [&str; 2]) -> Option<String> {
        self.find(names, |v| {
            as_list(v).is_some_and(|turns| turns.first().is_none_or(|t| keys.iter().all(|k| t.get(k).is_some())))
        })
    }

    /// Two answers, of which one was rejected, and the prompt where there is a field for it.
    fn preference(&self) -> Option<Mapping> {
        let is_answer = |v: &Value| v.is_string() || v.is_array();
        // One turn as an object is known by the fields in it.
        let side = |names: &[&str]| self.turn(names).or_else(|| self.find(names, is_answer));
        let (chosen, rejected) = (side(CHOSEN)?, side(REJECTED)?);
        let prompt = self
            .find(&[&["prompt"], INSTRUCTION, QUESTION, PROMPT, CONVERSATIONS].concat(), is_answer)
            .filter(|path| ![&chosen, &rejected].contains(&path));
        let input = self.scalar(INPUT).filter(|path| prompt.as_ref().is_some_and(|prompt| prompt != path));
        Some(Mapping::Preference { prompt, input, system: self.scalar(SYSTEM), chosen, rejected })
    }

    /// The path of an object that is one turn.
    fn turn(&self, names: &[&str]) -> Option<String> {
        let parent_of = |path: &String| {
            let (parent, key) = path.rsplit_once('.')?;
            let is_named = names.contains(&last_part(parent).to_lowercase().trim());
            (["role", "from"].contains(&key) && is_named).then(|| parent.to_owned())
        };
        self.paths.iter().find_map(parent_of)
    }

    fn messages(&self) -> Option<Mapping> {
        Some(Mapping::Messages { messages: self.turns(MESSAGES, ["role", "content"])? })
    }

    fn share_gpt(&self) -> Option<Mapping> {
        Some(Mapping::ShareGpt {
            conversations: self.turns(CONVERSATIONS, ["from", "value"])?,
            system: self.scalar(SYSTEM),
            words: None,
        })
    }

    /// Label Studio's export: the task under `data`, what people said of it under `annotations`.
    fn label_studio(&self) -> Option<Mapping> {
        let is_annotations = |v: &Value| {
            v.as_array().is_some_and(|list| list.first().is_none_or(|a| a.get("result").is_some_and(Value::is_array)))
        };
        let annotations = self.paths.iter().find(|path| *path == "annotations" && self.holds(path, is_annotations))?;
        let is_text = |path: &&String| path.starts_with("data.") && self.holds(path, Value::is_string);
        let texts: Vec<&String> = self.paths.iter().filter(is_text).collect();
        let named = |path: &&&String| TEXT.contains(&last_part(path).to_lowercase().as_str());
        let text = (*texts.iter().find(named).or(texts.first())?).clone();
        Some(Mapping::LabelStudio { text, annotations: annotations.clone(), instruction: None })
    }

    /// A text and a list of what is marked in it.
    fn text_spans(&self) -> Option<Mapping> {
        let text = self.scalar(TEXT)?;
        let is_spans = |v: &Value| as_list(v).is_some_and(|list| list.iter().all(|span| spans::span(span).is_some()));
        let spans = self.find(SPANS, is_spans)?;
        Some(Mapping::TextSpans { text, spans, instruction: None })
    }

    /// Texts alone. What the user says is for a person to choose.
    fn text(&self) -> Option<Mapping> {
        Some(Mapping::Text { text: self.scalar(TEXT)?, instruction: DEFAULT_INSTRUCTION.to_owned() })
    }

    fn alpaca(&self) -> Option<Mapping> {
        Some(Mapping::Alpaca {
            instruction: self.scalar(INSTRUCTION)?,
            input: self.scalar(INPUT),
            output: self.scalar(OUTPUT)?,
            system: self.scalar(SYSTEM),
            history: self.find(HISTORY, |v| as_list(v).is_some() || v.as_str() == Some("")),
        })
    }

    /// prompt → completion, if the prompt's name starts with `prefix`.
    fn prompt_completion(&self, prefix: &str) -> Option<Mapping> {
        let prompt = self.scalar(PROMPT).filter(|path| last_part(path).to_lowercase().starts_with(prefix))?;
        let completion = self.scalar(COMPLETION).filter(|path| *path != prompt)?;
        Some(Mapping::PromptCompletion { prompt, completion })
    }

    fn question_answer(&self) -> Option<Mapping> {
        let (question, answer) = (self.scalar(QUESTION)?, self.scalar(ANSWER)?);
        Some(Mapping::QuestionAnswer { question, context: self.scalar(CONTEXT), answer })
    }

    /// A question with choices in columns, in a list or in lettered lines, or one about a passage that is answered by one of
    /// two words, both of which occur.
    fn multiple_choice(&self) -> Option<Mapping> {
        let question = self.scalar(QUESTION).or_else(|| self.scalar(STEM))?;
        let answer = self.scalar(RIGHT).filter(|path| *path != question)?;
        let context = self.scalar(CONTEXT);
        let is_list = |v: &Value| choices::texts_of(v).is_some_and(|texts| texts.len() > 1);
        let choices = self
            .columns()
            .or_else(|| self.find(CHOICES, is_list))
            .or_else(|| self.paths.iter().find(|path| *path == "choices.text" && self.holds(path, is_list)).cloned())
            .or_else(|| context.as_ref().and_then(|_| self.either(&answer)))?;
        Some(Mapping::MultipleChoice { question, context, choices, answer })
    }

    /// Columns `A`, `B` and so on, at least two of them.
    fn columns(&self) -> Option<String> {
        let column = |prefix: &str, letter: char| {
            let name = format!("{prefix}{letter}");
            self.paths.iter().find(|path| path.to_lowercase() == name).map(String::as_str)
        };
        let of_prefix = |prefix: &&str| {
            let found: Vec<&str> = ('a'..='z').map_while(|letter| column(prefix, letter)).collect();
            (found.len() > 1).then(|| found.join(","))
        };
        LETTERED.iter().find_map(of_prefix)
    }

    /// The two words that all answers are, if both occur.
    fn either(&self, answer: &str) -> Option<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_lowercase());
        let found: HashSet<String> = self.rows.iter().filter_map(|row| lookup(&row.value, answer)).map(text).collect();
        let is_all =
            |pair: &&[&str; 2]| found == pair.iter().map(|word| word.to_lowercase()).collect::<HashSet<String>>();
        EITHER.iter().find(is_all).map(|pair| pair.join("|"))
    }

    fn text_label(&self) -> Option<Mapping> {
        let (text, label) = (self.scalar(TEXT)?, self.scalar(LABEL)?);
        // input → output is free text, unless a better name for one of them is there.
        let is_plain_pair = matches!(last_part(&text).to_lowercase().as_str(), "input" | "输入")
            && last_part(&label).eq_ignore_ascii_case("output");
        (!is_plain_pair).then_some(Mapping::TextLabel { text, label, instruction: None })
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}
