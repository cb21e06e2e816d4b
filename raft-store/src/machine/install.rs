//! Installing a snapshot into a fresh generation, switched by one synced batch (raft-store page §4.7).

use std::io;
use std::sync::Arc;

use rocksdb::{IngestExternalFileOptions, WriteBatch};

use super::snapshot::{self, SnapshotSource};
use super::{Shared, apply, load_progress, stream};
use crate::disk::{Generation, RocksView, io_error};
use crate::types::SnapshotMeta;

/// Replaces the state by the snapshot. A crash at any point leaves either the old or the new state.
pub(super) async fn install(shared: &Arc<Shared>, meta: &SnapshotMeta, source: SnapshotSource) -> io::Result<()> {
    let (shared, meta) = (Arc::clone(shared), meta.clone());
    let work = tokio::task::spawn_blocking(move || install_blocking(&shared, &meta, source));
    work.await.map_err(|error| io::Error::other(error.to_string()))?
}

fn install_blocking(shared: &Arc<Shared>, meta: &SnapshotMeta, source: SnapshotSource) -> io::Result<()> {
    let database = &shared.database;
    let staged = stream::stage(&database.folder, source, meta)?;
    let next = Generation { number: database.generation.load().number + 1 };
    database.create_generation(&next)?;
    {
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        for (name, file) in
            [(next.state(), stream::state_file(&staged)), (next.outcomes(), stream::outcomes_file(&staged))]
        {
            // No outcome may be left to remember; a state always has its position.
            if file.exists() || name == next.state() {
                let family = database.cf(&name)?;
                database.db.ingest_external_file_cf_opts(&family, &options, vec![file]).map_err(io_error)?;
            }
        }
    }
    if load_progress(&RocksView::of(database, &next).map_err(io_error)?)?.log_id != meta.last_log_id {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the snapshot's state is not at its own log id"));
    }
    // Nothing reads through the machine's lock while the switch happens; views hold their own snapshot.
    let mut progress = shared.progress.lock();
    let mut batch = WriteBatch::default();
    batch.put_cf(&database.cf("meta")?, "generation", next.number.to_be_bytes());
    database.write_synced(batch)?;
    database.generation.store(Arc::new(next));
    let view = shared.view()?;
    *progress = load_progress(&view)?;
    let applied = progress.position.applied.0;
    shared.clock.observe(progress.position.clock);
    drop(progress);
    shared.applied.send_replace(applied);
    apply::tell_from_outcomes(shared, &view);
    drop(view);
    shared.observe();
    database.drop_other_generations();
    shared.stats.snapshots_installed.inc();
    snapshot::build(shared).map(drop)
}
