//! How people get in and look after themselves: the set-up link and invitations, signing in and
//! out, name and password, signed-in browsers, API tokens.
//!
//! The first person comes by the set-up link that the server prints; everybody else by an
//! invitation from a project's owner. There is no open registration. Failed guesses are counted
//! per account and per address (`store::throttle`), and an unknown address is answered like a
//! wrong password, after the same work.

pub mod api;
mod invitation;
mod profile;
mod sessions;
mod sign_in;
mod text;
mod tokens;

pub use invitation::InvitationPage;
pub use profile::AccountPage;
pub use sign_in::SignInPage;
