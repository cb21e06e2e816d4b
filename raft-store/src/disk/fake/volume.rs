//! The fake disk's folders.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{FakeDisk, FakeFrozen, Families, Map, gone};
use crate::disk::engine::{Frozen, Reader, SortedRun, Volume};

/// What lies at a path. All of it survives crashes.
pub(super) enum File {
    Folder,
    Checkpoint(Families),
    Run(Map),
}

/// Takes a finished run away.
pub(super) fn take_run(files: &mut BTreeMap<PathBuf, File>, path: &Path) -> io::Result<Map> {
    match files.remove(path) {
        Some(File::Run(map)) => Ok(map),
        _ => Err(gone(&path.display())),
    }
}

struct Checkpoint(Families);

impl Checkpoint {
    fn map(&self, family: &str) -> io::Result<Map> {
        self.0.get(family).cloned().ok_or_else(|| gone(&family))
    }
}

impl Reader for Checkpoint {
    fn get(&self, family: &str, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        Ok(self.map(family)?.get(key).map(|value| value.to_vec()))
    }

    fn freeze<'a>(&'a self, [first, second]: [&str; 2]) -> io::Result<Box<dyn Frozen + 'a>> {
        Ok(Box::new(FakeFrozen([self.map(first)?, self.map(second)?])))
    }
}

struct Run {
    disk: FakeDisk,
    path: PathBuf,
    pairs: BTreeMap<Bytes, Bytes>,
}

impl SortedRun for Run {
    fn put(&mut self, key: &[u8], value: &[u8]) -> io::Result<()> {
        if self.pairs.last_key_value().is_some_and(|(last, _)| **last >= *key) {
            return Err(io::Error::other("keys out of order"));
        }
        self.pairs.insert(Bytes::copy_from_slice(key), Bytes::copy_from_slice(value));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let map = Arc::new(std::mem::take(&mut self.pairs));
        self.disk.0.lock().files.insert(self.path.clone(), File::Run(map));
        Ok(())
    }
}

impl Volume for FakeDisk {
    fn open_checkpoint(&self, path: &Path) -> io::Result<Box<dyn Reader>> {
        match self.0.lock().files.get(path) {
            Some(File::Checkpoint(families)) => Ok(Box::new(Checkpoint(families.clone()))),
            _ => Err(gone(&path.display())),
        }
    }

    fn sorted_run(&self, path: &Path) -> io::Result<Box<dyn SortedRun>> {
        Ok(Box::new(Run { disk: self.clone(), path: path.to_owned(), pairs: BTreeMap::new() }))
    }

    fn create(&self, folder: &Path) -> io::Result<()> {
        let mut inner = self.0.lock();
        for path in folder.ancestors() {
            inner.files.entry(path.to_owned()).or_insert(File::Folder);
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let inner = self.0.lock();
        Ok(inner.files.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.lock().files.contains_key(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.0.lock();
        let moved: Vec<PathBuf> = inner.files.keys().filter(|path| path.starts_with(from)).cloned().collect();
        if moved.is_empty() {
            return Err(gone(&from.display()));
        }
        for path in moved {
            let rest = path.strip_prefix(from).map_err(io::Error::other)?;
            let target = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
            if let Some(file) = inner.files.remove(&path) {
                inner.files.insert(target, file);
            }
        }
        Ok(())
    }

    fn remove(&self, folder: &Path) -> io::Result<()> {
        let mut inner = self.0.lock();
        let before = inner.files.len();
        inner.files.retain(|path, _| !path.starts_with(folder));
        if inner.files.len() == before { Err(gone(&folder.display())) } else { Ok(()) }
    }
}
