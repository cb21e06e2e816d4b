//! The cluster key: wraps the data keys, and is in no log, snapshot or message but the one that lets a node join.

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::hex::Hex;
use super::private_file::{self, FileError};
use super::{Fill, random};

/// Bytes of an AES-256 key.
pub const KEY_BYTES: usize = 32;
/// Keeps the id's hash apart from any other hash of the key.
const ID_DOMAIN: &[u8] = b"woad cluster key id\0";
/// Keeps wrapped data keys apart from whatever else the key may come to seal.
const WRAP_DOMAIN: &[u8] = b"woad data key\0";

/// Names a cluster key without telling it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterKeyId(pub [u8; 8]);

impl fmt::Display for ClusterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for ClusterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The wrapped key was changed, or wrapped under another cluster key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data key does not unwrap")]
pub struct Unwrappable;

/// 256 random bits. Has no `Debug`.
#[derive(Clone)]
pub struct ClusterKey(Zeroizing<[u8; KEY_BYTES]>);

impl ClusterKey {
    /// A new key.
    #[must_use]
    pub fn generate(fill: Fill<'_>) -> Self {
        Self(Zeroizing::new(random(fill)))
    }

    /// The key that these bytes are; `None` unless there are [`KEY_BYTES`].
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != key.len() {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The key itself, for a node that joins and for the recovery bundle.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Names it: a truncated hash.
    #[must_use]
    pub fn id(&self) -> ClusterKeyId {
        let mut context = Context::new(&SHA256);
        context.update(ID_DOMAIN);
        context.update(self.0.as_ref());
        let mut id = [0; 8];
        id.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
        ClusterKeyId(id)
    }

    /// The key in base64: the content of its file, and its form in the recovery bundle.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0.as_ref()))
    }

    pub(super) fn from_text(text: &[u8]) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        Self::from_bytes(&bytes)
    }

    /// Writes the key in base64, mode 0600. Returns after it is on disk.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        let mut text = Zeroizing::new(String::with_capacity(KEY_BYTES * 2));
        text.push_str(&self.to_text());
        text.push('\n');
        private_file::write(path, text.as_bytes())
    }

    /// Reads the key: one line of base64. `None` when there is no file.
    ///
    /// # Errors
    /// When the file is unreadable, open to others, or holds no key.
    pub fn load(path: &Path) -> Result<Option<Self>, FileError> {
        let Some(text) = private_file::read(path)? else { return Ok(None) };
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let key = Self::from_text(line).ok_or_else(|| FileError::malformed(path, "not 32 bytes in base64"))?;
        Ok(Some(key))
    }

    /// Wraps data key number `id`: nonce, ciphertext, tag.
    pub(super) fn wrap(&self, id: u32, key: &[u8; KEY_BYTES], fill: Fill<'_>) -> Result<Vec<u8>, Unwrappable> {
        seal(&self.aead()?, &wrap_aad(id), key, fill).map_err(|Failed| Unwrappable)
    }

    /// Takes data key number `id` out again.
    pub(super) fn unwrap(&self, id: u32, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unwrappable> {
        let key = open(&self.aead()?, &wrap_aad(id), wrapped).map_err(|Failed| Unwrappable)?;
        if key.len() == KEY_BYTES { Ok(key) } else { Err(Unwrappable) }
    }

    fn aead(&self) -> Result<LessSafeKey, Unwrappable> {
        aead(self.0.as_ref()).map_err(|Failed| Unwrappable)
    }
}

fn wrap_aad(id: u32) -> Vec<u8> {
    [WRAP_DOMAIN, &id.to_be_bytes()].concat()
}

/// Sealing or opening failed; there is never more to say.
#[derive(Debug)]
pub(super) struct Failed;

/// An AES-256-GCM-SIV key (RFC 8452): a nonce drawn twice tells only that two equal texts are equal.
pub(super) fn aead(key: &[u8]) -> Result<LessSafeKey, Failed> {
    UnboundKey::new(&AES_256_GCM_SIV, key).map(LessSafeKey::new).map_err(|_| Failed)
}

/// Nonce, ciphertext, tag.
pub(super) fn seal(key: &LessSafeKey, aad: &[u8], plain: &[u8], fill: Fill<'_>) -> Result<Vec<u8>, Failed> {
    let nonce: [u8; NONCE_LEN] = random(fill);
    // Reserved in one piece, so that no outgrown copy of the plain text stays behind.
    let mut body = Vec::with_capacity(plain.len() + key.algorithm().tag_len());
    body.extend_from_slice(plain);
    let nonce_bytes = nonce;
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body).map_err(|_| Failed)?;
    Ok([nonce_bytes.as_slice(), &body].concat())
}

/// The inverse of [`seal`].
pub(super) fn open(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failed> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Failed)?;
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let len = key.open_in_place(nonce, Aad::from(aad), &mut body).map_err(|_| Failed)?.len();
    body.truncate(len);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::trust::testing::fill;

    #[test]
    fn file_round_trip_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.key");
        assert!(ClusterKey::load(&path).unwrap().is_none());
        let key = ClusterKey::generate(&fill);
        key.save(&path).unwrap();
        assert_eq!(ClusterKey::load(&path).unwrap().unwrap().expose(), key.expose());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(ClusterKey::load(&path), Err(FileError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_file_that_holds_no_key_is_named_and_its_content_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.key");
        let text = ClusterKey::generate(&fill).to_text();
        let contents = ["", "\n", &text[..40], &format!("{}\n\n", *text), &format!(" {}", *text), &"A".repeat(88)];
        for content in contents {
            fs::remove_file(&path).ok();
            private_file::write(&path, content.as_bytes()).unwrap();
            let Err(error) = ClusterKey::load(&path) else { panic!("{content:?} was read as a key") };
            assert!(error.to_string().contains("cluster.key: not 32 bytes in base64"), "{error}");
        }
    }

    #[test]
    fn data_keys_unwrap_under_their_cluster_key_and_number_only() {
        let (key, other) = (ClusterKey::generate(&fill), ClusterKey::generate(&fill));
        let data = [9; KEY_BYTES];
        let wrapped = key.wrap(3, &data, &fill).unwrap();
        assert_eq!(key.unwrap(3, &wrapped).unwrap().as_slice(), data);
        assert_eq!(key.unwrap(4, &wrapped), Err(Unwrappable), "another number");
        assert_eq!(other.unwrap(3, &wrapped), Err(Unwrappable), "another cluster key");
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(key.unwrap(3, &changed), Err(Unwrappable), "byte {at}");
            assert_eq!(key.unwrap(3, &wrapped[..at]), Err(Unwrappable), "cut at {at}");
        }
        assert_ne!(key.id(), other.id());
        assert_eq!(key.id(), ClusterKey::from_bytes(key.expose()).unwrap().id());
    }
}
