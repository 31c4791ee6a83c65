//! Annotation: tasks as a lead plans and watches them, and the screens of those who judge, review and adjudicate.

pub mod lead;
