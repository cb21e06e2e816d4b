//! Signing in with a password.
//!
//! [`begin()`] counts the attempt, or refuses it, before the password is looked at, so that guesses that come in
//! parallel and at all replicas are all counted; then the caller verifies the password against [`Attempt::hash`];
//! [`complete()`] begins the session. An attempt whose password could not be looked at, for want of room, is no guess:
//! [`withdraw`]. See `docs/adr/0012-attempts-count-before-passwords.md`.

mod begin;
mod complete;
mod counter;
mod counters;
mod device;
mod last_login;

#[cfg(test)]
mod golden_test;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod throttle_test;

pub use begin::{Attempt, Throttled, begin};
pub use complete::{NewSession, Proof, SignInRefused, SignedIn, complete};
pub use counter::{
    ACCOUNT_FREE, ACCOUNT_FRESH, DEVICE_FREE, LONGEST_DELAY_MS, PAIR_FREE, REMEMBERED_MS, SOURCE_FORGIVES_MS,
    SOURCE_FREE,
};
pub use counters::{LoginAttempt, LoginAttempts, withdraw};
pub use device::{DEVICE_REMEMBERED, DeviceToken};
pub use last_login::{LastLogin, LastLogins, last_login};

pub(crate) use counters::forgive;
pub(crate) use last_login::forget;
