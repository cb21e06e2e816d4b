//! Reading, as domain functions see it.

use zeroize::Zeroizing;

use crate::ids::{Level, Revision, Timestamp};
use crate::kv::KvError;
use crate::seal::{SealError, Sealed};
use crate::table::{Marker, Set, Stored, Table, Unique};

/// Why an evaluation cannot go on. Opaque: domain code only passes it on with `?`.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Abort(#[from] pub(crate) Cause);

/// What is behind an [`Abort`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error(transparent)]
    Kv(#[from] KvError),
    #[error("corrupt: {0}")]
    Corrupt(String),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("transaction too large")]
    TooLarge,
    #[error("table {0} needs a higher cluster level")]
    Level(&'static str),
}

impl Abort {
    /// Stored bytes that cannot be what they should be.
    #[must_use]
    pub fn corrupt(what: &str) -> Self {
        Self(Cause::Corrupt(what.to_owned()))
    }

    /// Whether this node lacks the cluster key.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        matches!(self.0, Cause::Seal(SealError::NodeSealed))
    }

    /// Whether the transaction broke a limit of [`crate::limits`].
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(self.0, Cause::TooLarge)
    }
}

impl From<KvError> for Abort {
    fn from(error: KvError) -> Self {
        Self(Cause::Kv(error))
    }
}

impl From<SealError> for Abort {
    fn from(error: SealError) -> Self {
        Self(Cause::Seal(error))
    }
}

/// What domain functions take: [`Tx`](crate::Tx) guards what it reads, [`View`](crate::View) does not. Expired
/// records read as absent.
pub trait Read {
    /// The record at `key`.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn get<T: Table>(&self, key: &T::Key) -> Result<Option<Stored<T>>, Abort>;

    /// The record with this unique index key.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn find<U: Unique>(&self, key: &U::Key) -> Result<Option<Stored<U::Of>>, Abort>;

    /// Every record of a declared set, in the order of the key or index it lies through.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn all<S: Set>(&self, of: &S::Prefix) -> Result<Vec<Stored<S::Of>>, Abort>;

    /// An upper bound of how many records [`all`](Self::all) would find, without reading them: those that have expired
    /// and are not swept yet count, and so may those that this transaction deleted.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn count_bound<S: Set>(&self, of: &S::Prefix) -> Result<usize, Abort>;

    /// When a declared set last gained, lost or changed a record; `None`: never. Expired records leave it when they
    /// are swept.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn epoch<S: Set>(&self, of: &S::Prefix) -> Result<Option<Revision>, Abort>;

    /// When a marker was last touched.
    ///
    /// # Errors
    /// When storage fails; pass it on.
    fn marker<M: Marker>(&self, key: &M::Key) -> Result<Option<Revision>, Abort>;

    /// Opens a sealed field of the record of `T` at `key`.
    ///
    /// # Errors
    /// When the node is sealed or the ciphertext is not this record's; pass it on.
    fn open<T: Table>(&self, key: &T::Key, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Abort>;

    /// Cluster time of this evaluation.
    fn now(&self) -> Timestamp;

    /// The index up to which the view was applied.
    fn revision(&self) -> Revision;

    /// The cluster level in the view.
    fn level(&self) -> Level;
}
