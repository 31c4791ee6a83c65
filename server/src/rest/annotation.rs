//! Annotation: tasks, their batches and guidelines, the work on their items, and gold items.

pub mod batches;
pub mod gold;
pub mod guidelines;
pub mod tasks;
pub mod work;

use crate::{rest::Problem, state::AppState};
use domain::{
    annotation::{MAX_GUIDELINE_CHARS, MAX_TITLE_CHARS, design::Design, distribution::Distribution},
    id::{ProjectId, TaskId},
};
use store::{PgPool, annotation::tasks as stored};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<AppState> {
    tasks::routes().merge(batches::routes()).merge(guidelines::routes()).merge(work::routes()).merge(gold::routes())
}

/// Fails where the project has no such task.
async fn find(db: &PgPool, project: ProjectId, task: TaskId) -> Result<(), Problem> {
    if stored::exists(db, project, task).await? { Ok(()) } else { Err(Problem::not_found()) }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let is_good = (1..=MAX_TITLE_CHARS).contains(&name.trim().chars().count());
    if is_good { Ok(()) } else { Err(Problem::invalid("name", format!("use 1 to {MAX_TITLE_CHARS} characters"))) }
}

fn check_guideline(text: &str) -> Result<(), Problem> {
    let is_good = text.chars().count() <= MAX_GUIDELINE_CHARS;
    if is_good {
        Ok(())
    } else {
        Err(Problem::invalid("text", format!("use at most {MAX_GUIDELINE_CHARS} characters")))
    }
}

/// Names the first of several problems in full, and all of them as fields.
fn all_of(field: &str, problems: impl IntoIterator<Item = impl std::fmt::Display>) -> Result<(), Problem> {
    let mut problems = problems.into_iter();
    let Some(first) = problems.next() else { return Ok(()) };
    Err(problems.fold(Problem::invalid(field, first), |found, problem| found.and(field, problem)))
}

fn check_design(design: &Design) -> Result<(), Problem> {
    all_of("design", design.problems())
}

fn check_distribution(distribution: &Distribution) -> Result<(), Problem> {
    all_of("distribution", distribution.problems())
}
