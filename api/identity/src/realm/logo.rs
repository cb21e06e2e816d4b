//! The picture beside a realm's name. In a record of its own: the realm's is read by every request.

use raft_store_core::{Abort, Read, Stored, Table, TableId, Tx};

use crate::ids::RealmId;
use crate::tables;

/// Largest picture: pages show it at 64 pixels' height, and it is replicated with everything else.
pub const MAX_LOGO_BYTES: usize = 64 * 1024;
/// Longest side in pixels: browsers unpack the whole of it.
pub const MAX_LOGO_SIDE: u32 = 2048;
/// How a PNG file begins: its signature, and the header chunk's length and name.
const PNG: &[u8; 16] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";

/// Why a logo was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoFault {
    /// More than [`MAX_LOGO_BYTES`].
    #[error("larger than {MAX_LOGO_BYTES} bytes")]
    TooLarge,
    /// A side is empty or more than [`MAX_LOGO_SIDE`].
    #[error("a side is longer than {MAX_LOGO_SIDE} pixels, or none")]
    Side,
    /// No PNG file.
    #[error("not a PNG picture")]
    NotPng,
}

/// A logo's record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Logo {
    /// The PNG file.
    #[prost(bytes = "vec", tag = "1")]
    pub png: Vec<u8>,
}

/// Logos by realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logos;

impl Table for Logos {
    type Key = RealmId;
    type Row = Logo;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::REALM_LOGOS;
    const NAME: &'static str = "realm logos";
}

/// The realm's logo, if it has one; its revision tells whether it changed.
///
/// # Errors
/// When storage fails.
pub fn logo(read: &impl Read, realm: &RealmId) -> Result<Option<Stored<Logos>>, Abort> {
    read.get::<Logos>(realm)
}

/// Sets the logo, or removes it when `png` is empty; says whether that changed anything.
pub(super) fn set(tx: &mut Tx<'_>, realm: &RealmId, png: &[u8]) -> Result<Result<bool, LogoFault>, Abort> {
    if png.is_empty() {
        return Ok(Ok(tx.delete::<Logos>(realm)?));
    }
    if let Err(fault) = check(png) {
        return Ok(Err(fault));
    }
    if logo(tx, realm)?.is_some_and(|stored| stored.row.png == png) {
        return Ok(Ok(false));
    }
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Logos>(realm.clone(), Logo { png: png.to_vec() })?;
    Ok(Ok(true))
}

fn check(png: &[u8]) -> Result<(), LogoFault> {
    if png.len() > MAX_LOGO_BYTES {
        return Err(LogoFault::TooLarge);
    }
    let rest = png.strip_prefix(PNG).ok_or(LogoFault::NotPng)?;
    let (width, rest) = rest.split_first_chunk::<4>().ok_or(LogoFault::NotPng)?;
    let (height, _) = rest.split_first_chunk::<4>().ok_or(LogoFault::NotPng)?;
    let sides = [u32::from_be_bytes(*width), u32::from_be_bytes(*height)];
    if sides.iter().all(|side| (1..=MAX_LOGO_SIDE).contains(side)) { Ok(()) } else { Err(LogoFault::Side) }
}
