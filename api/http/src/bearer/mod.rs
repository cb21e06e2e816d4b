//! Callers that present an access token (RFC 6750).

mod call;
mod error;
mod presented;

#[cfg(test)]
mod tests;

pub use call::{Accepts, Bearer, BearerCall, ScimCall};
pub use error::BearerError;
