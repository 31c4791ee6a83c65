//! Groups a project's bad cases that are work still: by the embeddings of a model that has scored their samples, else by their
//! words, with the labels that were taken for each other. The clusters are kept, and get names that people may change.

use crate::jobs::{JobContext, JobError};
use dataprep::words::each_word;
use domain::{
    badcase::{
        cluster::clusters,
        distinctive::{name, words},
        feature::{centred, text_vectors, tokens, with_labels},
    },
    id::{BadCaseId, DatasetId, SampleId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::badcases::clusters::{Item, NewCluster, embeddings, items, replace};
use utoipa::ToSchema;

/// Kind of this job in the queue.
pub const KIND: &str = "cluster_bad_cases";
/// Words of a prompt that are looked at.
const MAX_WORDS: usize = 1000;
/// Telling words that are kept of a cluster.
const TOP_WORDS: usize = 8;

/// What is asked for.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ClusterBadCases {
    /// The cases of this dataset alone; of the whole project when absent.
    #[serde(default)]
    pub dataset_id: Option<DatasetId>,
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct Clustered {
    clusters: usize,
    cases: usize,
    /// Whether embeddings of a model were used.
    embedded: bool,
}

/// The handler.
pub async fn cluster_bad_cases(context: JobContext, request: ClusterBadCases) -> Result<Clustered, JobError> {
    let (db, project) = (&context.db, context.project);
    context.progress("reading", 0, 0).await?;
    let items = items(db, project, request.dataset_id).await?;
    let samples: Vec<SampleId> = items.iter().map(|item| item.sample).collect();
    let vectors = if items.is_empty() { None } else { embeddings(db, project, &samples).await? };
    let (cases, embedded) = (items.len(), vectors.is_some());
    context.progress("clustering", 0, 0).await?;
    let found = tokio::task::spawn_blocking(move || grouped(&items, vectors)).await.map_err(JobError::internal)?;
    context.check()?;
    replace(db, project, request.dataset_id, &found).await?;
    Ok(Clustered { clusters: found.len(), cases, embedded })
}

/// The clusters of these cases, largest first.
fn grouped(items: &[Item], embeddings: Option<Vec<Vec<f32>>>) -> Vec<NewCluster> {
    let prompts: Vec<&str> = items.iter().map(|item| gist(&item.prompt)).collect();
    let texts: Vec<Vec<String>> = prompts.iter().map(|prompt| words_of(prompt)).collect();
    let vectors = match embeddings {
        Some(embeddings) => centred(embeddings),
        None => {
            let all: Vec<_> = texts.iter().zip(&prompts).map(|(words, prompt)| tokens(words, prompt)).collect();
            text_vectors(&all)
        }
    };
    let labels: Vec<_> = items.iter().map(|item| item.labels.clone()).collect();
    let of = clusters(&with_labels(vectors, &labels));
    let count = of.iter().flatten().max().map_or(0, |n| n + 1);
    let telling = words(&texts, &of, count, TOP_WORDS);
    let cluster = |(number, words): (usize, Vec<String>)| {
        let members: Vec<&Item> = items.iter().zip(&of).filter(|(_, g)| **g == Some(number)).map(|(i, _)| i).collect();
        let cases: Vec<BadCaseId> = members.iter().map(|item| item.id).collect();
        NewCluster { name: name(&words, confusion(&members), number + 1), words, cases }
    };
    telling.into_iter().enumerate().map(cluster).collect()
}

/// What was expected and said instead in most of these cases.
fn confusion<'a>(members: &[&'a Item]) -> Option<&'a (String, String)> {
    let mut counts: BTreeMap<&(String, String), usize> = BTreeMap::new();
    for labels in members.iter().filter_map(|item| item.labels.as_ref()) {
        *counts.entry(labels).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, n)| *n).map(|(labels, _)| labels)
}

fn words_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_word(text, |word| {
        if found.len() < MAX_WORDS {
            found.push(word.to_owned());
        }
    });
    found
}

/// The last paragraph of a prompt: instructions before it are the same in every case.
fn gist(prompt: &str) -> &str {
    let prompt = prompt.trim();
    prompt.rsplit("\n\n").next().unwrap_or(prompt).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(prompt: &str) -> Item {
        let prompt = format!("Answer politely.\n\n{prompt}");
        Item { id: BadCaseId::new(), sample: SampleId(1), prompt, labels: None }
    }

    #[test]
    fn cases_about_the_same_are_grouped_and_named() {
        let prompts = [
            "my parcel has not arrived yet",
            "my parcel has not arrived, where is it",
            "申请退款一直没有处理",
            "the parcel has not arrived",
            "申请退款为什么没有处理",
            "hello",
        ];
        let items: Vec<Item> = prompts.iter().map(|p| item(p)).collect();
        let found = grouped(&items, None);
        let of = |places: &[usize]| places.iter().map(|i| items[*i].id).collect::<Vec<_>>();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((&found[0].cases, &found[1].cases), (&of(&[0, 1, 3]), &of(&[2, 4])));
        assert!(
            found[0].words.iter().any(|w| w == "parcel") && found[1].words.iter().any(|w| w == "退款"),
            "{found:?}"
        );
        assert!(grouped(&[], None).is_empty());
    }

    #[test]
    fn embeddings_are_used_where_there_are_some() {
        let items: Vec<Item> = ["a", "b", "c", "d"].iter().map(|p| item(p)).collect();
        let embeddings = vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![1.0, 0.1], vec![0.1, 1.0]];
        let found = grouped(&items, Some(embeddings));
        let first: Vec<_> = found.iter().map(|c| c.cases.as_slice()).collect();
        assert_eq!(first, [[items[0].id, items[2].id], [items[1].id, items[3].id]]);
        assert_eq!(found[0].name, "#1", "nothing tells it from the other in words");
    }
}
