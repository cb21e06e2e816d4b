//! Sealed fields: ciphertext in the record, its physical key as associated data (store.md 22).

use zeroize::Zeroizing;

/// The ciphertext of a field, as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// Why a field could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// This node does not hold the cluster key.
    #[error("this node is sealed")]
    NodeSealed,
    /// The ciphertext is not of this record, or was changed.
    #[error("sealed field does not open")]
    Forged,
}

/// Seals and opens under the replicated keyring. Each call of `seal` draws a fresh nonce.
pub trait Sealer: Send + Sync {
    /// Seals `plain` for the record at `record`.
    ///
    /// # Errors
    /// [`SealError::NodeSealed`].
    fn seal(&self, record: &[u8], plain: &[u8]) -> Result<Sealed, SealError>;

    /// Opens what was sealed for the record at `record`.
    ///
    /// # Errors
    /// See [`SealError`].
    fn open(&self, record: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError>;
}
