//! The handle that protocols hold.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::{AttemptId, Revision};
use crate::limits::DEFAULT_DEADLINE;
use crate::read::Abort;
use crate::tx::Tx;
use crate::view::View;

/// What a request brings to the store.
#[derive(Clone, Debug)]
pub struct Request {
    /// For logs; travels nowhere.
    pub id: String,
    /// How long the caller waits at most, counted from the call.
    pub within: Duration,
}

impl Request {
    /// A request with the default deadline.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), within: DEFAULT_DEADLINE }
    }
}

/// How a closure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<A> {
    /// The writes happen; the answer may still be a refusal.
    Commit(A),
    /// Nothing is written.
    Answer(A),
}

/// How fresh a view must be (store.md 13, 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Sees everything acknowledged anywhere before the call. Without a quorum: [`StoreError::NotDone`].
    Linearizable,
    /// Sees at least this revision.
    AtLeast(Revision),
    /// This replica's state as it is.
    Local,
    /// Linearizable while a quorum answers; without one, local for at most this long after the last sign of it.
    Issuing {
        /// The realm's grace; zero: none.
        grace: Duration,
    },
}

/// An answer and how it came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<A> {
    /// What the closure answered.
    pub answer: A,
    /// The commit's revision; the view's when nothing was written.
    pub revision: Revision,
    /// How long ago the state is known to have been current; zero for linearizable answers and commits.
    pub age: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Certainly nothing happened; try again after this long.
    #[error("not done, nothing happened")]
    NotDone {
        /// When to try again.
        retry: Duration,
    },
    /// It may have happened, or may yet. Never to be shown as failed.
    #[error("outcome of attempt {attempt} is unknown")]
    Unknown {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Others changed what it read, again and again; nothing happened.
    #[error("contended, nothing happened")]
    Contended,
    /// No room; nothing happened.
    #[error("storage is full, nothing happened")]
    Full,
    /// The transaction breaks a limit; nothing happened.
    #[error("transaction too large")]
    TooLarge,
    /// This node holds no cluster key; nothing happened.
    #[error("node is sealed")]
    Sealed,
    /// The node is stopping or its storage failed.
    #[error("store stopped")]
    Stopped,
}

/// A future as trait objects return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A closure over a transaction, its answer put aside.
pub type TxFn<'a> = dyn FnMut(&mut Tx<'_>) -> Result<Outcome<()>, Abort> + Send + 'a;
/// A closure over a view, its answer put aside.
pub type ViewFn<'a> = dyn FnMut(&View<'_>) -> Result<(), Abort> + Send + 'a;

/// What stands behind a [`Store`]: the replicated store, or one in memory.
pub trait Backend: Send + Sync {
    /// See [`Store::transact`].
    fn transact<'a>(&'a self, cx: &'a Request, f: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>>;
    /// See [`Store::view`].
    fn view<'a>(
        &'a self,
        cx: &'a Request,
        fresh: Freshness,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>>;
}

/// A handle on the replicated state. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<dyn Backend>);

impl Store {
    /// A handle on a backend.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self(backend)
    }

    /// Runs a transaction. The closure may run several times and must not have effects of its own.
    ///
    /// A commit is on a quorum's disks and applied at this replica when this returns. An answer without a commit is
    /// linearizable.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when the outcome could not be learnt in time; in every other error nothing happened.
    pub async fn transact<A: Send>(
        &self,
        cx: &Request,
        mut f: impl FnMut(&mut Tx<'_>) -> Result<Outcome<A>, Abort> + Send,
    ) -> Result<Done<A>, StoreError> {
        let mut answer = None;
        let mut run = |tx: &mut Tx<'_>| {
            Ok(match f(tx)? {
                Outcome::Commit(value) => {
                    answer = Some(value);
                    Outcome::Commit(())
                }
                Outcome::Answer(value) => {
                    answer = Some(value);
                    Outcome::Answer(())
                }
            })
        };
        let done = self.0.transact(cx, &mut run).await?;
        let answer = answer.ok_or(StoreError::Stopped)?;
        Ok(Done { answer, revision: done.revision, age: done.age })
    }

    /// Reads at the named freshness.
    ///
    /// # Errors
    /// [`StoreError::NotDone`] when the freshness cannot be had in time.
    pub async fn view<A: Send>(
        &self,
        cx: &Request,
        fresh: Freshness,
        mut f: impl FnMut(&View<'_>) -> Result<A, Abort> + Send,
    ) -> Result<Done<A>, StoreError> {
        let mut answer = None;
        let mut run = |view: &View<'_>| {
            answer = Some(f(view)?);
            Ok(())
        };
        let done = self.0.view(cx, fresh, &mut run).await?;
        let answer = answer.ok_or(StoreError::Stopped)?;
        Ok(Done { answer, revision: done.revision, age: done.age })
    }
}
