//! Projects: the list, the frame with its navigation, the overview, and the settings with members
//! and invitations.
//!
//! A project is a team's workspace. Whoever makes one owns it; others come in by an owner's
//! invitation, with a role that an owner can change. An archived project is out of sight, never
//! deleted.

pub mod api;
mod layout;
mod list;
mod members;
mod overview;
mod sample;
mod settings;
mod text;

pub use layout::ProjectLayout;
pub use list::ProjectListPage;
pub use overview::OverviewPage;
pub use settings::SettingsPage;
