//! The ordered byte maps that state lives in.

/// Which of the two maps a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Records, indexes, epochs, markers, expiry index, audit and the apply position.
    State,
    /// One record a log entry: the attempt's id and outcome.
    Outcomes,
}

/// A read or write that failed. In apply it stops the node; it is never "absent".
#[derive(Debug, thiserror::Error)]
#[error("storage: {0}")]
pub struct KvError(pub String);

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// A consistent view of both maps.
pub trait ReadKv: Send + Sync {
    /// The value at `key`.
    ///
    /// # Errors
    /// When the storage cannot tell.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError>;

    /// At most `limit` pairs with `from <= key < to`, ascending.
    ///
    /// # Errors
    /// When the storage cannot tell.
    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError>;

    /// Every pair whose key begins with `prefix`, ascending.
    ///
    /// # Errors
    /// When the storage cannot tell.
    fn prefix(&self, space: Space, prefix: &[u8]) -> Result<Vec<Pair>, KvError> {
        self.range(space, prefix, &prefix_end(prefix), usize::MAX)
    }
}

/// The least key greater than every key that begins with `prefix`. Eight `0xff` stand for "no bound".
#[must_use]
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; 8]
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Set or remove one key.
    Set(Space, Vec<u8>, Option<Vec<u8>>),
    /// Remove `from <= key < to`.
    DeleteRange(Space, Vec<u8>, Vec<u8>),
}

/// Writes that take effect together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// In order.
    pub writes: Vec<Write>,
}

/// A state map with its two halves: what was written (pending) and what a power cut leaves (durable).
pub trait Kv: Send + Sync {
    /// A consistent view.
    type Snapshot<'a>: ReadKv
    where
        Self: 'a;
    /// The state now, pending writes included.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn snapshot(&self) -> Result<Self::Snapshot<'_>, KvError>;
    /// Makes a batch readable; durable only after [`Kv::sync`].
    ///
    /// # Errors
    /// When the storage refuses; nothing of the batch is readable then.
    fn write(&self, batch: Batch) -> Result<(), KvError>;
    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// When the storage cannot promise it.
    fn sync(&self) -> Result<(), KvError>;
}
