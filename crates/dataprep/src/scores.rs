//! What a model says of samples, beside them: likelihoods in memory, embeddings in a temporary file, since those of a million
//! samples are larger than memory. It is what `trainer score` writes, by whatever numbers tell the samples.

use domain::{
    id::SampleId,
    score::{LineResult, Score, ScoredLine},
};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufWriter, Write},
    os::unix::fs::FileExt,
};

/// Scores of samples that one model has made.
pub struct Scores {
    /// The model, for reports.
    pub model: String,
    rows: HashMap<SampleId, u32>,
    losses: Vec<Losses>,
    /// Of an embedding; 0 without any.
    dimensions: usize,
    embeddings: File,
}

/// Means of −log p per token, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// Of the answer, given all before it.
    pub answer: f32,
    /// Of all tokens but the first.
    pub all: f32,
}

/// Scores being gathered.
pub struct ScoresBuilder {
    rows: HashMap<SampleId, u32>,
    losses: Vec<Losses>,
    dimensions: Option<usize>,
    embeddings: BufWriter<File>,
}

impl ScoresBuilder {
    /// Fails without a place for temporary files.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            rows: HashMap::new(),
            losses: Vec::new(),
            dimensions: None,
            embeddings: BufWriter::with_capacity(1 << 18, tempfile::tempfile()?),
        })
    }

    /// Takes a sample's score. Either all have embeddings of one length or none has.
    pub fn add(&mut self, id: SampleId, losses: Losses, embedding: &[f32]) -> io::Result<()> {
        if *self.dimensions.get_or_insert(embedding.len()) != embedding.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "embeddings of different models cannot be mixed"));
        }
        self.rows.insert(id, self.losses.len() as u32);
        self.losses.push(losses);
        embedding.iter().try_for_each(|x| self.embeddings.write_all(&x.to_le_bytes()))
    }

    /// Takes a score as the trainer writes it.
    pub fn add_score(&mut self, id: SampleId, score: &Score) -> io::Result<()> {
        let loss = |likelihood: &domain::score::Likelihood| likelihood.negative_log_likelihood as f32;
        let losses = Losses { answer: loss(&score.answer), all: loss(&score.all) };
        self.add(id, losses, score.embedding.as_deref().unwrap_or_default())
    }

    /// All were taken.
    pub fn finish(self, model: String) -> io::Result<Scores> {
        let embeddings = self.embeddings.into_inner().map_err(io::IntoInnerError::into_error)?;
        let dimensions = self.dimensions.unwrap_or_default();
        Ok(Scores { model, rows: self.rows, losses: self.losses, dimensions, embeddings })
    }
}

impl Scores {
    /// Reads what `trainer score` wrote. A sample's number is that of its line; lines without a score are left out.
    pub fn read_lines(file: impl BufRead, model: String) -> io::Result<Self> {
        let mut builder = ScoresBuilder::new()?;
        for (i, line) in file.lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let line: ScoredLine = serde_json::from_str(&line).map_err(|e| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {}: not a line of `trainer score`: {e}", i + 1),
                )
            })?;
            if let LineResult::Scored(score) = &line.result {
                builder.add_score(SampleId(line.line.cast_signed()), score)?;
            }
        }
        builder.finish(model)
    }

    /// How many samples have a score.
    #[must_use]
    pub fn len(&self) -> usize {
        self.losses.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// Numbers of an embedding; 0 without any.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The row of a sample, if it has a score.
    #[must_use]
    pub fn row(&self, id: SampleId) -> Option<u32> {
        self.rows.get(&id).copied()
    }

    /// How likely the model finds a sample, if it has a score.
    #[must_use]
    pub fn losses(&self, id: SampleId) -> Option<Losses> {
        self.row(id).map(|row| self.losses[row as usize])
    }

    /// The embeddings of rows, one after the other.
    pub fn embeddings(&self, rows: &[u32]) -> io::Result<Vec<f32>> {
        let bytes_each = self.dimensions * 4;
        let mut bytes = vec![0; bytes_each];
        let mut all = Vec::with_capacity(rows.len() * self.dimensions);
        for row in rows {
            self.embeddings.read_exact_at(&mut bytes, u64::from(*row) * bytes_each as u64)?;
            all.extend(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_the_trainer_writes_is_read() {
        let likelihood = |loss: f64| format!(r#"{{"tokens":2,"negative_log_likelihood":{loss},"perplexity":1.0}}"#);
        let scored = |line: u64, embedding: &str| {
            format!(
                r#"{{"line":{line},"result":"scored","answer":{},"all":{},"cut_tokens":0,"embedding":{embedding}}}"#,
                likelihood(1.5),
                likelihood(0.5)
            )
        };
        let bad = r#"{"line":2,"result":"unscored","problem":{"kind":"no_answer"}}"#;
        let file = format!("{}\n{bad}\n\n{}\n", scored(1, "[1.0,0.0]"), scored(4, "[0.0,-1.0]"));
        let scores = Scores::read_lines(file.as_bytes(), "tiny".to_owned()).unwrap();
        assert_eq!((scores.len(), scores.dimensions()), (2, 2));
        assert_eq!(scores.losses(SampleId(4)), Some(Losses { answer: 1.5, all: 0.5 }));
        assert_eq!(scores.losses(SampleId(2)), None);
        let rows = [scores.row(SampleId(4)).unwrap(), scores.row(SampleId(1)).unwrap()];
        assert_eq!(scores.embeddings(&rows).unwrap(), [0.0, -1.0, 1.0, 0.0]);

        let mixed = format!("{}\n{}\n", scored(1, "[1.0,0.0]"), scored(2, "[1.0]"));
        assert!(Scores::read_lines(mixed.as_bytes(), String::new()).is_err());
        let wrong = Scores::read_lines("{}".as_bytes(), String::new()).err().unwrap();
        assert!(wrong.to_string().starts_with("line 1"), "{wrong}");
    }
}
