//! What nodes that were used hold in memory.

use crate::machine::memory_mib;
use crate::report::{Report, Row};
use crate::world::Cluster;

/// A row with the memory of the leader, the others beside it.
pub(crate) fn memory(cluster: &Cluster, when: &str, report: &mut Report) -> anyhow::Result<()> {
    let [first, second] = cluster.followers()?;
    let mib = |pid: u32| memory_mib(pid, "VmRSS");
    let (first, second) = (mib(first.pid())?, mib(second.pid())?);
    let row = Row::new(format!("memory of the leader (RSS) {when}"), mib(cluster.leader()?.pid())?, "MiB");
    report.add(row.beside_text(&format!("followers {first:.0} and {second:.0} MiB")));
    Ok(())
}
