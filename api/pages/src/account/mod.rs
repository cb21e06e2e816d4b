//! `/account`: who somebody is here, where they are signed in, what they allowed, their password.

mod approvals;
mod password;
mod sessions;
mod show;

pub(crate) use approvals::remove as remove_approval;
pub(crate) use password::change as change_password;
pub(crate) use sessions::{end as end_session, end_all as end_all_sessions};
pub(crate) use show::show;

use axum::response::Response;
use raft_store_core::Freshness;
use woad_identity::session::LiveSession;

use crate::error::PageError;
use crate::page;
use crate::visit::Visit;

/// Whoever is signed in, by a linearizable read; anyone else is sent to sign in.
async fn signed_in(visit: &Visit) -> Result<Result<LiveSession, Response>, PageError> {
    let session = visit.view(Freshness::Linearizable, |view| visit.session(view)).await?;
    Ok(session.ok_or_else(|| page::see_other("/login")))
}
