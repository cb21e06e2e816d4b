//! Sealing of fields under the keyring.
//!
//! Sealed: version (1 byte, 1), data key number (4 bytes, big endian), nonce (12 bytes), ciphertext with tag. The
//! record's physical key is associated data, so that a ciphertext opens in the record it was sealed for and in no
//! other.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use aws_lc_rs::aead::LessSafeKey;
use raft_store_core::seal::SealError;
use raft_store_core::{Abort, Read, Revision, Sealed, Sealer, View};
use zeroize::Zeroizing;

use super::cluster_key::{self, ClusterKey};
use super::keyring::{self, DataKey, KeyringError};

const VERSION: u8 = 1;

/// Gives nonces to whichever thread seals.
type FillShared = dyn Fn(&mut [u8]) + Send + Sync;

/// Data keys in the clear.
struct Ring {
    /// The view they were read from: a later reading is never replaced by an earlier one.
    at: Revision,
    /// The one that seals.
    sealing: u32,
    keys: BTreeMap<u32, LessSafeKey>,
}

impl Ring {
    fn of<'a>(at: Revision, keys: impl Iterator<Item = (&'a DataKey, bool)>) -> Result<Self, KeyringError> {
        let mut ring = Self { at, sealing: 0, keys: BTreeMap::new() };
        for (key, seals) in keys {
            let aead = cluster_key::aead(key.bytes()).map_err(|_| KeyringError::Damaged(key.id()))?;
            ring.keys.insert(key.id(), aead);
            if seals {
                ring.sealing = ring.sealing.max(key.id());
            }
        }
        if ring.keys.contains_key(&ring.sealing) { Ok(ring) } else { Err(KeyringError::Empty) }
    }
}

/// A [`Sealer`] over the replicated keyring. Without a cluster key every call answers [`SealError::NodeSealed`].
pub struct KeyringSealer {
    fill: Box<FillShared>,
    cluster_key: ArcSwapOption<ClusterKey>,
    ring: ArcSwapOption<Ring>,
}

impl KeyringSealer {
    /// A sealed node's. `fill` gives the nonces.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { fill: Box::new(fill), cluster_key: ArcSwapOption::empty(), ring: ArcSwapOption::empty() }
    }

    /// Begins with a key that is about to be the first of a new keyring: the transaction that writes keyring and
    /// cluster record seals under it already.
    ///
    /// # Errors
    /// [`KeyringError::Damaged`] when the crypto provider fails.
    pub fn begin(&self, cluster_key: ClusterKey, first: &DataKey) -> Result<(), KeyringError> {
        let ring = Ring::of(Revision(0), std::iter::once((first, true)))?;
        self.ring.store(Some(Arc::new(ring)));
        self.cluster_key.store(Some(Arc::new(cluster_key)));
        Ok(())
    }

    /// Opens the keyring of a view with a cluster key, and keeps both. When it fails, nothing changes.
    ///
    /// # Errors
    /// Inner: [`KeyringError`]. Outer: when storage fails.
    pub fn unseal(&self, cluster_key: ClusterKey, view: &View<'_>) -> Result<Result<(), KeyringError>, Abort> {
        let opened = self.open_ring(&cluster_key, view)?;
        Ok(opened.map(|()| self.cluster_key.store(Some(Arc::new(cluster_key)))))
    }

    /// Reads the keyring of a view again, after it was written. A sealed node stays sealed. When it fails, nothing
    /// changes.
    ///
    /// # Errors
    /// Inner: [`KeyringError`]. Outer: when storage fails.
    pub fn reload(&self, view: &View<'_>) -> Result<Result<(), KeyringError>, Abort> {
        match self.cluster_key.load_full() {
            Some(key) => self.open_ring(&key, view),
            None => Ok(Ok(())),
        }
    }

    fn open_ring(&self, key: &ClusterKey, view: &View<'_>) -> Result<Result<(), KeyringError>, Abort> {
        let ring = keyring::open(view, key)?
            .and_then(|keys| Ring::of(view.revision(), keys.iter().map(|opened| (&opened.key, opened.seals))));
        Ok(ring.map(|ring| {
            let ring = Arc::new(ring);
            self.ring.rcu(|held| match held {
                Some(held) if held.at > ring.at => Some(Arc::clone(held)),
                _ => Some(Arc::clone(&ring)),
            });
        }))
    }

    /// Whether the node can neither seal nor open.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.ring.load().is_none()
    }

    /// The number of the data key that seals.
    #[must_use]
    pub fn sealing(&self) -> Option<u32> {
        self.ring.load().as_ref().map(|ring| ring.sealing)
    }

    /// The cluster key, for a node that joins.
    #[must_use]
    pub fn cluster_key(&self) -> Option<Arc<ClusterKey>> {
        self.cluster_key.load_full()
    }
}

impl Sealer for KeyringSealer {
    fn seal(&self, record: &[u8], plain: &[u8]) -> Result<Sealed, SealError> {
        let ring = self.ring.load();
        let ring = ring.as_ref().ok_or(SealError::NodeSealed)?;
        let key = ring.keys.get(&ring.sealing).ok_or(SealError::NodeSealed)?;
        let body = cluster_key::seal(key, record, plain, &self.fill).map_err(|_| SealError::Forged)?;
        Ok(Sealed([&[VERSION], ring.sealing.to_be_bytes().as_slice(), &body].concat()))
    }

    fn open(&self, record: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let ring = self.ring.load();
        let ring = ring.as_ref().ok_or(SealError::NodeSealed)?;
        let (version, rest) = sealed.0.split_first().ok_or(SealError::Forged)?;
        let (id, body) = rest.split_first_chunk::<4>().ok_or(SealError::Forged)?;
        if *version != VERSION {
            return Err(SealError::Forged);
        }
        // A number that this node doesn't have yet: it is sealed as far as this record goes.
        let key = ring.keys.get(&u32::from_be_bytes(*id)).ok_or(SealError::NodeSealed)?;
        cluster_key::open(key, record, body).map_err(|_| SealError::Forged)
    }
}

/// The number of the data key that a field is sealed under.
pub(super) fn data_key_of(sealed: &[u8]) -> Option<u32> {
    let (_, rest) = sealed.split_first()?;
    rest.first_chunk::<4>().map(|id| u32::from_be_bytes(*id))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use raft_store_core::Outcome;
    use raft_store_core::memory::{MemoryStore, PlainSealer};

    use super::*;
    use crate::trust::hex::Hex;
    use crate::trust::keyring::FIRST;
    use crate::trust::testing::{NOW, fill};

    fn fresh() -> (KeyringSealer, ClusterKey, DataKey) {
        let (sealer, key, data) =
            (KeyringSealer::new(fill), ClusterKey::generate(&fill), DataKey::generate(FIRST, &fill));
        sealer.begin(key.clone(), &data).unwrap();
        (sealer, key, data)
    }

    fn add(store: &MemoryStore, data: &DataKey, under: &ClusterKey) {
        let wrapping = keyring::wrapped(data, under, &fill).unwrap();
        store.run(|tx| keyring::add(tx, data.id(), &wrapping).map(Outcome::Commit)).unwrap();
    }

    fn with_view<A>(store: &MemoryStore, f: impl FnOnce(&View<'_>) -> A) -> A {
        let snapshot = store.kv().snapshot();
        f(&View::open(&snapshot, &PlainSealer, NOW).unwrap())
    }

    #[test]
    fn what_was_sealed_for_a_record_opens_there_and_nowhere_else() {
        let (sealer, ..) = fresh();
        let (one, two) = (sealer.seal(b"row 1", b"secret").unwrap(), sealer.seal(b"row 2", b"other").unwrap());
        assert_eq!(sealer.open(b"row 1", &one).unwrap().as_slice(), b"secret");
        assert_eq!(sealer.open(b"row 1", &two), Err(SealError::Forged), "swapped");
        assert_eq!(sealer.open(b"row 2", &one), Err(SealError::Forged), "swapped");
        let empty = sealer.seal(b"row 3", b"").unwrap();
        assert!(sealer.open(b"row 3", &empty).unwrap().is_empty());
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (sealer, ..) = fresh();
        let field = sealer.seal(b"row", b"secret").unwrap();
        for at in 0..field.0.len() {
            let mut changed = field.clone();
            changed.0[at] ^= 0x80;
            assert!(sealer.open(b"row", &changed).is_err(), "byte {at}");
            assert!(sealer.open(b"row", &Sealed(field.0[..at].to_vec())).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn ten_thousand_seals_draw_ten_thousand_nonces() {
        let (sealer, ..) = fresh();
        let nonces: HashSet<Vec<u8>> =
            (0..10_000).map(|_| sealer.seal(b"row", b"same").unwrap().0[5..17].to_vec()).collect();
        assert_eq!(nonces.len(), 10_000);
    }

    #[test]
    fn layout_of_a_sealed_field() {
        let sealer = KeyringSealer::new(|bytes| bytes.fill(0x11));
        let first = DataKey::generate(FIRST, &|bytes| bytes.fill(0x22));
        sealer.begin(ClusterKey::generate(&fill), &first).unwrap();
        let field = sealer.seal(b"row", b"secret").unwrap().0;
        assert_eq!(field[..5], [1, 0, 0, 0, 1]);
        assert_eq!(field[5..17], [0x11; 12]);
        assert_eq!(field.len(), 17 + 6 + 16);
        assert_eq!(Hex(&field[17..]).to_string(), GOLDEN);
    }

    /// What the first release wrote for the test above.
    const GOLDEN: &str = "229878da7f7a071fd72907d9bc8c643b03108baee52b";

    #[test]
    fn a_node_without_cluster_key_is_sealed() {
        let (open, key, data) = fresh();
        let field = open.seal(b"row", b"secret").unwrap();
        let sealer = KeyringSealer::new(fill);
        assert!(sealer.is_sealed());
        assert_eq!(sealer.seal(b"row", b"secret"), Err(SealError::NodeSealed));
        assert_eq!(sealer.open(b"row", &field), Err(SealError::NodeSealed));
        let store = MemoryStore::new(NOW);
        add(&store, &data, &key);
        with_view(&store, |view| sealer.reload(view).unwrap().unwrap());
        assert!(sealer.is_sealed(), "reading the keyring again doesn't unseal");
        with_view(&store, |view| sealer.unseal(key.clone(), view).unwrap().unwrap());
        assert_eq!(sealer.open(b"row", &field).unwrap().as_slice(), b"secret");
        assert_eq!(sealer.cluster_key().unwrap().id(), key.id());
    }

    #[test]
    fn a_wrong_cluster_key_is_named_and_leaves_the_node_sealed() {
        let (_, key, data) = fresh();
        let store = MemoryStore::new(NOW);
        add(&store, &data, &key);
        let (sealer, wrong) = (KeyringSealer::new(fill), ClusterKey::generate(&fill));
        let held = wrong.id();
        let refused = with_view(&store, |view| sealer.unseal(wrong, view).unwrap());
        assert_eq!(refused, Err(KeyringError::WrongClusterKey { held, needed: key.id().to_string() }));
        assert!(sealer.is_sealed() && sealer.cluster_key().is_none());
    }

    #[test]
    fn a_damaged_or_missing_keyring_is_named() {
        let (_, key, _) = fresh();
        let store = MemoryStore::new(NOW);
        let sealer = KeyringSealer::new(fill);
        let refused = with_view(&store, |view| sealer.unseal(key.clone(), view).unwrap());
        assert_eq!(refused, Err(KeyringError::Empty));
        let moved = keyring::wrapped(&DataKey::generate(8, &fill), &key, &fill).unwrap();
        store.run(|tx| keyring::add(tx, 9, &moved).map(Outcome::Commit)).unwrap();
        let refused = with_view(&store, |view| sealer.unseal(key.clone(), view).unwrap());
        assert_eq!(refused, Err(KeyringError::Damaged(9)));
    }

    #[test]
    fn a_new_data_key_seals_after_reload_and_the_old_one_still_opens() {
        let (sealer, key, first) = fresh();
        let store = MemoryStore::new(NOW);
        add(&store, &first, &key);
        let old = sealer.seal(b"row", b"old").unwrap();
        let second = DataKey::generate(2, &fill);
        let earlier = store.kv().snapshot();
        add(&store, &second, &key);
        let ahead = KeyringSealer::new(fill);
        with_view(&store, |view| ahead.unseal(key.clone(), view).unwrap().unwrap());
        let new = ahead.seal(b"row", b"new").unwrap();
        assert_eq!(new.0[..5], [1, 0, 0, 0, 2]);
        assert_eq!(sealer.open(b"row", &new), Err(SealError::NodeSealed), "before reload");
        with_view(&store, |view| sealer.reload(view).unwrap().unwrap());
        View::open(&earlier, &PlainSealer, NOW).map(|view| sealer.reload(&view).unwrap().unwrap()).unwrap();
        assert_eq!(sealer.open(b"row", &new).unwrap().as_slice(), b"new", "an earlier reading doesn't take it away");
        assert_eq!(sealer.open(b"row", &old).unwrap().as_slice(), b"old");
    }
}
