//! A disk in memory that forgets at a crash what was not synced (store.md 16), for the simulation.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::engine::{Batch, Engine, Frozen, Of, Pairs, RawPair, Reader};

mod volume;

/// A family's pairs. Views and checkpoints share them until the next write.
type Map = Arc<BTreeMap<Bytes, Bytes>>;
type Families = BTreeMap<String, Map>;

#[derive(Clone)]
enum Write {
    Set(Bytes, Option<Bytes>),
    Range(Bytes, Bytes),
}

type Writes = Vec<(String, Write)>;
type BeforeSync = Arc<dyn Fn() + Send + Sync>;

fn apply(families: &mut Families, writes: &Writes) {
    for (family, write) in writes {
        // Families go at once, the batches before may still be on their way.
        let Some(map) = families.get_mut(family) else { continue };
        let map = Arc::make_mut(map);
        match write {
            Write::Set(key, Some(value)) => drop(map.insert(key.clone(), value.clone())),
            Write::Set(key, None) => drop(map.remove(key)),
            Write::Range(from, to) => {
                let gone: Vec<Bytes> = range(map, from, Some(&to[..])).map(|(key, _)| key.clone()).collect();
                for key in &gone {
                    map.remove(key);
                }
            }
        }
    }
}

fn range<'a>(
    map: &'a BTreeMap<Bytes, Bytes>,
    from: &[u8],
    to: Option<&[u8]>,
) -> impl Iterator<Item = (&'a Bytes, &'a Bytes)> + use<'a> {
    let empty = to.is_some_and(|to| from >= to);
    let to = if empty { Bound::Excluded(from) } else { to.map_or(Bound::Unbounded, Bound::Excluded) };
    map.range::<[u8], _>((Bound::Included(from), to))
}

fn boxed((key, value): (&Bytes, &Bytes)) -> RawPair {
    (Box::from(&key[..]), Box::from(&value[..]))
}

fn gone(what: &dyn fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("there is no {what}"))
}

#[derive(Default)]
struct Inner {
    /// What a crash leaves for certain.
    durable: Families,
    /// What reads see.
    current: Families,
    /// Batches that are in `current` alone, oldest first.
    pending: VecDeque<Writes>,
    files: BTreeMap<PathBuf, volume::File>,
    /// Counts crashes: who opened it before reaches it no more.
    life: u64,
    syncs: u64,
    before_sync: Option<BeforeSync>,
}

impl Inner {
    fn sync(&mut self) {
        for writes in std::mem::take(&mut self.pending) {
            apply(&mut self.durable, &writes);
        }
        self.syncs += 1;
    }
}

/// The disk of one simulated node. It outlives the node's crashes. Cheap to clone; all clones are one disk.
#[derive(Clone, Default)]
pub struct FakeDisk(Arc<Mutex<Inner>>);

impl fmt::Debug for FakeDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeDisk")
    }
}

impl FakeDisk {
    /// Loses what was not synced, except for the batches that `kept`, given their number, lets through: a prefix.
    /// Returns how many batches were lost.
    pub fn crash(&self, kept: impl FnOnce(usize) -> usize) -> usize {
        let mut inner = self.0.lock();
        let kept = kept(inner.pending.len()).min(inner.pending.len());
        let lost = inner.pending.len() - kept;
        for writes in std::mem::take(&mut inner.pending).into_iter().take(kept) {
            apply(&mut inner.durable, &writes);
        }
        inner.current = inner.durable.clone();
        inner.life += 1;
        lost
    }

    /// How often it was synced.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.0.lock().syncs
    }

    /// Has this called at the beginning of each sync, which goes on when it returns.
    #[cfg(test)]
    pub(crate) fn before_sync(&self, before: impl Fn() + Send + Sync + 'static) {
        self.0.lock().before_sync = Some(Arc::new(before));
    }

    /// Opens the disk's database, with `fresh` families in a new one.
    pub(crate) fn open(&self, fresh: &[&str]) -> FakeEngine {
        let mut inner = self.0.lock();
        if inner.current.is_empty() {
            for family in fresh {
                inner.current.insert((*family).to_owned(), Map::default());
                inner.durable.insert((*family).to_owned(), Map::default());
            }
        }
        FakeEngine { disk: self.clone(), life: inner.life }
    }
}

/// The database on a [`FakeDisk`], until the next crash.
pub(crate) struct FakeEngine {
    disk: FakeDisk,
    life: u64,
}

impl FakeEngine {
    fn with<T>(&self, f: impl FnOnce(&mut Inner) -> io::Result<T>) -> io::Result<T> {
        let mut inner = self.disk.0.lock();
        if inner.life != self.life {
            return Err(io::Error::other("the machine has crashed"));
        }
        f(&mut inner)
    }

    fn map(&self, family: &str) -> io::Result<Map> {
        self.with(|inner| inner.current.get(family).cloned().ok_or_else(|| gone(&family)))
    }
}

struct FakeFrozen([Map; 2]);

impl FakeFrozen {
    const fn of(&self, of: Of) -> &Map {
        let [first, second] = &self.0;
        match of {
            Of::First => first,
            Of::Second => second,
        }
    }
}

impl Frozen for FakeFrozen {
    fn get(&self, of: Of, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        Ok(self.of(of).get(key).map(|value| value.to_vec()))
    }

    fn scan<'a>(&'a self, of: Of, from: &[u8], to: Option<&[u8]>) -> Pairs<'a> {
        Box::new(range(self.of(of), from, to).map(|pair| Ok(boxed(pair))))
    }
}

struct FakeBatch<'a> {
    engine: &'a FakeEngine,
    families: [String; 2],
    writes: Writes,
    bytes: usize,
}

impl FakeBatch<'_> {
    fn push(&mut self, of: Of, bytes: usize, write: Write) {
        let [first, second] = &self.families;
        let family = if of == Of::First { first } else { second };
        self.bytes += bytes;
        self.writes.push((family.clone(), write));
    }
}

impl Batch for FakeBatch<'_> {
    fn put(&mut self, of: Of, key: &[u8], value: &[u8]) {
        let write = Write::Set(Bytes::copy_from_slice(key), Some(Bytes::copy_from_slice(value)));
        self.push(of, key.len() + value.len(), write);
    }

    fn delete(&mut self, of: Of, key: &[u8]) {
        self.push(of, key.len(), Write::Set(Bytes::copy_from_slice(key), None));
    }

    fn delete_range(&mut self, of: Of, from: &[u8], to: &[u8]) {
        let write = Write::Range(Bytes::copy_from_slice(from), Bytes::copy_from_slice(to));
        self.push(of, from.len() + to.len(), write);
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn commit(self: Box<Self>, synced: bool) -> io::Result<()> {
        let writes = self.writes;
        self.engine.with(|inner| {
            apply(&mut inner.current, &writes);
            inner.pending.push_back(writes);
            if synced {
                inner.sync();
            }
            Ok(())
        })
    }
}

impl Reader for FakeEngine {
    fn get(&self, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        Ok(self.map(family)?.get(key).map(|value| value.to_vec()))
    }

    fn freeze<'a>(&'a self, [first, second]: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>> {
        Ok(Box::new(FakeFrozen([self.map(first)?, self.map(second)?])))
    }
}

impl Engine for FakeEngine {
    fn families(&self) -> io::Result<Vec<String>> {
        self.with(|inner| Ok(inner.current.keys().cloned().collect()))
    }

    fn scan<'a>(&'a self, family: &str, from: &[u8], to: Option<&[u8]>) -> io::Result<Pairs<'a>> {
        let pairs: Vec<_> = range(&*self.map(family)?, from, to).map(|pair| Ok(boxed(pair))).collect();
        Ok(Box::new(pairs.into_iter()))
    }

    fn last(&self, family: &str) -> io::Result<Option<RawPair>> {
        Ok(self.map(family)?.last_key_value().map(boxed))
    }

    fn batch<'a>(&'a self, families: [&str; 2]) -> io::Result<Box<dyn Batch + 'a>> {
        Ok(Box::new(FakeBatch { engine: self, families: families.map(str::to_owned), writes: Vec::new(), bytes: 0 }))
    }

    fn sync(&self) -> io::Result<()> {
        let before = self.disk.0.lock().before_sync.clone();
        if let Some(before) = before {
            before();
        }
        self.with(|inner| {
            inner.sync();
            Ok(())
        })
    }

    fn create(&self, family: &str) -> io::Result<()> {
        self.with(|inner| {
            inner.current.insert(family.to_owned(), Map::default());
            inner.durable.insert(family.to_owned(), Map::default());
            Ok(())
        })
    }

    fn remove(&self, family: &str) -> io::Result<()> {
        self.with(|inner| {
            inner.durable.remove(family);
            inner.current.remove(family).map(drop).ok_or_else(|| gone(&family))
        })
    }

    fn ingest(&self, family: &str, run: &Path) -> io::Result<()> {
        self.with(|inner| {
            let map = volume::take_run(&mut inner.files, run)?;
            if inner.current.get(family).is_none_or(|known| !known.is_empty()) {
                return Err(io::Error::other("only an empty family takes a sorted run"));
            }
            inner.current.insert(family.to_owned(), Arc::clone(&map));
            inner.durable.insert(family.to_owned(), map);
            Ok(())
        })
    }

    fn checkpoint(&self, path: &Path) -> io::Result<()> {
        self.with(|inner| {
            inner.sync();
            inner.files.insert(path.to_owned(), volume::File::Checkpoint(inner.current.clone()));
            Ok(())
        })
    }

    fn reclaim(&self, family: &str, to: &[u8]) -> io::Result<()> {
        self.with(|inner| {
            for families in [&mut inner.durable, &mut inner.current] {
                if let Some(map) = families.get_mut(family) {
                    let kept = Arc::make_mut(map).split_off(to);
                    *map = Arc::new(kept);
                }
            }
            Ok(())
        })
    }

    fn property(&self, _: &str, _: &str) -> Option<u64> {
        None
    }

    fn close(&self) {}
}
