//! Operations on the cluster itself.

pub(crate) mod agreement;
pub(crate) mod custody;
pub(crate) mod init;
pub(crate) mod join_token;
pub(crate) mod remove;
pub(crate) mod rotate;
pub(crate) mod status;
pub(crate) mod transfer;

use http::StatusCode;
use raft_store_core::cluster::ClusterError;
use woad_http::Problem;

/// The wire's answer to a refused change of the cluster.
fn problem(error: ClusterError) -> Problem {
    let text = error.to_string();
    match error {
        ClusterError::NoSuchMember(_) => Problem::new(StatusCode::NOT_FOUND, text).of_kind("no-such-member"),
        ClusterError::Unsafe(_) => Problem::new(StatusCode::CONFLICT, text).of_kind("unsafe"),
        ClusterError::Busy => Problem::new(StatusCode::CONFLICT, text).of_kind("busy"),
        ClusterError::Store(error) => error.into(),
    }
}
