//! Who writes texts for augmentation: an OpenAI-compatible endpoint, or a model of the project on this machine.

use crate::config::{Config, Endpoint};
use domain::{
    brief::brief_of,
    paraphrase::Paraphrase,
    sample::{Message, Speaker},
};
use serde::Deserialize;
use serde_json::json;
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

/// Longest answer, in tokens.
const ANSWER_TOKENS: u32 = 512;
/// Longest wait for an answer of an endpoint.
const WAIT: Duration = Duration::from_secs(120);
/// Tries of one question.
const TRIES: u32 = 4;
/// Longest part of a complaint that is passed on, in characters.
const DETAIL: usize = 300;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The endpoint cannot be reached or refuses. `detail` is what it said.
    #[error("{name} did not answer: {detail}")]
    Endpoint { name: String, detail: String },
    /// The model cannot be run.
    #[error("the model did not answer: {0}")]
    Model(String),
}

/// Something that answers questions.
pub enum Asked {
    Endpoint(Service),
    Model(Local),
}

impl Asked {
    /// Questions that are best asked at a time.
    #[must_use]
    pub fn at_a_time(&self) -> usize {
        match self {
            Self::Endpoint(_) => 4,
            Self::Model(_) => 1,
        }
    }

    /// The answers, in order.
    pub async fn answers(&mut self, questions: &[String]) -> Result<Vec<String>, WriterError> {
        match self {
            Self::Endpoint(service) => {
                let service = &*service;
                futures::future::try_join_all(questions.iter().map(|question| service.answer(question))).await
            }
            Self::Model(local) => {
                let mut answers = Vec::with_capacity(questions.len());
                for question in questions {
                    answers.push(local.answer(question).await?);
                }
                Ok(answers)
            }
        }
    }
}

/// An endpoint, asked over HTTP (OpenAI API reference, "Create chat completion").
pub struct Service {
    client: reqwest::Client,
    endpoint: Endpoint,
    temperature: f64,
    seed: u64,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
}

/// How one try ended.
enum Try {
    Answered(String),
    /// It may answer another time.
    Again(String),
    Refused(String),
}

impl Service {
    pub fn new(endpoint: &Endpoint, request: &Paraphrase) -> Result<Self, WriterError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("lathe/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(WAIT)
            // A key goes nowhere but where the administrator sent it.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| WriterError::Endpoint { name: endpoint.name.clone(), detail: e.to_string() })?;
        Ok(Self { client, endpoint: endpoint.clone(), temperature: request.temperature, seed: request.seed })
    }

    async fn answer(&self, question: &str) -> Result<String, WriterError> {
        let mut wait = Duration::from_millis(500);
        for attempt in 1.. {
            match self.ask(question).await {
                Try::Answered(text) => return Ok(text),
                Try::Again(_) if attempt < TRIES => {
                    tokio::time::sleep(wait).await;
                    wait *= 3;
                }
                Try::Again(detail) | Try::Refused(detail) => {
                    // Some services repeat what they were sent.
                    let key = self.endpoint.key.as_deref().filter(|key| !key.is_empty());
                    let detail = key.map_or(detail.clone(), |key| detail.replace(key, "…"));
                    return Err(WriterError::Endpoint {
                        name: self.endpoint.name.clone(),
                        detail: brief_of(&detail, DETAIL),
                    });
                }
            }
        }
        Ok(String::new())
    }

    async fn ask(&self, question: &str) -> Try {
        let Ok(url) = self.endpoint.url.join("chat/completions") else {
            return Try::Refused("its address cannot be used".to_owned());
        };
        let body = json!({
            "model": self.endpoint.model,
            "messages": [{ "role": "user", "content": question }],
            "temperature": self.temperature,
            "max_tokens": ANSWER_TOKENS,
            "seed": self.seed,
        });
        let mut request = self.client.post(url).json(&body);
        if let Some(key) = &self.endpoint.key {
            request = request.bearer_auth(key);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Try::Again(error.without_url().to_string()),
        };
        let status = answer.status();
        let text = match answer.text().await {
            Ok(text) => text,
            Err(error) => return Try::Again(error.without_url().to_string()),
        };
        if status.as_u16() == 429 || status.is_server_error() {
            return Try::Again(format!("{status} {text}"));
        }
        if !status.is_success() {
            return Try::Refused(format!("{status} {text}"));
        }
        match serde_json::from_str::<Completion>(&text) {
            Ok(completion) => {
                let said = completion.choices.into_iter().next().and_then(|choice| choice.message.content);
                Try::Answered(said.unwrap_or_default())
            }
            Err(error) => Try::Refused(format!("no chat completion: {error}")),
        }
    }
}

/// A trainer that holds a model and answers line by line. Dropped, it ends.
pub struct Local {
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Local {
    pub fn start(
        config: &Config,
        (model, adapter): (&Path, Option<&Path>),
        request: &Paraphrase,
    ) -> Result<Self, WriterError> {
        let failed = |error: std::io::Error| WriterError::Model(error.to_string());
        let mut command = crate::trainer::command(config);
        command.args(["generate", "--lines", "--max-new-tokens", &ANSWER_TOKENS.to_string(), "--top-p", "0.95"]);
        command.args(["--temperature", &request.temperature.to_string(), "--seed", &request.seed.to_string()]);
        command.arg("--model").arg(model);
        if let Some(adapter) = adapter {
            command.arg("--adapter").arg(adapter);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let (Some(questions), Some(out)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(WriterError::Model("it has no pipes".to_owned()));
        };
        Ok(Self { child, questions, answers: BufReader::new(out).lines() })
    }

    async fn answer(&mut self, question: &str) -> Result<String, WriterError> {
        match self.ask(question).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.last_words().await),
            Err(error) => Err(WriterError::Model(error.to_string())),
        }
    }

    async fn ask(&mut self, question: &str) -> std::io::Result<Option<String>> {
        let mut line = serde_json::to_vec(&[Message::new(Speaker::User, question)])?;
        line.push(b'\n');
        if self.questions.write_all(&line).await.is_err() {
            return Ok(None);
        }
        self.questions.flush().await?;
        let Some(line) = self.answers.next_line().await? else { return Ok(None) };
        Ok(Some(serde_json::from_str(&line)?))
    }

    /// What it said when it ended.
    async fn last_words(&mut self) -> WriterError {
        let mut said = String::new();
        if let Some(complaint) = self.child.stderr.take() {
            let mut complaint = complaint.take(1 << 16);
            let _ = tokio::time::timeout(Duration::from_secs(10), complaint.read_to_string(&mut said)).await;
        }
        WriterError::Model(brief_of(said.trim().trim_start_matches("error: "), DETAIL))
    }
}
