//! Sessions of browsers: somebody proved who they are, and for a while need not again.
//!
//! A session is found by the hash of its token. It ends when it is idle, when it is old, when it is ended, and when
//! anything ends for its person: a suspension, a deletion, another password.

mod end;
mod list;
mod live;
mod record;
mod start;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use end::{EndedBy, NoSuchSession, end, end_all_access, end_by_id};
pub use list::{SessionId, list};
pub use live::{LiveSession, NoSession, live, touch, touch_is_due};
pub use record::{Amr, Session, Sessions, SessionsByUser, SessionsOfUser};
pub use start::{MAX_SESSIONS, SessionSeed};

pub(crate) use end::purge;
pub(crate) use start::start;

/// How often the use of a session is written down, in ms: rarely enough that browsing is no write load.
pub const TOUCH_EVERY_MS: u64 = 5 * 60 * 1000;
