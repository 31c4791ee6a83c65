//! Addresses of annotation and bad cases.

use domain::id::{BadCaseId, ItemId, ProjectId, TaskId};

/// The annotation tasks of a project.
#[must_use]
pub fn annotation(p: ProjectId) -> String {
    format!("/p/{p}/annotation")
}

/// One annotation task.
#[must_use]
pub fn annotation_task(p: ProjectId, t: TaskId) -> String {
    format!("/p/{p}/annotation/{t}")
}

/// Deciding where judgements differ.
#[must_use]
pub fn annotation_adjudicate(p: ProjectId, t: TaskId) -> String {
    format!("{}/adjudicate", annotation_task(p, t))
}

/// Reviewing judgements.
#[must_use]
pub fn annotation_review(p: ProjectId, t: TaskId) -> String {
    format!("{}/review", annotation_task(p, t))
}

/// What the reader has decided as a reviewer.
#[must_use]
pub fn annotation_reviewed(p: ProjectId, t: TaskId) -> String {
    format!("{}/reviewed", annotation_task(p, t))
}

/// The annotator's screen.
#[must_use]
pub fn annotation_work(p: ProjectId, t: TaskId) -> String {
    format!("{}/work", annotation_task(p, t))
}

/// Groups of members, to whom annotation is given.
#[must_use]
pub fn annotation_groups(p: ProjectId) -> String {
    format!("/p/{p}/annotation/groups")
}

/// The batches of an annotation task.
#[must_use]
pub fn annotation_batches(p: ProjectId, t: TaskId) -> String {
    format!("{}/batches", annotation_task(p, t))
}

/// A new annotation task.
#[must_use]
pub fn new_annotation(p: ProjectId) -> String {
    format!("/p/{p}/annotation/new")
}

/// How far the people of a task agree.
#[must_use]
pub fn annotation_agreement(p: ProjectId, t: TaskId) -> String {
    format!("/p/{p}/annotation/{t}/agreement")
}

/// What the people of a task go by.
#[must_use]
pub fn annotation_guideline(p: ProjectId, t: TaskId) -> String {
    format!("/p/{p}/annotation/{t}/guideline")
}

/// The items of a task.
#[must_use]
pub fn annotation_items(p: ProjectId, t: TaskId) -> String {
    format!("/p/{p}/annotation/{t}/items")
}

/// One item with all that was said of it.
#[must_use]
pub fn annotation_item(p: ProjectId, t: TaskId, i: ItemId) -> String {
    format!("/p/{p}/annotation/{t}/items/{i}")
}

/// Taking the labels of a task out: the next version, or a file.
#[must_use]
pub fn annotation_labels(p: ProjectId, t: TaskId) -> String {
    format!("/p/{p}/annotation/{t}/labels")
}

#[must_use]
pub fn bad_cases(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases")
}

#[must_use]
pub fn bad_case(p: ProjectId, b: BadCaseId) -> String {
    format!("/p/{p}/bad-cases/{b}")
}

/// Writing a bad case down by hand.
#[must_use]
pub fn new_bad_case(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases/new")
}

/// The project's own causes of bad cases.
#[must_use]
pub fn causes(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases/causes")
}

/// Bad cases that belong together.
#[must_use]
pub fn clusters(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases/clusters")
}

/// How the bad cases develop.
#[must_use]
pub fn trends(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases/trends")
}

/// What every later model must get right.
#[must_use]
pub fn regressions(p: ProjectId) -> String {
    format!("/p/{p}/bad-cases/regressions")
}
