//! Physical keys and value headers of [`Space::State`](crate::Space::State).
//!
//! A key is one kind byte, a two-byte id, and the typed key. Every guarded value begins with its revision, so that
//! apply compares revisions without decoding a row.

use crate::ids::{IndexId, MarkerId, Revision, SetId, TableId, Timestamp};
use crate::read::Abort;

/// The kinds of key, in the order in which they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Apply position, membership, cluster clock and level.
    Meta = 0,
    /// A record.
    Row = 1,
    /// An index entry.
    Index = 2,
    /// The epoch of a declared set.
    Epoch = 3,
    /// A not-before marker.
    Marker = 4,
    /// The index by expiry.
    Expiry = 5,
    /// Audit chains.
    Audit = 6,
}

impl Kind {
    /// The kind a physical key is of.
    #[must_use]
    pub fn of(key: &[u8]) -> Option<Self> {
        Some(match key.first()? {
            0 => Self::Meta,
            1 => Self::Row,
            2 => Self::Index,
            3 => Self::Epoch,
            4 => Self::Marker,
            5 => Self::Expiry,
            6 => Self::Audit,
            _ => return None,
        })
    }
}

fn keyed(kind: Kind, id: u16, key: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(3 + key.len());
    out.push(kind as u8);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(key);
    out
}

/// Where a record lies.
#[must_use]
pub fn row_key(table: TableId, key: &[u8]) -> Vec<u8> {
    keyed(Kind::Row, table.0, key)
}

/// Where an index entry lies.
#[must_use]
pub fn index_key(index: IndexId, key: &[u8]) -> Vec<u8> {
    keyed(Kind::Index, index.0, key)
}

/// Where a set's epoch lies.
#[must_use]
pub fn epoch_key(set: SetId, prefix: &[u8]) -> Vec<u8> {
    keyed(Kind::Epoch, set.0, prefix)
}

/// Where a marker lies.
#[must_use]
pub fn marker_key(marker: MarkerId, key: &[u8]) -> Vec<u8> {
    keyed(Kind::Marker, marker.0, key)
}

/// Where the expiry index names a record.
#[must_use]
pub fn expiry_key(at: Timestamp, row: &[u8]) -> Vec<u8> {
    let mut out = vec![Kind::Expiry as u8];
    out.extend_from_slice(&at.0.to_be_bytes());
    out.extend_from_slice(row);
    out
}

/// A meta record.
#[must_use]
pub fn meta_key(name: &str) -> Vec<u8> {
    let mut out = vec![Kind::Meta as u8];
    out.extend_from_slice(name.as_bytes());
    out
}

/// The two-byte id after the kind: table, index, set or marker.
#[must_use]
pub fn id_of(key: &[u8]) -> Option<u16> {
    match key {
        [_, high, low, ..] => Some(u16::from_be_bytes([*high, *low])),
        _ => None,
    }
}

/// The typed key's bytes within a physical key.
#[must_use]
pub fn typed_part(key: &[u8]) -> &[u8] {
    key.get(3..).unwrap_or_default()
}

/// The version of a record's frame (not of its fields).
pub const FRAME: u8 = 1;
const HEADER: usize = 8 + 8 + 1;

/// A record's value: revision, expiry (0: never), frame version, fields.
#[must_use]
pub fn row_value(revision: Revision, expires: Option<Timestamp>, fields: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + fields.len());
    out.extend_from_slice(&revision.0.to_be_bytes());
    out.extend_from_slice(&expires.map_or(0, |at| at.0).to_be_bytes());
    out.push(FRAME);
    out.extend_from_slice(fields);
    out
}

/// A record's value taken apart.
pub struct RowValue<'a> {
    /// When it was written.
    pub revision: Revision,
    /// When it ceases to be.
    pub expires: Option<Timestamp>,
    /// The encoded fields.
    pub fields: &'a [u8],
}

impl<'a> RowValue<'a> {
    /// Parses a stored value.
    ///
    /// # Errors
    /// When it is too short or of an unknown frame.
    pub fn parse(value: &'a [u8]) -> Result<Self, Abort> {
        let short = || Abort::corrupt("record too short");
        let (revision, rest) = value.split_first_chunk::<8>().ok_or_else(short)?;
        let (expires, rest) = rest.split_first_chunk::<8>().ok_or_else(short)?;
        let (frame, fields) = rest.split_first().ok_or_else(short)?;
        if *frame != FRAME {
            return Err(Abort::corrupt("record of an unknown frame"));
        }
        let expires = u64::from_be_bytes(*expires);
        Ok(Self {
            revision: Revision(u64::from_be_bytes(*revision)),
            expires: (expires != 0).then_some(Timestamp(expires)),
            fields,
        })
    }
}

/// The revision at the head of any guarded value.
#[must_use]
pub fn revision_of(value: &[u8]) -> Option<Revision> {
    value.first_chunk::<8>().map(|bytes| Revision(u64::from_be_bytes(*bytes)))
}

/// The typed key of the record that an index entry's value names.
#[must_use]
pub fn index_of(value: &[u8]) -> &[u8] {
    value.get(8..).unwrap_or_default()
}

/// An index entry's value: revision and the record's typed key.
#[must_use]
pub fn index_value(revision: Revision, key: &[u8]) -> Vec<u8> {
    let mut out = revision.0.to_be_bytes().to_vec();
    out.extend_from_slice(key);
    out
}
