//! Scopes: what they are, which a client holds, which it gets.
//!
//! Scopes stay an ordered list from end to end: relying parties read a meaning from the order (WLCG groups).

mod grant;
mod list;
mod matcher;
mod path;
pub mod system;

pub use grant::{Offered, ScopeRefused, offer};
pub use list::{MAX_SCOPE_LEN, MAX_SCOPES, Scope, ScopeFault, ScopeList};
pub use matcher::{Held, canonical};

pub(crate) use path::ScopePath;
