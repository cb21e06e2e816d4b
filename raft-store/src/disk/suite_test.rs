//! openraft's own storage suite, on RocksDB and on the simulation's disk.

use std::path::Path;
use std::sync::Arc;

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use raft_store_core::memory::PlainSealer;
use tempfile::TempDir;

use super::{Database, FakeDisk, LogStore, SyncThread};
use crate::env::SharedEnv;
use crate::machine::Machine;
use crate::types::TypeConfig;

struct Guard {
    _folder: Option<TempDir>,
    database: Arc<Database>,
    sync: Arc<SyncThread>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.sync.stop();
        self.database.close();
    }
}

struct Builder {
    simulated: bool,
}

impl StoreBuilder<TypeConfig, LogStore, Machine, Guard> for Builder {
    async fn build(&self) -> Result<(Guard, LogStore, Machine), StorageError<TypeConfig>> {
        let (folder, database) = if self.simulated {
            (None, Database::fake(&FakeDisk::default(), Path::new("/node")).unwrap())
        } else {
            let folder = tempfile::tempdir().unwrap();
            let database = Database::open(folder.path()).unwrap();
            (Some(folder), database)
        };
        let database = Arc::new(database);
        let sync = SyncThread::start(Arc::clone(&database), None).unwrap();
        let log = LogStore::open(Arc::clone(&database), Arc::clone(&sync)).unwrap();
        let machine = Machine::open(Arc::clone(&database), SharedEnv::system(), Arc::new(PlainSealer)).unwrap();
        Ok((Guard { _folder: folder, database, sync }, log, machine))
    }
}

fn passes(builder: Builder) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(Suite::test_all(builder)).unwrap();
}

#[test]
fn openraft_storage_suite_passes() {
    passes(Builder { simulated: false });
}

#[test]
fn openraft_storage_suite_passes_on_the_simulated_disk() {
    passes(Builder { simulated: true });
}
