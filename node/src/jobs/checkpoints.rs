//! Signs the heads of audit chains, and prunes what their retention lets go.

use raft_store_core::{Chain, Freshness, StoreError};
use woad_identity::audit::{self, Due, Step};
use woad_identity::realm;

use super::Work;

/// The label of this job.
pub(super) const NAME: &str = "audit_checkpoints";
/// Steps for one chain before the next one's turn.
const STEPS_AT_ONCE: usize = 16;

/// One round: every chain.
pub(super) async fn run(work: &Work) {
    let request = Work::request(NAME);
    let found = work.store.view(&request, Freshness::Local, |view| {
        let realms = realm::list(view)?.into_iter().map(|realm| Chain::Realm(realm.key.to_string()));
        Ok(std::iter::once(Chain::Cluster).chain(realms).collect::<Vec<_>>())
    });
    let chains = match found.await {
        Ok(done) => done.answer,
        Err(error) => return work.metrics.step(NAME, &Err(error)),
    };
    for chain in chains {
        for _ in 0..STEPS_AT_ONCE {
            if work.stop.is_cancelled() {
                return;
            }
            match step(work, &chain).await {
                Ok(true) => work.metrics.step(NAME, &Ok(())),
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, chain = chain.name(), "an audit chain was not signed; it is tried again");
                    work.metrics.step(NAME, &Err(error));
                    return;
                }
            }
        }
    }
}

/// What is signed outside of the transaction that writes it.
enum Prepared {
    Nothing,
    NoKey,
    Signed(Due, String),
}

/// Says whether something was done, and so whether there may be more.
async fn step(work: &Work, chain: &Chain) -> Result<bool, StoreError> {
    let request = Work::request(NAME);
    let prepared = work.store.view(&request, Freshness::Local, |view| {
        let Some(due) = audit::due(view, chain)? else { return Ok(Prepared::Nothing) };
        Ok(match audit::sign(view, &due)? {
            None => Prepared::NoKey,
            Some(Ok(jws)) => Prepared::Signed(due, jws),
            Some(Err(error)) => {
                tracing::error!(%error, "a checkpoint could not be signed");
                Prepared::Nothing
            }
        })
    });
    match prepared.await?.answer {
        Prepared::Nothing => Ok(false),
        Prepared::NoKey => make_key(work).await,
        Prepared::Signed(due, jws) => {
            work.store.transact(&request, |tx| audit::write(tx, &due, &jws)).await?;
            if due.step != Step::Checkpoint {
                tracing::info!(chain = chain.name(), through = due.head.count, "old audit events were pruned");
            }
            Ok(true)
        }
    }
}

async fn make_key(work: &Work) -> Result<bool, StoreError> {
    let mut random = [0; 8];
    if work.random.fill(&mut random).is_err() {
        return Ok(false);
    }
    let Ok(key) = audit::new_key(&random) else { return Ok(false) };
    work.store.transact(&Work::request(NAME), |tx| audit::store_key(tx, &key)).await?;
    Ok(true)
}
