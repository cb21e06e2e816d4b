//! A member's folder with a life behind it, and copies of it to be damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use raft_store::{Node, Options, StartError};
use raft_store_core::{Freshness, Outcome, Request};
use tempfile::TempDir;

use crate::world::{Things, free_port, get, options, thing};

/// Records of the life, in tables and in the log.
pub(crate) const THINGS: u64 = 3_000;
/// Records of one transaction.
const AT_ONCE: u64 = 100;

static LIFE: LazyLock<TempDir> = LazyLock::new(|| {
    // The tests run on threads of their own, some within a runtime.
    std::thread::spawn(|| {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(live(folder.path()));
        folder
    })
    .join()
    .unwrap()
});

async fn fill(node: &Node, ids: std::ops::Range<u64>) {
    for from in ids.clone().step_by(usize::try_from(AT_ONCE).unwrap()) {
        let (store, request) = (node.store(), Request::new("test"));
        let written = store.transact(&request, |tx| {
            for id in from..(from + AT_ONCE).min(ids.end) {
                tx.insert::<Things>(id, thing(id))?.unwrap();
            }
            Ok(Outcome::Commit(()))
        });
        written.await.unwrap();
    }
}

/// Two runs: what the first one wrote is in files of tables, of the second one in the write-ahead log.
async fn live(folder: &Path) {
    let (node, _) = raft_store::init(options(folder, free_port())).await.unwrap();
    fill(&node, 0..THINGS / 2).await;
    node.shutdown().await;
    drop(node);
    let node = raft_store::start(options(folder, free_port())).await.unwrap();
    leads(&node).await;
    fill(&node, THINGS / 2..THINGS).await;
    node.shutdown().await;
}

async fn leads(node: &Node) {
    crate::world::until("it leads", || node.control().status().state == "leader").await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A copy of the folder.
pub(crate) struct Copy(TempDir);

impl Copy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(LIFE.path(), folder.path());
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn options(&self) -> Options {
        options(self.path(), free_port())
    }

    /// Files of `db/` whose names end or begin so, the largest last.
    pub(crate) fn files(&self, matching: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path().join("db")).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<PathBuf> =
            entries.filter(|path| matching(&path.file_name().unwrap().to_string_lossy())).collect();
        found.sort_by_key(|path| fs::metadata(path).unwrap().len());
        found
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.files(|name| name.ends_with(".log")).pop().expect("a write-ahead log")
    }

    pub(crate) fn start(&self) -> Result<Life, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let node = runtime.block_on(raft_store::start(self.options()))?;
        Ok(Life { runtime, node })
    }

    /// What a start is refused with, in words.
    pub(crate) fn refused(&self) -> String {
        match self.start() {
            Ok(life) => panic!("it starts, with {} things", life.stop_counting()),
            Err(error @ StartError::Damaged { .. }) => error.to_string(),
            Err(error) => panic!("refused otherwise: {error:?}"),
        }
    }

    /// Starts, and expects everything to be there.
    pub(crate) fn is_whole(&self) {
        let life = self.start().unwrap();
        assert_eq!(life.stop_counting(), THINGS);
    }
}

/// A member that runs.
pub(crate) struct Life {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) node: Node,
}

impl Life {
    /// How many things there are, each read by itself once the node leads; then the node is stopped.
    pub(crate) fn stop_counting(self) -> u64 {
        self.runtime.block_on(async {
            leads(&self.node).await;
            let store = self.node.store();
            let mut found = 0;
            for id in 0..THINGS {
                if get(&store, Freshness::Linearizable, id).await.unwrap().is_some() {
                    found += 1;
                }
            }
            self.node.shutdown().await;
            found
        })
    }
}

/// Flips one bit in the middle of a part of a file: `at` of `of`.
pub(crate) fn flip(file: &Path, at: usize, of: usize) {
    let mut bytes = fs::read(file).unwrap();
    let place = bytes.len() * at / of;
    bytes[place] ^= 0x10;
    fs::write(file, bytes).unwrap();
}
