//! Holding a judge against what people said of the same answers.

use super::{Asked, JudgingError, asked, people, rulings};
use crate::{StoreError, error::to_json};
use domain::{
    annotation::{
        answer::{Answer, Better},
        design::QuestionKind,
    },
    id::{EvalId, JudgingId, ProjectId, SampleId, UserId},
    judge::{
        Mode,
        calibration::{Agreement, Labels, measured},
        results::by_sample,
        view::{JudgingProblem, NewCalibration},
    },
};
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Measures how far a judging agrees with the labels of a task, and keeps that with the judge's version.
pub async fn calibrate(
    db: &PgPool,
    project: ProjectId,
    judging: JudgingId,
    new: &NewCalibration,
    by: UserId,
) -> Result<Agreement, JudgingError> {
    let about = asked(db, project, judging).await?.ok_or(JudgingProblem::NoVersion)?;
    let task = people::task(db, project, new.task_id).await?.ok_or(JudgingProblem::Task)?;
    check(&about, &task, new)?;
    let said = people::said(db, new.task_id, &task, &new.question).await?;
    let judged = judged(db, judging, &about, &new.criterion).await?;
    let labels = labels(&about, &said, &judged);
    if labels.judged.is_empty() {
        return Err(JudgingProblem::NoLabels.into());
    }
    let is_scale = about.spec.mode == Mode::Rubric;
    // Thousands of labels are resampled a thousand times.
    let agreement = tokio::task::spawn_blocking(move || measured(&labels, is_scale)).await;
    let agreement = agreement.map_err(|e| StoreError::Corrupt(e.to_string()))?;
    sqlx::query(
        "insert into judge_calibrations (id, project_id, judge_version_id, judging_id, task_id, question, criterion, agreement, created_by, \
         identity, asked_model) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(Uuid::now_v7())
    .bind(project.0)
    .bind(about.version.0)
    .bind(judging.0)
    .bind(new.task_id.0)
    .bind(&new.question)
    .bind(&new.criterion)
    .bind(to_json(&agreement)?)
    .bind(by.0)
    .bind(&about.identity)
    .bind(&about.model)
    .execute(db)
    .await?;
    Ok(agreement)
}

/// That the task asks of the same answers what the judge was asked.
fn check(about: &Asked, task: &people::Task, new: &NewCalibration) -> Result<(), JudgingProblem> {
    let question = task.question(&new.question).ok_or(JudgingProblem::Question)?;
    match about.spec.mode {
        Mode::Rubric => {
            if about.first.is_none_or(|first| task.evals != [first]) {
                return Err(JudgingProblem::Task);
            }
            let criterion = about.spec.criteria.iter().find(|c| c.name == new.criterion);
            let criterion = criterion.ok_or(JudgingProblem::Criterion)?;
            match question.kind {
                QuestionKind::Rating { min, max, .. } if (min, max) == (criterion.min, criterion.max) => Ok(()),
                _ => Err(JudgingProblem::Question),
            }
        }
        Mode::Pairwise => {
            let both = [about.first, about.second];
            if !both.iter().all(|id| id.is_some_and(|id| task.evals.contains(&id))) {
                return Err(JudgingProblem::Task);
            }
            if !new.criterion.is_empty() {
                return Err(JudgingProblem::Criterion);
            }
            let is_preference = matches!(question.kind, QuestionKind::Preference { .. });
            if is_preference { Ok(()) } else { Err(JudgingProblem::Question) }
        }
    }
}

/// The judge's category of each sample: of a scale the mean of all repeats, rounded.
async fn judged(
    db: &PgPool,
    judging: JudgingId,
    about: &Asked,
    criterion: &str,
) -> Result<BTreeMap<SampleId, f64>, StoreError> {
    let figures = by_sample(&rulings::given(db, judging).await?);
    let places = rulings::places(db, judging).await?;
    let category = |place: u32| {
        let figures = figures.get(&place)?;
        match about.spec.mode {
            Mode::Rubric => Some(figures.score(criterion)?.round()),
            Mode::Pairwise => Some(side(figures.headline(&about.spec)?)),
        }
    };
    Ok(places.into_iter().filter_map(|(sample, place)| Some((sample, category(place)?))).collect())
}

/// Who wins by the points of the first: 0 the first, 1 nobody, 2 the second.
fn side(points: f64) -> f64 {
    if points > 0.5 {
        0.0
    } else if points < 0.5 {
        2.0
    } else {
        1.0
    }
}

fn labels(about: &Asked, said: &[people::Said], judged: &BTreeMap<SampleId, f64>) -> Labels {
    let mut labels = Labels::default();
    for item in said {
        let Some(judge) = judged.get(&item.sample) else { continue };
        let category = |answer: &Answer| category(answer, &item.evals, about.first.zip(about.second));
        if let Some(people) = item.agreed.as_ref().and_then(category) {
            labels.judged.push((*judge, people));
        }
        let each: Vec<f64> = item.answers.iter().filter_map(category).collect();
        if each.len() > 1 {
            labels.people.push(each);
        }
    }
    labels
}

/// A person's answer as the judge's category: a number of the scale, or a side, turned where the item showed the evaluations
/// the other way round. `None` where it compares other evaluations.
fn category(answer: &Answer, shown: &[EvalId], compared: Option<(EvalId, EvalId)>) -> Option<f64> {
    match answer {
        Answer::Rating { value } => Some(f64::from(*value)),
        Answer::Preference { value } => {
            let (first, second) = compared?;
            let is_turned = match shown {
                [a, b] if (*a, *b) == (first, second) => false,
                [a, b] if (*a, *b) == (second, first) => true,
                _ => return None,
            };
            Some(match (value, is_turned) {
                (Better::Tie, _) => 1.0,
                (Better::First, false) | (Better::Second, true) => 0.0,
                (Better::First, true) | (Better::Second, false) => 2.0,
            })
        }
        _ => None,
    }
}
