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

#[cfg(test)]
mod tests {
    use raft_store_core::memory::MemoryStore;
    use raft_store_core::{Outcome, Read, Store, Timestamp};
    use tokio_util::sync::CancellationToken;
    use woad_identity::GroupId;
    use woad_identity::group::{Membership, Memberships};
    use woad_identity::user::{User, Users};

    use super::super::JobMetrics;
    use super::*;

    /// As the record of somebody deleted has it.
    const DELETING: i32 = 3;
    /// More than one step removes.
    const MEMBERSHIPS: u8 = 150;

    #[tokio::test]
    async fn what_is_left_of_the_deleted_goes_in_steps_and_others_stay() {
        let memory = MemoryStore::new(Timestamp(1_000));
        let realm = RealmId::parse("vo").unwrap();
        let (gone, stays) = (UserId([1; 16]), UserId([2; 16]));
        for (id, status) in [(gone, DELETING), (stays, 1)] {
            memory
                .run(|tx| {
                    let name = if id == stays { "anna" } else { "" };
                    let row = User { status, user_name: name.to_owned(), ..User::default() };
                    tx.put::<Users>((realm.clone(), id), row)?.unwrap();
                    for group in 0..MEMBERSHIPS {
                        let at = (realm.clone(), id, GroupId([group; 16]));
                        tx.put::<Memberships>(at, Membership::default())?.unwrap();
                    }
                    Ok(Outcome::Commit(()))
                })
                .unwrap();
        }
        let metrics = JobMetrics::new().unwrap();
        let store = Store::new(memory.clone());
        let random = std::sync::Arc::new(woad_http::services::SystemRandom);
        let work = Work { store, random, metrics: metrics.clone(), stop: CancellationToken::new() };
        run(&work).await;

        let left = |id: UserId| {
            let of = (realm.clone(), id);
            memory.look(|view| Ok((view.get::<Users>(&of)?.is_some(), view.scan::<Memberships>(&of, None, 500)?.len())))
        };
        assert_eq!(left(gone).unwrap(), (false, 0));
        assert_eq!(left(stays).unwrap(), (true, usize::from(MEMBERSHIPS)));
        assert_eq!(metrics.pending_deletions.get(), 0);
        assert!(metrics.steps.with_label_values(&[NAME, "done"]).get() >= 2);
        assert_eq!(metrics.steps.with_label_values(&[NAME, "failed"]).get(), 0);
    }
}
