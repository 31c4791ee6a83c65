//! Dividing samples by a rule that looks at all of them: amounts, the same mix in every split, what belongs together.
//!
//! Only small facts of each sample are held, not its text.

mod groups;
mod report;

pub use groups::Groups;
pub(crate) use groups::{common_limit, prompt_text, text_key};
pub use report::ReportBuilder;

use crate::{hash::content_hash, similar};
use domain::{
    sample::{Sample, Split},
    split::{SplitRule, SplitRuleError, Stratify},
};
use std::collections::BTreeMap;
use time::{
    Date, OffsetDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

/// What a rule needs to know of a sample.
#[derive(Clone, Debug)]
struct Facts {
    split: Split,
    label: Option<u32>,
    characters: u32,
    /// Decides the order in which samples of one kind are dealt out: content and seed alone.
    order: u64,
    time: f64,
}

/// Gathers the facts of a version's samples in the order of their positions, then divides them.
pub struct Divider {
    rule: SplitRule,
    facts: Vec<Facts>,
    labels: BTreeMap<String, u32>,
    groups: Groups,
    problem: Option<SplitRuleError>,
}

/// What became of a sample: its new split, or left out since it belongs together with a kept test sample.
pub type Assigned = Option<Split>;

impl Divider {
    pub fn new(rule: SplitRule) -> Result<Self, SplitRuleError> {
        rule.check()?;
        let groups = Groups::new(rule.group.clone());
        Ok(Self { rule, facts: Vec::new(), labels: BTreeMap::new(), groups, problem: None })
    }

    /// Takes the next sample with its present split.
    pub fn add(&mut self, sample: &Sample, split: Split) {
        let position = self.facts.len() as u32;
        let next = self.labels.len() as u32;
        let label = sample.label.as_ref().map(|label| *self.labels.entry(label.clone()).or_insert(next));
        let hash = content_hash(sample);
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        let time = match self.time(sample, position) {
            Ok(time) => time,
            Err(problem) => {
                self.note(problem);
                0.0
            }
        };
        if let Err(problem) = self.groups.add(sample, &hash, position) {
            self.note(problem);
        }
        self.facts.push(Facts {
            split,
            label,
            characters: sample.messages.iter().map(|m| m.content.chars().count()).sum::<usize>() as u32,
            order: similar::hash([self.rule.seed, u64::from_le_bytes(first)]),
            time,
        });
    }

    /// Keeps the first problem; of missing fields also how many there are.
    fn note(&mut self, problem: SplitRuleError) {
        match (&mut self.problem, problem) {
            (Some(SplitRuleError::FieldMissing { samples, .. }), SplitRuleError::FieldMissing { .. }) => *samples += 1,
            (Some(_), _) => {}
            (none, problem) => *none = Some(problem),
        }
    }

    fn time(&self, sample: &Sample, position: u32) -> Result<f64, SplitRuleError> {
        let Some(field) = &self.rule.time_field else { return Ok(0.0) };
        let Some(value) = sample.slices.get(field) else {
            return Err(SplitRuleError::FieldMissing { field: field.clone(), samples: 1, first: position });
        };
        seconds(value.trim()).ok_or_else(|| SplitRuleError::NoTime {
            field: field.clone(),
            value: value.clone(),
            position,
        })
    }

    /// The new split of every sample in the order they came, and how many groups have more than one sample.
    pub fn finish(self) -> Result<(Vec<Assigned>, u64), SplitRuleError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let group_of = self.groups.finish();
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (position, group) in group_of.iter().enumerate() {
            groups.entry(*group).or_default().push(position as u32);
        }
        let several = groups.values().filter(|members| members.len() > 1).count() as u64;
        let mut assigned = vec![None; self.facts.len()];
        let mut free = Vec::new();
        for members in groups.into_values() {
            let is_test = |m: &u32| self.facts[*m as usize].split == Split::Test;
            if self.rule.keep_test && members.iter().any(is_test) {
                // The others of such a group would give the test away, and must not change it either.
                for m in members.iter().filter(|m| is_test(m)) {
                    assigned[*m as usize] = Some(Split::Test);
                }
            } else {
                free.push(members);
            }
        }
        let samples: u64 = free.iter().map(|members| members.len() as u64).sum();
        let quotas = self.rule.quotas(samples)?;
        let plan = Dealer { rule: &self.rule, facts: &self.facts, quotas };
        for (split, members) in plan.deal(free) {
            for m in members {
                assigned[m as usize] = Some(split);
            }
        }
        Ok((assigned, several))
    }
}

/// Deals groups out to the splits.
struct Dealer<'a> {
    rule: &'a SplitRule,
    facts: &'a [Facts],
    quotas: [u64; 3],
}

impl Dealer<'_> {
    fn deal(&self, groups: Vec<Vec<u32>>) -> Vec<(Split, Vec<u32>)> {
        if self.rule.time_field.is_some() { self.by_time(groups) } else { self.by_stratum(groups) }
    }

    /// Oldest first into train, then validation, then test. A group is as old as its newest sample.
    fn by_time(&self, mut groups: Vec<Vec<u32>>) -> Vec<(Split, Vec<u32>)> {
        let newest = |g: &Vec<u32>| g.iter().map(|m| self.facts[*m as usize].time).fold(f64::MIN, f64::max);
        groups.sort_by(|a, b| newest(a).total_cmp(&newest(b)).then_with(|| self.order(a).cmp(&self.order(b))));
        let mut taken = 0;
        let into_split = |group: Vec<u32>| {
            // The middle of the group decides, so that a large one does not shift the border by its size.
            let middle = taken + group.len() as u64 / 2;
            taken += group.len() as u64;
            let split = if middle < self.quotas[0] {
                Split::Train
            } else if middle < self.quotas[0] + self.quotas[1] {
                Split::Validation
            } else {
                Split::Test
            };
            (split, group)
        };
        groups.into_iter().map(into_split).collect()
    }

    /// The largest groups first, each to the split that lacks most of its kinds of samples; single samples, which are
    /// most, then fill what is missing exactly. After Sechidis, Tsoumakas & Vlahavas, "On the stratification of
    /// multi-label data" (ECML 2011), with groups in the place of multi-labelled samples.
    fn by_stratum(&self, mut groups: Vec<Vec<u32>>) -> Vec<(Split, Vec<u32>)> {
        let stratum_of = self.strata();
        let mut sizes: BTreeMap<u32, u64> = BTreeMap::new();
        for m in groups.iter().flatten() {
            *sizes.entry(stratum_of[*m as usize]).or_default() += 1;
        }
        let mut missing = self.missing(&sizes);
        groups.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| self.order(a).cmp(&self.order(b))));
        groups
            .into_iter()
            .map(|group| {
                let split = self.neediest(&group, &stratum_of, &missing);
                for m in &group {
                    if let Some(row) = missing.get_mut(&stratum_of[*m as usize]) {
                        row[split as usize] -= 1;
                    }
                }
                (split, group)
            })
            .collect()
    }

    /// How many samples of each stratum each split should get: the quotas shared out so that both the strata and the
    /// splits add up.
    fn missing(&self, sizes: &BTreeMap<u32, u64>) -> BTreeMap<u32, [i64; 3]> {
        let mut rest = self.quotas;
        let mut left: u64 = sizes.values().sum();
        sizes
            .iter()
            .map(|(stratum, n)| {
                // What is left of the quotas, not the whole, so that rounding evens out from stratum to stratum.
                let shares = rest.map(|q| q as f64);
                let row = if *n == left { rest } else { domain::split::largest_remainders(shares, *n) };
                let row: [u64; 3] = std::array::from_fn(|i| row[i].min(rest[i]));
                for (q, n) in rest.iter_mut().zip(row) {
                    *q -= n;
                }
                left -= n;
                (*stratum, row.map(u64::cast_signed))
            })
            .collect()
    }

    fn neediest(&self, group: &[u32], stratum_of: &[u32], missing: &BTreeMap<u32, [i64; 3]>) -> Split {
        let need = |split: Split| -> i64 {
            group.iter().filter_map(|m| missing.get(&stratum_of[*m as usize])).map(|row| row[split as usize]).sum()
        };
        let usable = |split: &Split| self.quotas[*split as usize] > 0;
        let best = Split::ALL.into_iter().filter(usable).max_by_key(|split| (need(*split), std::cmp::Reverse(*split)));
        best.unwrap_or(Split::Train)
    }

    /// Number of each sample's stratum.
    fn strata(&self) -> Vec<u32> {
        let quarters = self.length_quarters();
        let by = |what| self.rule.stratify.contains(&what);
        let (by_label, by_length) = (by(Stratify::Label), by(Stratify::Length));
        let stratum = |f: &Facts| {
            let label = if by_label { f.label.map_or(0, |label| label + 1) } else { 0 };
            let quarter =
                if by_length { quarters.iter().filter(|edge| f.characters > **edge).count() as u32 } else { 0 };
            label * 4 + quarter
        };
        self.facts.iter().map(stratum).collect()
    }

    fn length_quarters(&self) -> [u32; 3] {
        let mut lengths: Vec<u32> = self.facts.iter().map(|f| f.characters).collect();
        lengths.sort_unstable();
        [1, 2, 3].map(|i| lengths.get(lengths.len() * i / 4).copied().unwrap_or_default())
    }

    /// A group's place among groups of its size: by content and seed alone.
    fn order(&self, group: &[u32]) -> u64 {
        group.iter().map(|m| self.facts[*m as usize].order).min().unwrap_or_default()
    }
}

/// A time as a number that grows with it: seconds since 1970 of RFC 3339 and ISO 8601, days as their midnight, else the
/// number itself.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some(number);
    }
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(at.unix_timestamp_nanos() as f64 / 1e9);
    }
    let date_time = || time::PrimitiveDateTime::parse(&text.replace(' ', "T"), &Iso8601::DEFAULT).ok();
    let date = || Date::parse(&text.replace('/', "-"), &Iso8601::DATE).ok().map(|d| d.midnight());
    date_time().or_else(date).map(|at| at.assume_utc().unix_timestamp() as f64)
}

#[cfg(test)]
mod tests;
