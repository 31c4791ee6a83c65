//! What runs answered to the same few validation prompts, side by side: one run's at several steps, or the last ones of
//! several runs.

use super::journal;
use crate::StoreError;
use dataprep::diff::pieces;
use domain::{
    id::{ProjectId, RunId},
    run::{Answered, Answers, Preview},
};
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;

/// The steps at which the run answered, in order, at most 10,000.
pub async fn answered_steps(db: &PgPool, run: RunId) -> Result<Vec<u32>, StoreError> {
    let steps: Vec<i32> =
        sqlx::query_scalar("select distinct step from previews where run_id = $1 order by step limit 10000")
            .bind(run.0)
            .fetch_all(db)
            .await?;
    Ok(steps.into_iter().map(i32::cast_unsigned).collect())
}

/// What the run answered at these steps, a row for each prompt. An answer is compared with the one at the step before in
/// `steps`, the first ones with those at `before`.
pub async fn answers_over_time(
    db: &PgPool,
    run: RunId,
    before: Option<u32>,
    steps: &[u32],
) -> Result<Vec<Answers>, StoreError> {
    let wanted: Vec<i32> = before.iter().chain(steps).map(|s| s.cast_signed()).collect();
    let found = sqlx::query(
        "select step, index, prompt, expected, output from previews where run_id = $1 and step = any($2) order by index, step",
    )
    .bind(run.0)
    .bind(wanted)
    .fetch_all(db)
    .await?;
    let found = found.iter().map(journal::preview).collect::<Result<Vec<_>, _>>()?;
    let mut by_index: BTreeMap<u32, Vec<Preview>> = BTreeMap::new();
    for preview in found {
        by_index.entry(preview.index).or_default().push(preview);
    }
    Ok(by_index.into_values().filter_map(|previews| over_time(&previews, steps)).collect())
}

/// The row of one prompt. `previews` rise in step and may begin with the one before `steps`.
fn over_time(previews: &[Preview], steps: &[u32]) -> Option<Answers> {
    let cell = |step: &u32| {
        let at = previews.iter().position(|p| p.step == *step)?;
        Some(answered(at.checked_sub(1).map(|earlier| previews[earlier].output.as_str()), &previews[at]))
    };
    let last = previews.last()?;
    let (prompt, expected) = (last.prompt.clone(), last.expected.clone());
    Some(Answers { prompt, expected, answers: steps.iter().map(cell).collect() })
}

fn answered(compared_with: Option<&str>, preview: &Preview) -> Answered {
    Answered {
        step: preview.step,
        pieces: pieces(compared_with.unwrap_or(&preview.output), &preview.output),
        is_right: preview.output.trim() == preview.expected.trim(),
        is_same: compared_with.is_some_and(|text| text == preview.output),
    }
}

/// What each of these runs of the project answered last, a row for each prompt that any of them was given, a cell for each
/// run in their order. Answers are compared with the first run's.
pub async fn last_answers(db: &PgPool, project: ProjectId, runs: &[RunId]) -> Result<Vec<Answers>, StoreError> {
    let ids: Vec<_> = runs.iter().map(|r| r.0).collect();
    let found = sqlx::query(
        "select r.id, p.step, p.index, p.prompt, p.expected, p.output from runs r \
         cross join lateral (select max(step) as step from previews where run_id = r.id) m \
         join previews p on p.run_id = r.id and p.step = m.step \
         where r.project_id = $1 and r.id = any($2) order by array_position($2, r.id), p.index",
    )
    .bind(project.0)
    .bind(ids)
    .fetch_all(db)
    .await?;
    let mut rows: Vec<(String, String, BTreeMap<RunId, Preview>)> = Vec::new();
    for row in &found {
        let (run, preview) = (RunId(row.try_get("id")?), journal::preview(row)?);
        match rows.iter_mut().find(|(prompt, expected, _)| {
            (prompt.as_str(), expected.as_str()) == (&*preview.prompt, &*preview.expected)
        }) {
            Some((.., cells)) => drop(cells.insert(run, preview)),
            None => rows.push((preview.prompt.clone(), preview.expected.clone(), BTreeMap::from([(run, preview)]))),
        }
    }
    let row = |(prompt, expected, cells): (String, String, BTreeMap<RunId, Preview>)| {
        let first = runs.first().and_then(|run| Some((*run, cells.get(run)?.output.as_str())));
        let cell = |run: &RunId| {
            let other = first.filter(|(id, _)| id != run).map(|(_, output)| output);
            cells.get(run).map(|preview| answered(other, preview))
        };
        let answers = runs.iter().map(cell).collect();
        Answers { prompt, expected, answers }
    };
    Ok(rows.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::{evals::tests::place, points::insert_previews};
    use domain::diff::PieceKind;

    fn preview(step: u32, index: u32, output: &str) -> Preview {
        Preview { step, index, prompt: format!("p{index}"), expected: "good day".into(), output: output.into() }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_answer_is_compared_with_the_step_before(db: PgPool) {
        let p = place(db).await;
        let all = [preview(0, 0, "bad"), preview(5, 0, "good"), preview(10, 0, "good day"), preview(10, 1, "good day")];
        insert_previews(&mut p.db.acquire().await.unwrap(), p.run, &all).await.unwrap();
        assert_eq!(answered_steps(&p.db, p.run).await.unwrap(), [0, 5, 10]);
        let rows = answers_over_time(&p.db, p.run, Some(0), &[5, 10]).await.unwrap();
        assert_eq!((rows.len(), rows[0].prompt.as_str()), (2, "p0"));
        let cells: Vec<_> = rows[0].answers.iter().flatten().collect();
        let kinds = |i: usize| cells[i].pieces.iter().map(|piece| piece.kind).collect::<Vec<_>>();
        assert_eq!((kinds(0), cells[0].is_right), (vec![PieceKind::Removed, PieceKind::Added], false));
        assert_eq!((kinds(1), cells[1].is_right), (vec![PieceKind::Same, PieceKind::Added], true));
        assert!(rows[1].answers[0].is_none() && rows[1].answers[1].is_some());
        let last = last_answers(&p.db, p.project, &[p.run]).await.unwrap();
        assert_eq!(last.len(), 2);
        assert!(last[0].answers[0].as_ref().is_some_and(|a| a.step == 10 && !a.is_same));
        assert!(last_answers(&p.db, ProjectId::new(), &[p.run]).await.unwrap().is_empty());
    }
}
