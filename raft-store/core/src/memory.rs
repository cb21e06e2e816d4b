//! A store in memory: one replica, no log. For tests of the domain and of protocols, and for the simulator's model.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use prost::Message;
use zeroize::Zeroizing;

use crate::apply::{self, Overlay, Position, Verdict};
use crate::ids::{AttemptId, Level, Revision, Timestamp};
use crate::kv::{Batch, Kv, KvError, Pair, ReadKv, Space, Write};
use crate::outcomes::Outcomes;
use crate::read::Abort;
use crate::seal::{SealError, Sealed, Sealer};
use crate::store::{Backend, BoxFuture, Done, Freshness, Outcome, Request, StoreError, TxFn, ViewFn};
use crate::tx::Tx;
use crate::view::View;
use crate::wire;

mod tally;

use tally::{Counted, Tally};
pub use tally::{Reads, Written};

type Map = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

/// Ordered maps in memory, with a durable and a pending half.
#[derive(Clone, Default)]
pub struct MemoryKv {
    pending: Arc<Mutex<Arc<Map>>>,
    durable: Arc<Mutex<Arc<Map>>>,
}

/// A snapshot of a [`MemoryKv`].
#[derive(Clone)]
pub struct MemorySnapshot(Arc<Map>);

impl MemoryKv {
    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> MemorySnapshot {
        MemorySnapshot(Arc::clone(&self.pending.lock()))
    }

    /// What a power cut would leave.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        let durable = Arc::clone(&self.durable.lock());
        Self { pending: Arc::new(Mutex::new(Arc::clone(&durable))), durable: Arc::new(Mutex::new(durable)) }
    }

    /// Every pair, for comparing replicas byte by byte.
    #[must_use]
    pub fn dump(&self) -> Vec<(Space, Vec<u8>, Vec<u8>)> {
        let map = Arc::clone(&self.pending.lock());
        map.iter().map(|((space, key), value)| (*space, key.clone(), value.clone())).collect()
    }
}

impl Kv for MemoryKv {
    type Snapshot<'a> = MemorySnapshot;

    fn snapshot(&self) -> Result<MemorySnapshot, KvError> {
        Ok(Self::snapshot(self))
    }

    fn write(&self, batch: Batch) -> Result<(), KvError> {
        let mut pending = self.pending.lock();
        let map = Arc::make_mut(&mut pending);
        for write in batch.writes {
            match write {
                Write::Set(space, key, Some(value)) => {
                    map.insert((space, key), value);
                }
                Write::Set(space, key, None) => {
                    map.remove(&(space, key));
                }
                Write::DeleteRange(space, from, to) => {
                    let gone: Vec<_> = map.range((space, from)..(space, to)).map(|(key, _)| key.clone()).collect();
                    for key in gone {
                        map.remove(&key);
                    }
                }
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), KvError> {
        *self.durable.lock() = Arc::clone(&self.pending.lock());
        Ok(())
    }
}

impl ReadKv for MemorySnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.0.get(&(space, key.to_vec())).cloned())
    }

    fn range(&self, space: Space, from: &[u8], to: &[u8], limit: usize) -> Result<Vec<Pair>, KvError> {
        if from >= to {
            return Ok(Vec::new());
        }
        let range = self.0.range((space, from.to_vec())..(space, to.to_vec()));
        Ok(range.take(limit).map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }
}

/// Does not encrypt, but binds a value to its record as the real one does. For tests only.
pub struct PlainSealer;

impl Sealer for PlainSealer {
    fn seal(&self, record: &[u8], plain: &[u8]) -> Result<Sealed, SealError> {
        let mut out = u32::try_from(record.len()).map_err(|_| SealError::Forged)?.to_be_bytes().to_vec();
        out.extend_from_slice(record);
        out.extend(plain.iter().map(|byte| byte ^ 0x5a));
        Ok(Sealed(out))
    }

    fn open(&self, record: &[u8], sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (len, rest) = sealed.0.split_first_chunk::<4>().ok_or(SealError::Forged)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| SealError::Forged)?;
        let (bound, plain) = rest.split_at_checked(len).ok_or(SealError::Forged)?;
        if bound != record {
            return Err(SealError::Forged);
        }
        Ok(Zeroizing::new(plain.iter().map(|byte| byte ^ 0x5a).collect()))
    }
}

struct Replica {
    kv: MemoryKv,
    outcomes: Outcomes,
    position: Position,
    now: Timestamp,
    written: Written,
}

/// A [`Backend`] over one [`MemoryKv`]. Its clock stands still until it is moved.
pub struct MemoryStore {
    replica: Mutex<Replica>,
    tally: Tally,
}

impl MemoryStore {
    /// An empty store at this cluster time.
    #[must_use]
    pub fn new(now: Timestamp) -> Arc<Self> {
        let position = Position { level: Level::FIRST, ..Position::default() };
        let (kv, outcomes) = (MemoryKv::default(), Outcomes::default());
        let replica = Mutex::new(Replica { kv, outcomes, position, now, written: Written::default() });
        Arc::new(Self { replica, tally: Tally::default() })
    }

    /// Moves cluster time.
    pub fn set_now(&self, now: Timestamp) {
        self.replica.lock().now = now;
    }

    /// The state.
    #[must_use]
    pub fn kv(&self) -> MemoryKv {
        self.replica.lock().kv.clone()
    }

    /// How often the state was read so far.
    #[must_use]
    pub fn reads(&self) -> Reads {
        self.tally.reads()
    }

    /// What the last transaction that was applied came to.
    #[must_use]
    pub fn written(&self) -> Written {
        self.replica.lock().written
    }

    /// Runs a transaction now.
    ///
    /// # Errors
    /// As [`crate::Store::transact`].
    pub fn run<A>(&self, mut f: impl FnMut(&mut Tx<'_>) -> Result<Outcome<A>, Abort>) -> Result<A, StoreError> {
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
        self.commit(&mut run)?;
        answer.ok_or(StoreError::Stopped)
    }

    /// Reads now.
    ///
    /// # Errors
    /// As [`crate::Store::view`].
    pub fn look<A>(&self, f: impl FnOnce(&View<'_>) -> Result<A, Abort>) -> Result<A, StoreError> {
        let replica = self.replica.lock();
        let snapshot = replica.kv.snapshot();
        let now = replica.now;
        drop(replica);
        let counted = Counted { kv: &snapshot, tally: &self.tally };
        View::open(&counted, &PlainSealer, now).and_then(|view| f(&view)).map_err(|abort| error(&abort))
    }

    fn commit(&self, f: &mut dyn FnMut(&mut Tx<'_>) -> Result<Outcome<()>, Abort>) -> Result<Done<()>, StoreError> {
        let mut replica = self.replica.lock();
        let snapshot = replica.kv.snapshot();
        let now = replica.now.max(replica.position.clock);
        let counted = Counted { kv: &snapshot, tally: &self.tally };
        let view = View::open(&counted, &PlainSealer, now).map_err(|abort| error(&abort))?;
        let mut tx = Tx::new(view);
        let index = Revision(replica.position.applied.0 + 1);
        match f(&mut tx).map_err(|abort| error(&abort))? {
            Outcome::Answer(()) => Ok(Done { answer: (), revision: replica.position.applied, age: Duration::ZERO }),
            Outcome::Commit(()) => {
                let mut attempt = [0; 16];
                attempt[..8].copy_from_slice(&index.0.to_be_bytes());
                let entry = tx.finish(AttemptId(attempt), now.plus_ms(5_000)).map_err(|abort| error(&abort))?;
                let bytes = entry.encode_to_vec();
                let mut entry = wire::Entry::decode(bytes.as_slice()).map_err(|_| StoreError::Stopped)?;
                entry.stamp_ms = now.0;
                let replica = &mut *replica;
                replica.written = Written::of(&entry, bytes.len());
                let mut overlay = Overlay::new(&snapshot);
                let applied = apply::apply(&mut overlay, &mut replica.outcomes, &mut replica.position, index, &entry)
                    .map_err(|_| StoreError::Stopped)?;
                overlay.push(replica.position.write());
                let batch = overlay.into_batch();
                // A snapshot that is still held would make the map copy itself at this write.
                drop(snapshot);
                replica.kv.write(batch).map_err(|_| StoreError::Stopped)?;
                match applied.verdict {
                    Verdict::Committed => Ok(Done { answer: (), revision: index, age: Duration::ZERO }),
                    _ => Err(StoreError::Contended),
                }
            }
        }
    }
}

fn error(abort: &Abort) -> StoreError {
    if abort.is_too_large() {
        StoreError::TooLarge
    } else if abort.is_sealed() {
        StoreError::Sealed
    } else {
        StoreError::Stopped
    }
}

impl Backend for MemoryStore {
    fn transact<'a>(&'a self, _: &'a Request, f: &'a mut TxFn<'_>) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        let done = self.commit(f);
        Box::pin(std::future::ready(done))
    }

    fn view<'a>(
        &'a self,
        _: &'a Request,
        _: Freshness,
        f: &'a mut ViewFn<'_>,
    ) -> BoxFuture<'a, Result<Done<()>, StoreError>> {
        let done = self.look(|view| {
            f(view)?;
            Ok(Done { answer: (), revision: view.position().applied, age: Duration::ZERO })
        });
        Box::pin(std::future::ready(done))
    }
}
