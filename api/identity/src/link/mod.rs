//! One-time links: whoever holds one may set a person's password, once, within an hour.

mod create;
mod record;
mod redeem;

#[cfg(test)]
mod tests;

pub use create::{CreateLinkError, LinkMade, MAX_LIFETIME, create};
pub use record::{LinkKind, OneTimeLink, OneTimeLinks};
pub use redeem::{LiveLink, NoLink, look, redeem};
