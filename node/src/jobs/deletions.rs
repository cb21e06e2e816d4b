//! Removes what is left of deleted people.

use raft_store_core::{Freshness, StoreError};
use woad_identity::user::{self, Purge};
use woad_identity::{RealmId, UserId};

use super::Work;

/// The label of this job.
pub(super) const NAME: &str = "user_deletion";
/// Steps for one person before the next one's turn: fairness, not a limit of the whole.
const STEPS_AT_ONCE: usize = 64;

/// One round: everyone who is being deleted.
pub(super) async fn run(work: &Work) {
    let request = Work::request(NAME);
    let found = work.store.view(&request, Freshness::Local, user::being_deleted).await;
    let pending = match found {
        Ok(done) => done.answer,
        Err(error) => return work.metrics.step(NAME, &Err(error)),
    };
    work.metrics.pending_deletions.set(i64::try_from(pending.len()).unwrap_or(i64::MAX));
    for (realm, id) in pending {
        for _ in 0..STEPS_AT_ONCE {
            if work.stop.is_cancelled() {
                return;
            }
            match step(work, &realm, id).await {
                Ok(Purge::More) => work.metrics.step(NAME, &Ok(())),
                Ok(Purge::Done) => {
                    work.metrics.step(NAME, &Ok(()));
                    work.metrics.pending_deletions.dec();
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, realm = %realm, user = %id, "a step of a deletion failed; it is tried again");
                    work.metrics.step(NAME, &Err(error));
                    return;
                }
            }
        }
    }
}

async fn step(work: &Work, realm: &RealmId, id: UserId) -> Result<Purge, StoreError> {
    let request = Work::request(NAME);
    let done = work.store.transact(&request, |tx| user::purge_step(tx, realm, id)).await?;
    Ok(done.answer)
}
