//! The authorization endpoint (RFC 6749 §4.1, OpenID Connect Core §3.1.2) without its HTTP.
//!
//! [`AuthorizationRequest::parse`] checks a request as far as it goes by itself; [`evaluate`] says what comes next for
//! this client and this person now; [`approve`] evaluates again in the transaction that issues the code, so that
//! nothing that changed since the person looked goes unnoticed.

mod approve;
mod claims;
mod error;
mod evaluate;
mod parameters;
pub(crate) mod pkce;
mod prompt;
mod redirect;
mod request;
mod target;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use approve::{Approval, CodeSeed, Consented, approve, deny};
pub use error::{AuthorizeError, PageFault, RedirectFault, RequestFault};
pub use evaluate::{Arrival, ConsentAsk, Evaluation, Granted, LoginAsk, destination, evaluate, refused};
pub use prompt::{Prompt, Prompts};
pub use redirect::RedirectUrl;
pub(crate) use redirect::registered;
pub use request::{AuthorizationRequest, MAX_REQUEST, ParsedRequest};

/// How long a request waits for its person: long enough to find a password, too short to be forgotten in a tab.
pub const MAX_WAIT: Duration = Duration::from_secs(3600);
