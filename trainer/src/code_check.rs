//! Programs that models wrote, tried against their tests: HumanEval's problems (Chen et al., Evaluating Large Language Models
//! Trained on Code, 2021) and others of the same form, and samples whose reference answers are tests.

use crate::sandbox::{Ending, Sandbox, SandboxError};
use domain::metrics::pass_at_k::pass_at_k;
use domain::sample::Sample;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Field of a sample's data that names the function to be written.
const ENTRY_POINT: &str = "entry_point";
/// Characters of a prompt by which a sample is known again.
const QUOTED: usize = 60;
/// How the first line of a program may begin: what stands before it in a prompt are words.
const PROGRAM_LINES: [&str; 5] = ["import ", "from ", "def ", "class ", "@"];

/// A problem: the beginning of a program, and its tests, which define `check` for the function or hold by themselves.
#[derive(Clone, Debug, Deserialize)]
pub struct Problem {
    pub task_id: String,
    pub prompt: String,
    pub entry_point: String,
    pub test: String,
    #[serde(default)]
    pub canonical_solution: String,
}

/// An answer to a problem: named by it, or by its place, as `trainer eval` writes predictions.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub task_id: Option<String>,
    #[serde(default)]
    pub index: Option<usize>,
    #[serde(alias = "output")]
    pub completion: String,
}

/// Why a check has no result.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} line {line}: {problem}", path.display())]
    Line { path: PathBuf, line: usize, problem: String },
    #[error("{} is empty", path.display())]
    Empty { path: PathBuf },
    #[error("an answer names the problem {name:?}, which is not there")]
    UnknownProblem { name: String },
    #[error(
        "sample {number} ({prompt:?}): its tests define check and call it for no function: name the function in the field \
         entry_point of the sample's data, or let the tests end in check(NAME)"
    )]
    NoFunction { number: usize, prompt: String },
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// What became of one program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tried {
    pub ending: Ending,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    pub seconds: f64,
}

/// What became of a problem's programs; a line of the results, which `trainer measure --task generation` reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Checked {
    pub index: usize,
    pub task_id: String,
    /// The first answer.
    pub output: String,
    pub programs_tried: u32,
    pub programs_passed: u32,
    pub programs: Vec<Tried>,
}

/// All of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub problems: usize,
    pub programs: u32,
    pub passed: u32,
    /// Mean over problems of the unbiased estimate, by k, for each k that every problem has answers enough for.
    pub pass_at: BTreeMap<u32, f64>,
    pub endings: BTreeMap<Ending, u32>,
}

/// Reads a file of one JSON object a line.
pub fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, CheckError> {
    let fail = |source| CheckError::Read { path: path.to_owned(), source };
    let mut found = Vec::new();
    for (i, line) in BufReader::new(File::open(path).map_err(fail)?).lines().enumerate() {
        let line = line.map_err(fail)?;
        if !line.trim().is_empty() {
            let bad =
                |e: serde_json::Error| CheckError::Line { path: path.to_owned(), line: i + 1, problem: e.to_string() };
            found.push(serde_json::from_str(&line).map_err(bad)?);
        }
    }
    if found.is_empty() { Err(CheckError::Empty { path: path.to_owned() }) } else { Ok(found) }
}

/// The answers by the place of their problem.
pub fn sorted(problems: &[Problem], answers: Vec<Answer>) -> Result<Vec<Vec<String>>, CheckError> {
    let places: BTreeMap<&str, usize> = problems.iter().enumerate().map(|(i, p)| (p.task_id.as_str(), i)).collect();
    let mut sorted = vec![Vec::new(); problems.len()];
    for answer in answers {
        let place = match &answer.task_id {
            Some(name) => places.get(name.as_str()).copied(),
            None => answer.index.filter(|index| *index < problems.len()),
        };
        let name = || answer.task_id.clone().or(answer.index.map(|i| i.to_string())).unwrap_or_default();
        let place = place.ok_or_else(|| CheckError::UnknownProblem { name: name() })?;
        sorted[place].push(answer.completion);
    }
    Ok(sorted)
}

/// Runs the answers of every problem that has any, as many at a time as there are threads. `on_done` is called after each.
pub fn check(
    sandbox: &Sandbox,
    problems: &[Problem],
    answers: &[Vec<String>],
    on_done: &(dyn Fn() + Sync),
) -> Result<Vec<Checked>, CheckError> {
    let answered = problems.iter().zip(answers).enumerate().filter(|(_, (_, answers))| !answers.is_empty());
    let jobs: Vec<(usize, &Problem, &Vec<String>)> =
        answered.map(|(i, (problem, answers))| (i, problem, answers)).collect();
    let check_one = |(index, problem, answers): (usize, &Problem, &Vec<String>)| -> Result<Checked, CheckError> {
        let run = |answer: &String| {
            let outcome = sandbox.run(&problem.program(answer))?;
            on_done();
            Ok(Tried { ending: outcome.ending, detail: outcome.detail, seconds: outcome.seconds })
        };
        let programs = answers.par_iter().map(run).collect::<Result<Vec<_>, SandboxError>>()?;
        let passed = programs.iter().filter(|tried| tried.ending == Ending::Passed).count() as u32;
        Ok(Checked {
            index,
            task_id: problem.task_id.clone(),
            output: answers[0].clone(),
            programs_tried: programs.len() as u32,
            programs_passed: passed,
            programs,
        })
    };
    jobs.into_par_iter().map(check_one).collect()
}

impl Problem {
    /// The problem that a sample poses, as lm-evaluation-harness's `humaneval` and `mbpp` lay them out: the last turn before the
    /// answer is the prompt, and the reference answer is the tests. The function is named by the field `entry_point` of the
    /// sample's data, or by the call of `check` in the tests. A prompt in words, without that function, begins no program.
    /// [`CheckError::NoFunction`] where nothing names what `check` is to be called with: no answer could pass.
    pub fn of_sample(place: usize, sample: &Sample) -> Result<Self, CheckError> {
        let asked = sample.prompt().last().map_or("", |message| message.content.as_str());
        let test = sample.answer().unwrap_or_default();
        let of_data = sample.slices.get(ENTRY_POINT).map(String::as_str).filter(|name| !name.is_empty());
        let named = of_data.or_else(|| called(test));
        if named.is_none() && test.contains("def check(") && !test.contains("def check()") {
            return Err(CheckError::NoFunction { number: place + 1, prompt: asked.chars().take(QUOTED).collect() });
        }
        let entry_point = named.unwrap_or_default();
        Ok(Self {
            task_id: place.to_string(),
            prompt: begun(asked, entry_point).to_owned(),
            entry_point: entry_point.to_owned(),
            test: test.to_owned(),
            canonical_solution: String::new(),
        })
    }

    /// The whole program: the prompt goes on with the answer, unless the answer has the function itself; then the tests.
    #[must_use]
    pub fn program(&self, answer: &str) -> String {
        let code = fenced(answer);
        let definition = format!("def {}(", self.entry_point);
        let begun = match self.prompt.find(&definition) {
            // What stands before the function, such as imports, belongs to the program in any case.
            Some(at) if code.contains(&definition) => format!("{}\n{code}", &self.prompt[..at]),
            _ => format!("{}{code}", self.prompt),
        };
        let has_call = called(&self.test).is_some() || !self.test.contains("def check(");
        let call = if has_call { String::new() } else { format!("\ncheck({})\n", self.entry_point) };
        format!("{begun}\n\n{}\n{call}", self.test)
    }
}

/// The function that tests call `check` with at their outermost level.
fn called(test: &str) -> Option<&str> {
    test.lines().find_map(|line| line.strip_prefix("check(")?.trim_end().strip_suffix(')'))
}

/// The program that a prompt begins: its fenced block, or all from the first line on that may begin a program; nothing where that has
/// not the function.
fn begun<'a>(asked: &'a str, entry_point: &str) -> &'a str {
    if entry_point.is_empty() {
        return "";
    }
    let code = fenced(asked);
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        if PROGRAM_LINES.iter().any(|first| line.starts_with(first)) {
            break;
        }
        start += line.len();
    }
    let code = &code[start..];
    if code.contains(&format!("def {entry_point}(")) { code } else { "" }
}

/// The code of an answer: the first fenced block of Markdown, or all of it.
fn fenced(answer: &str) -> &str {
    let Some((_, behind)) = answer.split_once("```") else { return answer };
    // The language stands behind the fence.
    let Some((_, code)) = behind.split_once('\n') else { return answer };
    code.split_once("```").map_or(code, |(code, _)| code)
}

/// Counts what became of everything.
#[must_use]
pub fn summary(checked: &[Checked]) -> Summary {
    let mut endings = BTreeMap::new();
    checked.iter().flat_map(|c| &c.programs).for_each(|tried| *endings.entry(tried.ending).or_insert(0) += 1);
    let at = |k: u32| -> Option<f64> {
        let each = checked.iter().map(|c| pass_at_k(c.programs_tried, c.programs_passed, k));
        let values = each.collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty())?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    };
    Summary {
        problems: checked.len(),
        programs: checked.iter().map(|c| c.programs_tried).sum(),
        passed: checked.iter().map(|c| c.programs_passed).sum(),
        pass_at: [1, 5, 10, 100].into_iter().filter_map(|k| Some((k, at(k)?))).collect(),
        endings,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use domain::sample::{Message, Speaker};

    fn problem() -> Problem {
        Problem {
            task_id: "x/0".to_owned(),
            prompt: "import math\n\ndef one(a):\n    \"\"\"One.\"\"\"\n".to_owned(),
            entry_point: "one".to_owned(),
            test: "def check(f):\n    assert f(0) == 1".to_owned(),
            canonical_solution: String::new(),
        }
    }

    #[test]
    fn an_answer_goes_on_with_the_prompt_or_brings_the_function() {
        let end = "\n\ndef check(f):\n    assert f(0) == 1\n\ncheck(one)\n";
        let program = problem().program("    return 1");
        assert_eq!(program, format!("{}    return 1{end}", problem().prompt));
        let whole = "Here it is:\n```python\ndef one(a):\n    return 1\n```\nDone.";
        assert_eq!(problem().program(whole), format!("import math\n\n\ndef one(a):\n    return 1\n{end}"));
    }

    fn sample(prompt: &str, tests: &str, entry_point: Option<&str>) -> Sample {
        let messages = vec![Message::new(Speaker::User, prompt), Message::new(Speaker::Assistant, tests)];
        let slices = entry_point.map(|name| (ENTRY_POINT.to_owned(), name.to_owned())).into_iter().collect();
        Sample { messages, slices, ..Sample::default() }
    }

    #[test]
    fn a_sample_poses_a_problem() {
        let prompt = "\n\ndef one(a):\n    \"\"\"One.\"\"\"\n";
        let check = "def check(f):\n    assert f(0) == 1";
        let program = |prompt: &str, tests: &str, entry: Option<&str>, answer: &str| {
            Problem::of_sample(0, &sample(prompt, tests, entry)).unwrap().program(answer)
        };
        // HumanEval: the field names the function, or the tests do.
        let begun = prompt.trim_start();
        let whole = format!("{begun}    return 1\n\n{check}\n\ncheck(one)\n");
        assert_eq!(program(prompt, check, Some("one"), "    return 1"), whole);
        let calls = format!("{check}\n\ncheck(one)");
        assert_eq!(program(prompt, &calls, None, "    return 1"), whole);
        // What stands around the code of a prompt is no program.
        let words = format!("Complete this, please:\n{begun}");
        assert_eq!(program(&words, check, Some("one"), "    return 1"), whole);
        let fence = format!("Complete this:\n```python\n{begun}```\nThank you.");
        assert_eq!(program(&fence, check, Some("one"), "    return 1"), whole);
        let own = "```python\ndef one(a):\n    return 1\n```";
        assert_eq!(
            program(&words, check, Some("one"), own),
            format!("\ndef one(a):\n    return 1\n\n\n{check}\n\ncheck(one)\n")
        );
        // MBPP: words ask, and the tests hold by themselves.
        let asserts = "assert one(0) == 1\nassert one(5) == 1";
        let answer = "def one(a):\n    return 1";
        assert_eq!(program("Write a function one.", asserts, None, answer), format!("{answer}\n\n{asserts}\n"));
        assert_eq!(
            program("Write a function one.", check, Some("one"), answer),
            format!("{answer}\n\n{check}\n\ncheck(one)\n")
        );
    }

    #[test]
    fn tests_that_check_no_function_are_refused() {
        let of = |tests: &str, entry: Option<&str>| Problem::of_sample(4, &sample("Write one.", tests, entry));
        let check = "def check(f):\n    assert f(0) == 1";
        for entry in [None, Some("")] {
            let refused = of(check, entry).unwrap_err().to_string();
            assert!(refused.starts_with("sample 5 (\"Write one.\"): its tests define check"), "{refused}");
        }
        assert!(of(check, Some("one")).is_ok() && of(&format!("{check}\n\ncheck(one)"), None).is_ok());
        let alone = of("def check():\n    assert one(0) == 1", None).unwrap();
        assert!(alone.program("def one(a):\n    return 1").ends_with("\ncheck()\n"));
    }

    #[test]
    fn answers_find_their_problem() {
        let answer = |task_id: Option<&str>, index| Answer {
            task_id: task_id.map(str::to_owned),
            index,
            completion: "c".to_owned(),
        };
        let found = sorted(&[problem()], vec![answer(Some("x/0"), None), answer(None, Some(0))]).unwrap();
        assert_eq!(found, [["c", "c"]]);
        assert!(matches!(sorted(&[problem()], vec![answer(None, Some(1))]), Err(CheckError::UnknownProblem { .. })));
        let line: Answer = serde_json::from_str(r#"{"index":3,"output":"o","scores":{}}"#).unwrap();
        assert_eq!((line.index, line.completion.as_str()), (Some(3), "o"));
    }

    #[test]
    fn pass_at_k_needs_k_programs_of_every_problem() {
        let checked = |passed: &[bool]| Checked {
            index: 0,
            task_id: String::new(),
            output: String::new(),
            programs_tried: passed.len() as u32,
            programs_passed: passed.iter().filter(|p| **p).count() as u32,
            programs: passed
                .iter()
                .map(|p| Tried {
                    ending: if *p { Ending::Passed } else { Ending::Failed },
                    detail: String::new(),
                    seconds: 0.0,
                })
                .collect(),
        };
        let found = summary(&[checked(&[true, false, false, false, false]), checked(&[false; 5])]);
        assert_eq!(found.pass_at.keys().collect::<Vec<_>>(), [&1, &5]);
        assert!((found.pass_at[&1] - 0.1).abs() < 1e-12 && (found.pass_at[&5] - 0.5).abs() < 1e-12);
        assert_eq!(found.endings, BTreeMap::from([(Ending::Passed, 1), (Ending::Failed, 9)]));
        assert_eq!(summary(&[]).pass_at, BTreeMap::new());
    }
}
