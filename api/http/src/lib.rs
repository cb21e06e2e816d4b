//! What everything that answers by HTTP shares: the request's context, who calls, errors, limits, the server.
//!
//! A protocol declares [`Routes`], each with a [`Requirement`] that turns a request into what its handler takes;
//! [`edge::wrap`] puts limits, headers, log and metrics around them; [`server::serve`] answers connections.

pub mod answers;
pub mod bearer;
pub mod body;
pub mod call;
pub mod context;
pub mod cookie;
pub mod credentials;
pub mod edge;
pub mod error;
pub mod form;
pub mod forwarded;
mod guarded;
pub mod idempotency;
pub mod incoming;
mod leftover;
pub mod limits;
pub mod load;
pub mod media;
pub mod metrics;
pub mod object;
pub mod page;
pub mod passwords;
pub mod route;
pub mod server;
pub mod services;

#[cfg(test)]
mod testing;

pub use answers::Answers;
pub use bearer::{Accepts, Bearer, BearerCall, BearerError, ScimCall};
pub use call::{ClientCall, PublicCall, TokenCall};
pub use context::{Peer, RequestContext};
pub use credentials::Credentials;
pub use error::{Code, OAuthError, Problem, Refused, ScimError, ScimType, Shape, Unavailable};
pub use form::Form;
pub use forwarded::{ForwardedHeader, Proxies};
pub use incoming::{BodyError, Incoming, Rejection};
pub use load::{Load, LoadLimits, LoadMetrics};
pub use metrics::{HashOutcome, Metrics, SignInOutcome, TokenOutcome};
pub use object::Object;
pub use page::{ErrorPage, OwnFormCall, PageCall, PageFault, PageRenderer, ParametersCall, error_page};
pub use passwords::{PasswordPool, PoolError};
pub use route::{Requirement, Requires, Route, Routes};
pub use services::{Random, Services, SystemRandom};
