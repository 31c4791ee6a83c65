//! Bad cases: every prediction of a tuned model that failed is a candidate; people and scripts add others. People confirm them,
//! name the cause, correct the answer, talk about them; corrections become the next version of the dataset, from which the next
//! run starts, and later runs show whether it helped. This closes the loop.

mod add;
mod api;
mod bulk;
mod causes;
mod choices;
mod clusters;
mod detail;
mod evidence;
mod filters;
mod judge;
mod list;
mod new;
mod regressions;
mod talk;
pub mod text;
mod trends;

pub use causes::CausesPage;
pub use clusters::ClustersPage;
pub use detail::BadCasePage;
pub use list::BadCaseListPage;
pub use new::NewBadCasePage;
pub use regressions::RegressionsPage;
pub use trends::TrendsPage;
