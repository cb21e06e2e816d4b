//! The domain: realms, keys, clients, scopes, tokens. Pure functions over a transaction or a view.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time is the cluster's ([`Read::now`]), randomness
//! comes in as an argument. The two exceptions are [`keys::generate`], which makes a key, and the blinding inside a
//! signature. A function that writes returns [`Decided`]: its inner result is the domain's answer, and
//! the [`Outcome`] around it says whether anything is to be written.
//!
//! [`Read::now`]: raft_store_core::Read::now

pub mod audience;
pub mod audit;
pub mod authorize;
pub mod client;
pub mod code;
pub mod consent;
pub mod continuation;
pub mod csrf;
pub mod discovery;
pub mod event;
#[doc(hidden)]
pub mod fuzz;
pub mod grant;
pub mod group;
pub mod ids;
pub mod keys;
pub mod link;
pub mod logout;
pub mod opaque;
pub mod password;
pub mod policy;
pub mod realm;
pub mod refresh;
pub mod refusal;
pub mod scope;
pub mod session;
pub mod signin;
pub mod tables;
pub mod text;
pub mod token;
pub mod user;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod testing;

use raft_store_core::{Abort, Outcome};

pub use event::{Actor, Who};
pub use ids::{ClientId, GroupId, InvalidId, Kid, RealmId, UserId};
pub use tables::{spared, sweepable, tables};

/// What a writing function answers.
pub type Decided<T, E> = Result<Outcome<Result<T, E>>, Abort>;

/// A refusal that writes nothing.
#[expect(clippy::unnecessary_wraps, reason = "the shape that every writing function returns")]
const fn refuse<T, E>(error: E) -> Decided<T, E> {
    Ok(Outcome::Answer(Err(error)))
}
