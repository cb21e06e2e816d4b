//! People and groups as JSON lines: one record a line, its `kind` first.
//!
//! A record is what the administration API takes, under ids or names: a `group` by its full name, a `user`, a
//! `membership` and a `manager` by both their names. Passwords are never written, and taken where they stand.

mod export;
mod import;
mod line;
mod progress;
mod strict;
mod tally;

pub(crate) use export::{Broken, export};
pub(crate) use import::{AT_ONCE, Import};
pub(crate) use line::{Kind, Line, read};
pub(crate) use progress::Progress;
pub(crate) use tally::Tally;
