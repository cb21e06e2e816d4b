//! Stopping in order, in less than three seconds.

use std::sync::Arc;
use std::time::Duration;

use raft_store_core::store::Request;
use tokio::time::timeout;

use super::{RunError, Serving};
use crate::phase::Phase;
use crate::status::Status;
use crate::store::Member;

/// How long handing over leadership may take. It takes some milliseconds or does not work.
const TRANSFER: Duration = Duration::from_millis(500);
/// How long the store may take to stop: a last flush.
const SHUTDOWN: Duration = Duration::from_millis(1200);

/// Unready, then nothing new, then what is under way, then leadership, then the store.
pub(super) async fn stop(status: &Status, serving: Option<Serving>) -> Result<(), RunError> {
    status.phases.enter(Phase::Draining)?;
    if let Some(serving) = serving {
        serving.drain().await;
    }
    let outcome = match status.member() {
        Some(member) => close(&member).await,
        None => Ok(()),
    };
    status.phases.enter(Phase::Stopped)?;
    outcome
}

async fn close(member: &Arc<dyn Member>) -> Result<(), RunError> {
    hand_over(member).await;
    timeout(SHUTDOWN, member.shutdown()).await.map_err(|_| RunError::StoreHangs)
}

/// Without it the others would wait for an election.
async fn hand_over(member: &Arc<dyn Member>) {
    let control = member.control();
    let seen = control.status();
    let others = seen.members.iter().any(|other| other.voter && other.id != seen.node);
    if seen.leader != Some(seen.node) || !others {
        return;
    }
    let request = Request { id: "stop".to_owned(), within: TRANSFER };
    match timeout(TRANSFER, control.transfer(&request, None)).await {
        Ok(Ok(to)) => tracing::info!(%to, "leadership handed over"),
        Ok(Err(error)) => tracing::warn!(%error, "leadership not handed over"),
        Err(_) => tracing::warn!("leadership not handed over in time"),
    }
}
