//! openraft's own storage suite, and damage to the log's tail, on real RocksDB.

use std::sync::Arc;

use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use raft_store_core::memory::PlainSealer;
use tempfile::TempDir;

use super::{Database, LogStore, SyncThread};
use crate::env::SharedEnv;
use crate::machine::Machine;
use crate::types::TypeConfig;

struct Guard {
    _folder: TempDir,
    database: Arc<Database>,
    sync: Arc<SyncThread>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.sync.stop();
        self.database.close();
    }
}

struct Builder;

impl StoreBuilder<TypeConfig, LogStore, Machine, Guard> for Builder {
    async fn build(&self) -> Result<(Guard, LogStore, Machine), StorageError<TypeConfig>> {
        let folder = tempfile::tempdir().unwrap();
        let database = Arc::new(Database::open(folder.path()).unwrap());
        let sync = SyncThread::start(Arc::clone(&database), None).unwrap();
        let log = LogStore::open(Arc::clone(&database), Arc::clone(&sync)).unwrap();
        let machine = Machine::open(Arc::clone(&database), SharedEnv::system(), Arc::new(PlainSealer)).unwrap();
        Ok((Guard { _folder: folder, database, sync }, log, machine))
    }
}

#[test]
fn openraft_storage_suite_passes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(Suite::test_all(Builder)).unwrap();
}
