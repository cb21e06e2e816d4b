//! Installing a snapshot into a fresh generation, switched by one synced batch (raft-store page §4.7).

use std::io;
use std::sync::Arc;

use super::snapshot::{self, SnapshotSource};
use super::{Shared, apply, load_progress, stream};
use crate::disk::StateView;
use crate::types::SnapshotMeta;

/// Replaces the state by the snapshot. A crash at any point leaves either the old or the new state.
pub(super) async fn install(shared: &Arc<Shared>, meta: &SnapshotMeta, source: SnapshotSource) -> io::Result<()> {
    let (env, shared, meta) = (shared.env.clone(), Arc::clone(shared), meta.clone());
    env.blocking(move || install_blocking(&shared, &meta, source)).await?
}

fn install_blocking(shared: &Arc<Shared>, meta: &SnapshotMeta, source: SnapshotSource) -> io::Result<()> {
    let database = &shared.database;
    let staged = stream::stage(&database.volume, &database.folder, source, meta)?;
    let next = database.generation.load().next();
    database.create_generation(&next)?;
    for (name, file) in [(next.state(), stream::state_file(&staged)), (next.outcomes(), stream::outcomes_file(&staged))]
    {
        // No outcome may be left to remember; a state always has its position.
        if name == next.state() || database.volume.exists(&file) {
            database.engine.ingest(name, &file)?;
        }
    }
    if load_progress(&StateView::of(database, &next)?)?.log_id != meta.last_log_id {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the snapshot's state is not at its own log id"));
    }
    // Nothing reads through the machine's lock while the switch happens; views hold their own snapshot.
    let mut progress = shared.progress.lock();
    database.set_meta("generation", &next.number.to_be_bytes())?;
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
