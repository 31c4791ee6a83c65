//! Who writes texts for augmentation, and who judges answers: an OpenAI-compatible endpoint, or a model of the project on this
//! machine.

use crate::config::{Config, Endpoint};
use domain::{
    brief::brief_of,
    paraphrase::Paraphrase,
    sample::{Message, Speaker},
};
use serde::Deserialize;
use serde_json::json;
use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

/// Longest answer, in tokens, where nobody asks for another.
const ANSWER_TOKENS: u32 = 512;
/// Longest answer of an endpoint, in bytes, with all that it says besides the text.
const ANSWER_BYTES: usize = 4 << 20;
/// How much of what a process complains of is kept, in bytes.
const COMPLAINT_BYTES: usize = 1 << 16;
/// Lines at the end of a complaint that are passed on where none says that it is the error.
const LAST_LINES: usize = 5;
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
    /// The endpoint refuses this question, such as one that is too long, and may answer others.
    #[error("{name} refuses the question: {detail}")]
    Refused { name: String, detail: String },
    /// The model cannot be run.
    #[error("the model did not answer: {0}")]
    Model(String),
}

/// How something is to answer.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub temperature: f64,
    pub seed: u64,
    /// Longest answer, in tokens.
    pub max_tokens: u32,
}

impl From<&Paraphrase> for Manner {
    fn from(request: &Paraphrase) -> Self {
        Self { temperature: request.temperature, seed: request.seed, max_tokens: ANSWER_TOKENS }
    }
}

/// An answer, and what it took as far as the one who answered says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    pub text: String,
    /// Of the try that was answered; 0 from a model on this machine.
    pub latency_ms: f64,
    pub prompt_tokens: Option<u32>,
    pub answer_tokens: Option<u32>,
    /// Whether it was at its greatest length before it was at its end, as far as an endpoint says so.
    pub is_cut: bool,
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
                let answers = questions.iter().map(|question| service.answer(question, service.manner.seed));
                let replies = futures::future::try_join_all(answers).await?;
                Ok(replies.into_iter().map(|reply| reply.text).collect())
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

    /// An answer to each question, in order, or why there is none: what one of them failed of keeps no other from its answer.
    /// Each question has a seed, which an endpoint is given; a local model draws anew for each question by itself.
    pub async fn each(&mut self, questions: &[(String, u64)]) -> Vec<Result<Reply, WriterError>> {
        match self {
            Self::Endpoint(service) => {
                let service = &*service;
                futures::future::join_all(questions.iter().map(|(question, seed)| service.answer(question, *seed)))
                    .await
            }
            Self::Model(local) => {
                let mut replies = Vec::with_capacity(questions.len());
                for (question, _) in questions {
                    let reply = local.answer(question).await.map(|text| Reply { text, ..Reply::default() });
                    let has_ended = reply.is_err();
                    replies.push(reply);
                    if has_ended {
                        break;
                    }
                }
                replies
            }
        }
    }
}

/// An endpoint, asked over HTTP (OpenAI API reference, "Create chat completion").
pub struct Service {
    client: reqwest::Client,
    endpoint: Endpoint,
    manner: Manner,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    /// Not every service says it, or says it alike.
    #[serde(default)]
    usage: serde_json::Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    content: Option<String>,
}

/// How one try ended.
enum Try {
    Answered(Reply),
    /// It may answer another time.
    Again(String),
    Refused(String),
    /// This question is refused: as a bad request, as too large, or as not to be worked on.
    Unwanted(String),
}

impl Service {
    pub fn new(endpoint: &Endpoint, manner: impl Into<Manner>) -> Result<Self, WriterError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("lathe/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(WAIT)
            // A key goes nowhere but where the administrator sent it.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| WriterError::Endpoint { name: endpoint.name.clone(), detail: e.to_string() })?;
        Ok(Self { client, endpoint: endpoint.clone(), manner: manner.into() })
    }

    async fn answer(&self, question: &str, seed: u64) -> Result<Reply, WriterError> {
        self.reply(&[Message::new(Speaker::User, question)], Manner { seed, ..self.manner }).await
    }

    /// The next turn of a conversation, and what it took.
    pub async fn reply(&self, messages: &[Message], manner: Manner) -> Result<Reply, WriterError> {
        let mut wait = Duration::from_millis(500);
        for attempt in 1.. {
            match self.ask(messages, manner).await {
                Try::Answered(reply) => return Ok(reply),
                Try::Again(_) if attempt < TRIES => {
                    tokio::time::sleep(wait).await;
                    wait *= 3;
                }
                Try::Again(detail) | Try::Refused(detail) => {
                    return Err(WriterError::Endpoint { name: self.endpoint.name.clone(), detail: self.said(&detail) });
                }
                Try::Unwanted(detail) => {
                    return Err(WriterError::Refused { name: self.endpoint.name.clone(), detail: self.said(&detail) });
                }
            }
        }
        Ok(Reply::default())
    }

    /// What it said, in short. Some services repeat what they were sent.
    fn said(&self, detail: &str) -> String {
        let key = self.endpoint.key.as_deref().filter(|key| !key.is_empty());
        let detail = key.map_or_else(|| detail.to_owned(), |key| detail.replace(key, "…"));
        brief_of(&detail, DETAIL)
    }

    async fn ask(&self, messages: &[Message], manner: Manner) -> Try {
        let Ok(url) = self.endpoint.url.join("chat/completions") else {
            return Try::Refused("its address cannot be used".to_owned());
        };
        let body = json!({
            "model": self.endpoint.model,
            "messages": messages.iter().map(|m| json!({ "role": m.role, "content": m.content })).collect::<Vec<_>>(),
            "temperature": manner.temperature,
            "max_tokens": manner.max_tokens,
            "seed": manner.seed,
        });
        let mut request = self.client.post(url).json(&body);
        if let Some(key) = &self.endpoint.key {
            request = request.bearer_auth(key);
        }
        let began = Instant::now();
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Try::Again(error.without_url().to_string()),
        };
        let status = answer.status();
        let text = match text_of(answer).await {
            Ok(text) => text,
            Err(ended) => return ended,
        };
        if matches!(status.as_u16(), 408 | 429) || status.is_server_error() {
            return Try::Again(format!("{status} {text}"));
        }
        if matches!(status.as_u16(), 400 | 413 | 422) {
            return Try::Unwanted(format!("{status} {text}"));
        }
        if !status.is_success() {
            return Try::Refused(format!("{status} {text}"));
        }
        match serde_json::from_str::<Completion>(&text) {
            Ok(completion) => {
                let choice = completion.choices.into_iter().next();
                let is_cut = choice.as_ref().is_some_and(|choice| choice.finish_reason.as_deref() == Some("length"));
                let said = choice.and_then(|choice| choice.message.content);
                let tokens = |name: &str| completion.usage[name].as_u64().and_then(|count| u32::try_from(count).ok());
                Try::Answered(Reply {
                    text: said.unwrap_or_default(),
                    latency_ms: began.elapsed().as_secs_f64() * 1000.0,
                    prompt_tokens: tokens("prompt_tokens"),
                    answer_tokens: tokens("completion_tokens"),
                    is_cut,
                })
            }
            Err(error) => Try::Refused(format!("no chat completion: {error}")),
        }
    }
}

/// The text of an answer, which is given up where it goes on for too long.
async fn text_of(mut answer: reqwest::Response) -> Result<String, Try> {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > ANSWER_BYTES => {
                return Err(Try::Refused(format!("its answer is longer than {} MiB", ANSWER_BYTES >> 20)));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => return Err(Try::Again(error.without_url().to_string())),
        }
    }
}

/// A trainer that holds a model and answers line by line. Dropped, it ends.
pub struct Local {
    /// Kills the process when dropped.
    _child: Child,
    complaint: Option<JoinHandle<String>>,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Local {
    pub fn start(
        config: &Config,
        (model, adapter): (&Path, Option<&Path>),
        manner: impl Into<Manner>,
    ) -> Result<Self, WriterError> {
        let Manner { temperature, seed, max_tokens } = manner.into();
        let mut command = crate::trainer::command(config);
        command.args(["generate", "--lines", "--max-new-tokens", &max_tokens.to_string(), "--top-p", "0.95"]);
        command.args(["--temperature", &temperature.to_string(), "--seed", &seed.to_string()]);
        command.arg("--model").arg(model);
        if let Some(adapter) = adapter {
            command.arg("--adapter").arg(adapter);
        }
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Self, WriterError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| WriterError::Model(error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(questions), Some(out), Some(complaint)) = pipes else {
            return Err(WriterError::Model("it has no pipes".to_owned()));
        };
        // Read all the time: a process that complains into a full pipe stands still.
        let complaint = Some(tokio::spawn(end_of(complaint)));
        Ok(Self { _child: child, complaint, questions, answers: BufReader::new(out).lines() })
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
        let said = match self.complaint.take() {
            Some(complaint) => tokio::time::timeout(Duration::from_secs(10), complaint).await,
            None => return WriterError::Model("it ended".to_owned()),
        };
        // Whoever still speaks after it closed its answers is not waited for.
        let said = said.ok().and_then(Result::ok).unwrap_or_default();
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let error = lines.iter().rposition(|line| line.starts_with("error: "));
        let last = lines[error.unwrap_or(lines.len().saturating_sub(LAST_LINES))..].join("\n");
        WriterError::Model(brief_of(last.trim().trim_start_matches("error: "), DETAIL))
    }
}

/// Reads a stream to its end, of which the last [`COMPLAINT_BYTES`] are kept.
async fn end_of(mut stream: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut chunk) = (Vec::new(), vec![0; 8 << 10]);
    while let Ok(n @ 1..) = stream.read(&mut chunk).await {
        kept.extend_from_slice(&chunk[..n]);
        kept.drain(..kept.len().saturating_sub(COMPLAINT_BYTES));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use axum::{Router, body::Body, routing::post};

    #[tokio::test]
    async fn an_answer_without_end_is_given_up() {
        async fn endless() -> Body {
            let chunk = || Ok::<_, std::io::Error>(axum::body::Bytes::from_static(&[b' '; 65_536]));
            Body::from_stream(futures::stream::repeat_with(chunk))
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let router = Router::new().route("/chat/completions", post(endless));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let endpoint = Endpoint { name: "house".to_owned(), url, model: "m".to_owned(), key: None, key_variable: None };
        let request = json!({ "writer": { "kind": "endpoint", "name": "house" }, "samples": 1 });
        let request: Paraphrase = serde_json::from_value(request).unwrap();
        let service = Service::new(&endpoint, &request).unwrap();
        let error = service.answer("?", 0).await.unwrap_err().to_string();
        assert_eq!(error, "house did not answer: its answer is longer than 4 MiB");
    }

    #[tokio::test]
    async fn a_refused_question_is_told_from_an_endpoint_that_does_not_answer() {
        use axum::{Json, http::StatusCode};
        async fn house(Json(asked): Json<serde_json::Value>) -> (StatusCode, Json<serde_json::Value>) {
            match asked["messages"][0]["content"].as_str().unwrap() {
                "long" => (StatusCode::BAD_REQUEST, Json(json!({ "error": "too long" }))),
                "cut" => {
                    let choice = json!({ "message": { "content": "so" }, "finish_reason": "length" });
                    (StatusCode::OK, Json(json!({ "choices": [choice] })))
                }
                _ => (StatusCode::UNAUTHORIZED, Json(json!({ "error": "no" }))),
            }
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let router = Router::new().route("/chat/completions", post(house));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let endpoint = Endpoint { name: "house".to_owned(), url, model: "m".to_owned(), key: None, key_variable: None };
        let service = Service::new(&endpoint, Manner { temperature: 0.0, seed: 0, max_tokens: 8 }).unwrap();
        assert!(matches!(service.answer("long", 0).await, Err(WriterError::Refused { .. })));
        assert!(service.answer("cut", 0).await.unwrap().is_cut);
        assert!(matches!(service.answer("?", 0).await, Err(WriterError::Endpoint { .. })));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_model_that_complains_at_length_goes_on_and_its_last_words_are_heard() {
        let mut command = Command::new("sh");
        let script = "head -c 300000 /dev/zero | tr '\\0' x >&2; read line; echo '\"fine\"'; \
            echo >&2; echo 'error: out of memory' >&2; echo 'at layer 3' >&2; exit 1";
        command.args(["-c", script]);
        let mut local = Local::spawn(command).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(30), local.answer("?")).await.unwrap();
        assert_eq!(answer.unwrap(), "fine");
        let error = local.answer("?").await.unwrap_err().to_string();
        assert_eq!(error, "the model did not answer: out of memory\u{240a}at layer 3");
    }
}
