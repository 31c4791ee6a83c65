//! Base models: what a run starts from. The list, the ways to register one, and the card that
//! shows what its files say. Registration is a background job, because files may be large and
//! far away; a model appears only when all of its files have been checked.

mod api;
mod detail;
mod list;
mod new;
pub mod text;

pub use detail::ModelPage;
pub use list::ModelListPage;
pub use new::NewModelPage;
