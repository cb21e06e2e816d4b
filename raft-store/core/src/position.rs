//! The apply position: how far, at what time, at which level.

use crate::ids::{Level, Revision, Timestamp};
use crate::kv::{ReadKv, Space, Write};
use crate::read::Abort;

/// The key of its record: `position` among the meta records (see [`crate::layout`]).
pub const POSITION: [u8; 9] = *b"\0position";

/// How far a state was applied, and what time and level it has. Read from the same snapshot as the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The last applied index.
    pub applied: Revision,
    /// Cluster time: the greatest stamp so far.
    pub clock: Timestamp,
    /// The cluster level.
    pub level: Level,
}

impl Position {
    /// Reads the position of a snapshot. An empty one is at zero, first level.
    ///
    /// # Errors
    /// When storage fails or the record is malformed.
    pub fn read(kv: &dyn ReadKv) -> Result<Self, Abort> {
        let Some(bytes) = kv.get(Space::State, &POSITION)? else {
            return Ok(Self { level: Level::FIRST, ..Self::default() });
        };
        let bad = || Abort::corrupt("position");
        let (applied, rest) = bytes.split_first_chunk::<8>().ok_or_else(bad)?;
        let (clock, rest) = rest.split_first_chunk::<8>().ok_or_else(bad)?;
        let level: [u8; 4] = rest.try_into().map_err(|_| bad())?;
        Ok(Self {
            applied: Revision(u64::from_be_bytes(*applied)),
            clock: Timestamp(u64::from_be_bytes(*clock)),
            level: Level(u32::from_be_bytes(level)),
        })
    }

    /// How far a state with this record was applied; `None` for bytes that are no such record.
    #[must_use]
    pub fn applied_in(record: &[u8]) -> Option<Revision> {
        record.first_chunk::<8>().map(|bytes| Revision(u64::from_be_bytes(*bytes)))
    }

    /// The write that records this position.
    #[must_use]
    pub fn write(&self) -> Write {
        let mut bytes = self.applied.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.clock.0.to_be_bytes());
        bytes.extend_from_slice(&self.level.0.to_be_bytes());
        Write::Set(Space::State, POSITION.to_vec(), Some(bytes))
    }
}
