//! How many flushes appends cost.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use openraft::EntryPayload;
use openraft::storage::{IOFlushed, RaftLogStorage};
use openraft::type_config::TypeConfigExt;
use openraft::vote::RaftLeaderId;
use parking_lot::Mutex;

use super::{Database, FakeDisk, LogStore, SyncThread};
use crate::types::{Entry, LeaderId, LogId, TypeConfig};

/// Syncs of this disk announce themselves to the one, and wait for the other.
fn hold(disk: &FakeDisk) -> (Receiver<()>, Sender<()>) {
    let (begins, begun) = mpsc::channel();
    let (go, goes) = mpsc::channel();
    let goes = Mutex::new(goes);
    disk.before_sync(move || {
        let _ = begins.send(());
        let _ = goes.lock().recv();
    });
    (begun, go)
}

#[tokio::test]
async fn appends_that_come_during_a_flush_share_exactly_one_more() {
    const LATE: u64 = 64;
    let disk = FakeDisk::default();
    let database = Arc::new(Database::fake(&disk, Path::new("/node")).unwrap());
    let sync = SyncThread::start(Arc::clone(&database), None).unwrap();
    let mut log = LogStore::open(Arc::clone(&database), Arc::clone(&sync)).unwrap();
    let mut append = async |index, flushed| {
        let log_id = LogId::new(LeaderId::new(1, 1), index);
        let entry = Entry { log_id, payload: EntryPayload::Blank };
        log.append([entry], IOFlushed::signal(flushed)).await.unwrap();
    };
    let (begun, go) = hold(&disk);
    let before = disk.syncs();

    let (flushed, early) = TypeConfig::oneshot();
    append(1, flushed).await;
    begun.recv().unwrap();
    let mut late = Vec::new();
    for index in 2..2 + LATE {
        let (flushed, receiver) = TypeConfig::oneshot();
        append(index, flushed).await;
        late.push(receiver);
    }
    go.send(()).unwrap();
    early.await.unwrap().unwrap();
    begun.recv().unwrap();
    assert!(late.iter_mut().all(|late| late.try_recv().is_err()), "the first flush may have come too early for them");
    // From here on nothing is held.
    drop(go);
    for late in late {
        late.await.unwrap().unwrap();
    }
    sync.stop();
    assert_eq!(disk.syncs() - before, 2);
    database.close();
}
