//! Removes what is left of deleted groups.

use raft_store_core::{Freshness, StoreError};
use woad_identity::group;
use woad_identity::user::Purge;
use woad_identity::{GroupId, RealmId};

use super::Work;

/// The label of this job.
pub(super) const NAME: &str = "group_deletion";
/// Steps for one group before the next one's turn.
const STEPS_AT_ONCE: usize = 64;
/// Groups looked for in one round.
const GROUPS_AT_ONCE: usize = 100;

/// One round: every group of which something is left.
pub(super) async fn run(work: &Work) {
    let request = Work::request(NAME);
    let found = work.store.view(&request, Freshness::Local, |view| group::being_removed(view, GROUPS_AT_ONCE)).await;
    let pending = match found {
        Ok(done) => done.answer,
        Err(error) => return work.metrics.step(NAME, &Err(error)),
    };
    for (realm, id) in pending {
        for _ in 0..STEPS_AT_ONCE {
            if work.stop.is_cancelled() {
                return;
            }
            match step(work, &realm, id).await {
                Ok(left) => {
                    work.metrics.step(NAME, &Ok(()));
                    if left == Purge::Done {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, %realm, group = %id, "a step of a deletion failed; it is tried again");
                    work.metrics.step(NAME, &Err(error));
                    return;
                }
            }
        }
    }
}

async fn step(work: &Work, realm: &RealmId, id: GroupId) -> Result<Purge, StoreError> {
    let request = Work::request(NAME);
    Ok(work.store.transact(&request, |tx| group::remove_step(tx, realm, id)).await?.answer)
}
