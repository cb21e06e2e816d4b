//! The expiry sweep: an index by time, removed in bounded steps (design §2).

use prost::Message;

use crate::ids::{AttemptId, Timestamp};
use crate::kv::{ReadKv, Space};
use crate::layout::{self, Kind, RowValue};
use crate::limits::{MAX_ENTRY_BYTES, SWEEP_STEP};
use crate::read::Abort;
use crate::table::{IndexSet, Table};
use crate::wire::{self, DeleteIf, mutation};

/// Physical index keys of a record, from its typed key bytes and fields.
pub type EntriesOf = fn(&[u8], &[u8]) -> Result<Vec<Vec<u8>>, Abort>;

/// What the sweep must know of a table whose records expire: how to find their index entries.
#[derive(Clone, Copy)]
pub struct Sweepable {
    /// The table.
    pub table: u16,
    /// How to find them.
    pub entries: EntriesOf,
}

impl Sweepable {
    /// For a table.
    #[must_use]
    pub fn of<T: Table>() -> Self {
        Self { table: T::ID.0, entries: entries_of::<T> }
    }
}

fn entries_of<T: Table>(key: &[u8], fields: &[u8]) -> Result<Vec<Vec<u8>>, Abort> {
    use crate::key::Key;
    use crate::row::Row;
    let key = T::Key::from_bytes(key)?;
    let row = T::Row::decode_fields(fields).map_err(|_| Abort::corrupt(T::NAME))?;
    let mut entries = Vec::new();
    T::Indexes::entries(&key, &row, &mut entries);
    Ok(entries.into_iter().map(|entry| entry.key).collect())
}

/// The next step of the sweep: at most [`SWEEP_STEP`] expired records; `None` when nothing is expired.
///
/// Revocation and replay records carry their own allowance for skew in their expiry.
///
/// # Errors
/// When storage fails, or a record of a table not in `tables` expires.
pub fn step(
    kv: &dyn ReadKv,
    tables: &[Sweepable],
    level: u32,
    now: Timestamp,
    attempt: AttemptId,
    deadline: Timestamp,
) -> Result<Option<wire::Entry>, Abort> {
    let from = [Kind::Expiry as u8];
    let to = layout::expiry_key(now.plus_ms(1), &[]);
    let mut mutations = Vec::new();
    let mut bytes = 0;
    for (key, _) in kv.range(Space::State, &from, &to, SWEEP_STEP)? {
        let row = key.get(9..).unwrap_or_default().to_vec();
        // An entry without its record would come first for ever: the sweep would stand still, and say nothing.
        let orphan = || Abort::corrupt("expiry index without record");
        let value = kv.get(Space::State, &row)?.ok_or_else(orphan)?;
        let parsed = RowValue::parse(&value)?;
        let expires = parsed.expires.filter(|at| layout::expiry_key(*at, &row) == key).ok_or_else(orphan)?;
        let table = layout::id_of(&row).unwrap_or_default();
        let known = tables.iter().find(|known| known.table == table);
        let known = known.ok_or_else(|| Abort::corrupt("an unknown table expires"))?;
        let gone = wire::Mutation {
            kind: Some(mutation::Kind::DeleteIf(DeleteIf {
                revision: parsed.revision.0,
                not_before_ms: expires.0,
                index_entries: (known.entries)(layout::typed_part(&row), parsed.fields)?,
                key: row,
            })),
        };
        bytes += gone.encoded_len();
        if bytes > MAX_ENTRY_BYTES / 2 && !mutations.is_empty() {
            break;
        }
        mutations.push(gone);
    }
    if mutations.is_empty() {
        return Ok(None);
    }
    Ok(Some(wire::Entry {
        attempt: attempt.0.to_vec(),
        deadline_ms: deadline.0,
        level,
        mutations,
        ..wire::Entry::default()
    }))
}

/// How far the oldest expired record is behind `now`, in ms; zero when none is.
///
/// # Errors
/// When storage fails.
pub fn lag_ms(kv: &dyn ReadKv, now: Timestamp) -> Result<u64, Abort> {
    let first = kv.range(Space::State, &[Kind::Expiry as u8], &[Kind::Audit as u8], 1)?;
    let oldest = first.first().and_then(|(key, _)| key.get(1..9)?.try_into().ok()).map(u64::from_be_bytes);
    Ok(oldest.map_or(0, |at| now.0.saturating_sub(at)))
}
