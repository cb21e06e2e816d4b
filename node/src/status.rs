//! What the whole process knows of itself.

use std::sync::Arc;

use tokio::sync::watch;

use crate::health::Assessment;
use crate::phase::Phases;
use crate::store::Member;

/// Phase and store of this process, shared by its listeners.
#[derive(Default)]
pub struct Status {
    /// Where it is in its life.
    pub phases: Phases,
    member: watch::Sender<Option<Arc<dyn Member>>>,
}

impl Status {
    /// The store, once there is one.
    #[must_use]
    pub fn member(&self) -> Option<Arc<dyn Member>> {
        self.member.borrow().clone()
    }

    /// Makes the store known. A process has one in its life.
    pub fn set_member(&self, member: Arc<dyn Member>) {
        self.member.send_replace(Some(member));
    }

    /// The store, as soon as there is one.
    pub async fn opened(&self) -> Arc<dyn Member> {
        let mut seen = self.member.subscribe();
        loop {
            if let Some(member) = seen.borrow_and_update().clone() {
                return member;
            }
            // Its sender is `self`, which outlives this call.
            let _ = seen.changed().await;
        }
    }

    /// Judges the node as it is now. Never waits, never touches the disk.
    #[must_use]
    pub fn assess(&self) -> Assessment {
        let health = self.member().map(|member| member.health());
        Assessment::new(self.phases.now(), health.as_ref())
    }
}
