//! The same where each flush takes as long as on a disk without write cache, ours and etcd's alike.

use std::path::Path;
use std::time::Duration;

use crate::beside_writes;
use crate::disk::Flush;
use crate::durable::{self, Plan};
use crate::etcd::Etcd;
use crate::families::Families;
use crate::refresh;
use crate::report::{Report, progress};
use crate::store;
use crate::world::{Cluster, NodeOptions, Under, flush_delay};

/// What a disk without write cache may take for a flush.
const DELAY: Duration = Duration::from_millis(10);
/// Transactions of a run: a second or two each.
const PLANS: [Plan; 3] = [
    Plan { in_flight: 1, transactions: 40, delay: Some(DELAY) },
    Plan { in_flight: 64, transactions: 1800, delay: Some(DELAY) },
    Plan { in_flight: 256, transactions: 3500, delay: Some(DELAY) },
];
/// Refreshes under way.
const REFRESHES: [usize; 2] = [1, 64];

/// All rows; the cluster's flushes stay slow.
pub(crate) async fn run(
    cluster: &mut Cluster,
    folder: &Path,
    families: &Families,
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let strace = flush_delay::works();
    let mut etcd = if strace {
        let under = Under { flush_delay: Some(DELAY), ..Under::default() };
        Etcd::form(&folder.join("slow"), under, None).await?
    } else {
        progress("strace does not work here: ours is slowed down by node.debug_fsync_delay, and etcd is left out");
        None
    };
    if strace {
        store::slow(folder, etcd.as_ref(), DELAY, flush, report).await?;
    }
    store::slow_by_itself(folder, DELAY, flush, report).await?;
    cluster.restart(&NodeOptions::slow(DELAY, strace)).await?;
    for plan in PLANS {
        durable::run(cluster, etcd.as_ref(), plan, flush, report).await?;
    }
    if let Some(etcd) = &mut etcd {
        etcd.stop().await?;
    }
    beside_writes::run(cluster, DELAY, report).await?;
    for in_flight in REFRESHES {
        let plan = refresh::Plan { in_flight, delay: Some(DELAY), flush };
        refresh::rotation(cluster, families, plan, None, report).await?;
    }
    Ok(())
}
