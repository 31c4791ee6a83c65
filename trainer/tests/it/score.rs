//! `trainer score` against plain computation on a tiny model: likelihoods, embeddings, lines without a score, batches.

use crate::support;
use candle_core::{D, Device, Tensor};
use domain::event::{Event, Phase};
use domain::sample::{Message, Sample, Speaker};
use domain::score::{LineResult, Score, ScoreProblem, ScoredLine};
use std::path::Path;
use std::process::Command;
use trainer::data::masking::Encoder;
use trainer::model::decoder::Decoder;
use trainer::model::weights;

const CPU: Device = Device::Cpu;

/// Samples of very different lengths.
fn samples() -> Vec<Sample> {
    let mut samples = support::samples(30);
    for (i, sample) in samples.iter_mut().enumerate() {
        sample.messages[0].content.push_str(&"x".repeat(i * i % 90));
    }
    let turns = [(Speaker::System, "be kind"), (Speaker::User, "a"), (Speaker::Assistant, "b"), (Speaker::User, "c")];
    let mut long: Vec<Message> = turns.into_iter().map(|(role, text)| Message::new(role, text)).collect();
    long.push(Message::new(Speaker::Assistant, "the last answer alone"));
    samples[3].messages = long;
    samples
}

fn score(folder: &Path, file: &Path, more: &[&str]) -> (Vec<ScoredLine>, Vec<Event>) {
    let out = folder.join("scores.jsonl");
    let command = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["score".as_ref(), folder.join("model").as_os_str(), file.as_os_str(), "--out".as_ref(), out.as_os_str()])
        .args(["--threads", "1", "--events", "-"])
        .args(more)
        .output()
        .unwrap();
    assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
    let lines = std::fs::read_to_string(out).unwrap();
    let events = String::from_utf8(command.stdout).unwrap();
    let events = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 3, "nothing else is left");
    (lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), events)
}

fn scored(line: &ScoredLine) -> &Score {
    match &line.result {
        LineResult::Scored(score) => score,
        LineResult::Unscored { problem } => panic!("line {}: {problem}", line.line),
    }
}

#[test]
fn scores_are_those_of_each_sample_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (model, file) = (folder.path().join("model"), folder.path().join("samples.jsonl"));
    support::write_model(&model).unwrap();
    let samples = samples();
    support::write_samples(&file, &samples).unwrap();
    let (lines, events) = score(folder.path(), &file, &["--embed", "--batch-tokens", "150"]);
    assert_eq!(lines.iter().map(|l| l.line).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    let last = events.last().unwrap();
    assert!(matches!(last, Event::Phase { phase: Phase::Scoring, done: 30, total: 30, .. }), "{last:?}");

    let mut base = weights::open(&model, &CPU).unwrap();
    let decoder = Decoder::new(base.config.clone(), &mut base.weights).unwrap();
    let encoder = Encoder {
        template: &base.template,
        tokenizer: &base.tokenizer,
        end_tokens: &base.config.eos_token_ids,
        max_length: usize::MAX,
        mask_prompt: true,
    };
    for (line, sample) in lines.iter().zip(&samples) {
        let got = scored(line);
        let encoded = encoder.encode_last_answer(&sample.messages).unwrap().unwrap();
        let ids = Tensor::new(encoded.ids.as_slice(), &CPU).unwrap().unsqueeze(0).unwrap();
        let hidden = decoder.forward(&ids, None).unwrap();
        let logits = decoder.logits(&hidden).unwrap();
        let log_p: Vec<Vec<f32>> = candle_nn::ops::log_softmax(&logits, D::Minus1).unwrap().to_vec2().unwrap();
        let losses: Vec<f64> =
            (1..encoded.ids.len()).map(|i| -f64::from(log_p[i - 1][encoded.ids[i] as usize])).collect();
        let of_answer: Vec<f64> =
            losses.iter().zip(&encoded.carries_loss[1..]).filter(|(_, is)| **is).map(|(x, _)| *x).collect();
        for (what, got, want) in [("answer", got.answer, &of_answer), ("all", got.all, &losses)] {
            let mean = want.iter().sum::<f64>() / want.len() as f64;
            assert_eq!(got.tokens as usize, want.len(), "line {}: {what}", line.line);
            assert!((got.negative_log_likelihood - mean).abs() < 1e-4, "line {}: {what} {got:?} {mean}", line.line);
            assert!((got.perplexity / mean.exp() - 1.0).abs() < 1e-3, "line {}: {what}", line.line);
        }
        let mean: Vec<f32> = hidden.mean(0).unwrap().to_vec1().unwrap();
        let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
        let embedding = got.embedding.as_ref().unwrap();
        assert!(embedding.iter().zip(&mean).all(|(a, b)| (a - b / length).abs() < 1e-4), "line {}", line.line);
    }
    assert_eq!(scored(&lines[3]).answer.tokens, 22, "21 bytes and the end of the turn");

    let (again, _) = score(folder.path(), &file, &[]);
    assert!(again.iter().all(|line| scored(line).embedding.is_none()));
    let near =
        |(a, b): (&ScoredLine, &ScoredLine)| (scored(a).all.perplexity / scored(b).all.perplexity - 1.0).abs() < 1e-4;
    assert!(lines.iter().zip(&again).all(near), "batches do not matter");
}

#[test]
fn a_line_without_a_score_says_why_and_does_not_end_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("samples.jsonl");
    support::write_model(&folder.path().join("model")).unwrap();
    let good = serde_json::to_string(&support::samples(1)[0]).unwrap();
    let mut long = support::samples(1)[0].clone();
    long.messages[0].content = "y".repeat(300);
    let long = serde_json::to_string(&long).unwrap();
    let question = r#"{"messages":[{"role":"user","content":"a"}]}"#;
    std::fs::write(&file, format!("{good}\n\nnot json\n{question}\n{long}\n{{\"messages\":3}}\n{good}")).unwrap();
    let (lines, _) = score(folder.path(), &file, &[]);
    let said: Vec<(u64, Option<&ScoreProblem>)> = lines
        .iter()
        .map(|line| match &line.result {
            LineResult::Scored(_) => (line.line, None),
            LineResult::Unscored { problem } => (line.line, Some(problem)),
        })
        .collect();
    assert_eq!(said.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3, 4, 5, 6, 7]);
    assert!(matches!(said[1].1, Some(ScoreProblem::NotASample { .. })));
    assert_eq!(said[2].1, Some(&ScoreProblem::NoAnswer));
    assert_eq!(said[3].1, Some(&ScoreProblem::AnswerCut { limit: 256 }));
    assert!(matches!(said[4].1, Some(ScoreProblem::NotASample { .. })));
    assert_eq!((said[0].1, said[5].1), (None, None));

    // Of an answer that is cut, what is left is scored.
    let (cut, _) = score(folder.path(), &file, &["--max-length", "12"]);
    let (whole, part) = (scored(&lines[0]), scored(&cut[0]));
    assert_eq!((part.all.tokens, part.cut_tokens), (11, whole.all.tokens + 1 - 12));
}
