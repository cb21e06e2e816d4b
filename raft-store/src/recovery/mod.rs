//! From a lost quorum into a new life (store.md 12): one survivor becomes a cluster of one under a new cluster id.
//!
//! The node's process is stopped for it; the command works on its folder. Nothing is repaired in place: the survivor's
//! state, with every entry that its log holds, begins a new log at incarnation × 2⁴⁴, so that revisions of the two lives
//! never meet. Everything that Raft, state and ownership say changes by one synced write; before it the folder is the
//! old member's, after it the new one's, and what lies beside the database follows from it (`settle`).

mod rebirth;
mod settle;
mod survey;
mod tail;

use raft_store_core::{Abort, Tx, View};

pub(crate) use settle::finish_interrupted;
pub use survey::{Survivor, Voter, survey};

pub use rebirth::recover;

use crate::node::StartError;

/// Revisions of incarnation n begin at n × 2⁴⁴ (store.md 12).
pub(crate) const INCARNATION_BITS: u32 = 44;

/// What the domain writes into the new life before anybody is served: each step is a transaction of its own.
pub type Step = Box<dyn Fn(&mut Tx<'_>) -> Result<(), Abort>>;

/// Finds the domain's steps by a look at the survivor's state.
pub type Steps<'a> = &'a dyn Fn(&View<'_>) -> Result<Vec<Step>, Abort>;

/// Why a survivor was not made a new cluster. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The folder cannot be opened as a member's.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Enough voters answer: together they lose nothing.
    #[error(
        "{answering} of {voters} voters are there, this one included: that is a quorum. Start this node instead; \
         nothing is lost then"
    )]
    Quorum {
        /// Voters that answer, and this one.
        answering: usize,
        /// All of them.
        voters: usize,
    },
    /// What was typed is not this cluster's id.
    #[error("{0:?} is not this cluster's id")]
    NotConfirmed(String),
    /// Without the cluster key the new authority can't be sealed, nor anything served.
    #[error("this node has no cluster key, or a wrong one: put the one from the recovery bundle into its place")]
    Sealed,
    /// The state or the log cannot be read.
    #[error("the survivor's state: {0}")]
    State(String),
}

impl From<std::io::Error> for RecoverError {
    fn from(error: std::io::Error) -> Self {
        Self::State(error.to_string())
    }
}

impl From<Abort> for RecoverError {
    fn from(error: Abort) -> Self {
        Self::State(error.to_string())
    }
}
