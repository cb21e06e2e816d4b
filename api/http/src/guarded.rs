//! Wrong credentials are counted against where they come from, and refused unread beyond a limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::StatusCode;
use woad_admission::{Credential, Source, Throttle};

use crate::context::RequestContext;
use crate::error::Refused;
use crate::services::Services;

/// What a request presented to prove who calls, if it did.
#[derive(Clone, Default)]
pub(crate) struct Presentation(Arc<OnceLock<Presented>>);

struct Presented {
    throttle: Arc<Throttle>,
    source: Source,
    credential: Credential,
    /// It was made here, and does not count any more: no guess.
    genuine: AtomicBool,
}

impl std::fmt::Debug for Presentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presentation").field("any", &self.0.get().is_some()).finish()
    }
}

impl Presentation {
    /// Notes that the credential was made here, whatever it opens now: a token that has ended is nobody's guess.
    pub(crate) fn is_genuine(&self) {
        if let Some(presented) = self.0.get() {
            presented.genuine.store(true, Ordering::Relaxed);
        }
    }

    /// Notes how the request ended. Only success proves a credential: an error may have come before it was looked at.
    pub(crate) fn ended(&self, status: StatusCode) {
        let Some(presented) = self.0.get() else { return };
        // Gone: a one-time link that never was, or is over.
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::GONE {
            if presented.genuine.load(Ordering::Relaxed) {
                return;
            }
            presented.throttle.failed(presented.source);
        } else if status.is_success() {
            presented.throttle.proved(presented.source, presented.credential);
        }
    }
}

impl Services {
    /// To be asked before a credential is looked at. How the request ends is then counted for its source; a Unix socket
    /// has none.
    ///
    /// # Errors
    /// [`Refused::Throttled`].
    pub fn guard(&self, context: &RequestContext, who: &str, secret: &str) -> Result<(), Refused> {
        let Some(address) = context.client() else { return Ok(()) };
        let source = Source::of(address);
        let credential = self.throttle.credential(who.as_bytes(), secret.as_bytes());
        self.throttle.admit(source, credential).map_err(|wait| {
            self.metrics.throttled();
            Refused::Throttled { seconds: seconds(wait) }
        })?;
        let _ = context.presented.0.set(Presented {
            throttle: Arc::clone(&self.throttle),
            source,
            credential,
            genuine: AtomicBool::new(false),
        });
        Ok(())
    }
}

/// `Retry-After` counts whole seconds.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}
