//! The subcommands of `trainer`, one file each.

pub(crate) mod convert;
pub(crate) mod inspect;
