//! Counts and examples of what each step does, while it does it.

use super::{Group, Item};
use domain::{
    sample::{Sample, Split},
    steps::{Cluster, DataRecipe, Example, Reason, StepReport, StepsReport},
};

/// Examples of a step.
const EXAMPLES: usize = 20;
/// Groups of copies of a step.
const CLUSTERS: usize = 50;
/// Positions listed of a group.
const MEMBERS: usize = 20;
/// Characters of a text in an example; longer texts are cut.
const SHOWN_CHARS: usize = 2000;

pub(super) struct Reporter {
    report: StepsReport,
}

impl Reporter {
    pub(super) fn new(recipe: &DataRecipe) -> Self {
        let steps = recipe.steps.iter().map(|s| StepReport { kind: s.kind(), ..StepReport::default() }).collect();
        Self { report: StepsReport { steps, ..StepsReport::default() } }
    }

    fn step(&mut self, number: u16) -> &mut StepReport {
        &mut self.report.steps[usize::from(number) - 1]
    }

    pub(super) fn before(&mut self, samples: u64) {
        self.report.before = samples;
    }

    pub(super) fn sees(&mut self, step: u16) {
        self.step(step).seen += 1;
    }

    pub(super) fn rewrites(&mut self, step: u16, item: &Item, reason: &Reason, after: &Sample) {
        self.step(step).changed += 1;
        self.example(step, item, reason, Some(after));
    }

    pub(super) fn removes(&mut self, step: u16, item: &Item, reason: &Reason) {
        self.step(step).removed += 1;
        self.example(step, item, reason, None);
    }

    pub(super) fn repeats(&mut self, step: u16, item: &Item, reason: &Reason, copies: u32) {
        self.step(step).added += u64::from(copies);
        self.example(step, item, reason, Some(&item.sample));
    }

    pub(super) fn notes(&mut self, step: u16, item: &Item, reason: &Reason) {
        self.example(step, item, reason, Some(&item.sample));
    }

    pub(super) fn adds(&mut self, step: u16, item: &Item, reason: &Reason, copy: &Sample) {
        self.step(step).added += 1;
        self.example(step, item, reason, Some(copy));
    }

    fn example(&mut self, step: u16, item: &Item, reason: &Reason, after: Option<&Sample>) {
        let step = self.step(step);
        for (what, n) in reason.findings() {
            *step.found.entry(what).or_default() += n;
        }
        let examples = &mut step.examples;
        // The test split is sealed: a preview counts its samples and shows none.
        if examples.len() < EXAMPLES && item.split != Split::Test {
            examples.push(Example {
                position: item.position,
                split: item.split,
                reason: reason.clone(),
                before: shortened(&item.sample),
                after: after.map(shortened),
            });
        }
    }

    /// The largest groups. Their texts are known when those that stay have come through ([`Reporter::stays`]).
    pub(super) fn clusters(&mut self, step: u16, mut groups: Vec<Group>) {
        groups.sort_by(|a, b| b.others.len().cmp(&a.others.len()).then(a.kept.cmp(&b.kept)));
        groups.truncate(CLUSTERS);
        let cluster = |mut group: Group| {
            let size = group.others.len() as u32 + 1;
            group.others.truncate(MEMBERS);
            let because = Some(group.because);
            Cluster { kept: group.kept, because, others: group.others, size, text: String::new() }
        };
        self.step(step).clusters = groups.into_iter().map(cluster).collect();
    }

    pub(super) fn stays(&mut self, item: &Item) {
        self.report.after += 1;
        self.report.changed += u64::from(item.is_rewritten() && !item.is_copy);
        for step in &mut self.report.steps {
            for cluster in step.clusters.iter_mut().filter(|c| c.kept == item.position && c.text.is_empty()) {
                if item.split != Split::Test {
                    cluster.text = crate::split::prompt_text(&item.sample).chars().take(300).collect();
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> StepsReport {
        self.report.removed = self.report.steps.iter().map(|s| s.removed).sum();
        self.report
    }
}

fn shortened(sample: &Sample) -> Sample {
    let cut = |text: &str| match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    let mut shown = sample.clone();
    for message in &mut shown.messages {
        message.content = cut(&message.content);
    }
    shown.rejected = shown.rejected.map(|text| cut(&text));
    shown.choices = shown.choices.iter().map(|text| cut(text)).collect();
    shown
}
