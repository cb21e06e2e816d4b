//! Who may come in while too many want to: places for connections, and a count of failed authentications.
//!
//! Nothing here reads or writes a byte. A [`Door`] counts connections by [`Source`] and says which one must go for
//! another; whoever holds the connection closes it. A [`Throttle`] counts wrong credentials by source.

mod door;
mod ledger;
mod metrics;
mod source;
mod throttle;

pub use door::{Caps, Door, Place, Refusal, RequestUnderWay};
pub use metrics::DoorMetrics;
pub use source::{Network, Source};
pub use throttle::{Credential, MAX_CREDENTIALS, MAX_SOURCES, Throttle, ThrottleLimits};
