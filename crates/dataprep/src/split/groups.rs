//! Which samples belong together and must not lie in two splits.

use crate::similar::{Join, Sets, hash, normal_form, pieces};
use domain::{
    sample::{Sample, Speaker},
    split::{Group, SplitRuleError},
};
use std::collections::HashMap;

/// Pieces in more than this share of the samples are an instruction before every text, not what a text says.
const COMMON_SHARE: f64 = 0.05;
/// Fewer samples than this never make a piece common.
const COMMON_LEAST: usize = 20;

/// Finds the groups of samples that come one by one. Exact duplicates are always together.
pub struct Groups {
    rule: Group,
    /// Of each sample, the first one with the same key.
    parents: Vec<u32>,
    first_by_content: HashMap<[u8; 16], u32>,
    first_by_key: HashMap<u64, u32>,
    /// Pieces of each sample's text, for near duplicates alone.
    pieces: Vec<Vec<u32>>,
}

impl Groups {
    #[must_use]
    pub fn new(rule: Group) -> Self {
        Self {
            rule,
            parents: Vec::new(),
            first_by_content: HashMap::new(),
            first_by_key: HashMap::new(),
            pieces: Vec::new(),
        }
    }

    /// Takes the sample at the next position.
    pub fn add(&mut self, sample: &Sample, content: &[u8; 32], position: u32) -> Result<(), SplitRuleError> {
        self.parents.push(position);
        let mut content_key = [0; 16];
        content_key.copy_from_slice(&content[..16]);
        let first = *self.first_by_content.entry(content_key).or_insert(position);
        self.join(first, position);
        let key = match &self.rule {
            Group::None => return Ok(()),
            Group::Prompt => text_key(&prompt_text(sample)),
            Group::Field { field } => match sample.slices.get(field) {
                Some(value) => Some(hash(value.bytes().map(u64::from))),
                None => {
                    let field = field.clone();
                    return Err(SplitRuleError::FieldMissing { field, samples: 1, first: position });
                }
            },
            Group::NearDuplicates { .. } => {
                let normal = normal_form(&prompt_text(sample));
                self.pieces.push(pieces(&normal));
                text_key(&normal)
            }
        };
        if let Some(key) = key {
            let first = *self.first_by_key.entry(key).or_insert(position);
            self.join(first, position);
        }
        Ok(())
    }

    /// The number of each sample's group: the position of its first sample.
    #[must_use]
    pub fn finish(mut self) -> Vec<u32> {
        if let Group::NearDuplicates { similarity } = self.rule {
            let common = common_limit(self.pieces.len());
            let sets = Sets::new(std::mem::take(&mut self.pieces), common);
            let mut join = Join::new(&sets, similarity);
            for i in 0..sets.len() {
                for (other, _) in join.similar(i) {
                    self.join(other as u32, i as u32);
                }
                if let Some(same) = join.add(i) {
                    self.join(same as u32, i as u32);
                }
            }
        }
        (0..self.parents.len() as u32).map(|i| self.root(i)).collect()
    }

    /// The first sample of the group, with paths halved on the way (Tarjan & van Leeuwen 1984).
    fn root(&mut self, mut i: u32) -> u32 {
        while self.parents[i as usize] != i {
            let above = self.parents[i as usize];
            self.parents[i as usize] = self.parents[above as usize];
            i = above;
        }
        i
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The earlier one stays the root, so that a group has the number of its first sample.
        self.parents[a.max(b) as usize] = a.min(b);
    }
}

/// In how many of `n` samples a piece may be before it says nothing.
pub(crate) fn common_limit(n: usize) -> usize {
    ((n as f64 * COMMON_SHARE) as usize).max(COMMON_LEAST)
}

/// What is asked: the user's turns, or the whole text where there is no question.
pub(crate) fn prompt_text(sample: &Sample) -> String {
    let turns = sample.prompt().iter().filter(|m| m.role != Speaker::System).map(|m| m.content.as_str());
    let prompt = turns.collect::<Vec<_>>().join("\n");
    if prompt.trim().is_empty() { sample.answer().unwrap_or_default().to_owned() } else { prompt }
}

/// A key of texts with the same normal form; `None` for texts without any word.
pub(crate) fn text_key(text: &str) -> Option<u64> {
    let normal = normal_form(text);
    (!normal.is_empty()).then(|| hash(normal.bytes().map(u64::from)))
}
