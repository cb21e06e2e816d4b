//! People, loaded by SCIM through both followers: how fast, what nodes then hold in memory, and what reads cost.

use std::time::{Duration, Instant};

use crate::limit::{Meter, Waits};
use crate::load;
use crate::memory::memory;
use crate::report::{Report, Row, progress};
use crate::scim::{self, Provisioner};
use crate::world::Cluster;

/// Where reads are taken for comparison, and where memory is read on the way.
const FEW: usize = 1_000;
const MANY: usize = 100_000;
/// Creates under way.
const CREATES: usize = 64;
/// Creates between two lines that tell how far it is.
const AT_ONCE: usize = 10_000;
/// For what nodes do once after a load.
const SETTLE: Duration = Duration::from_secs(2);

/// Makes people until there are so many. None has a password, whose hash would be all that is measured.
async fn load(cluster: &Cluster, by: &Provisioner, count: usize) -> anyhow::Result<()> {
    let call = by.call(cluster.followers()?, cluster)?;
    while by.made() < count {
        load::run(&call, CREATES, &by.creates(AT_ONCE.min(count - by.made()))).await?;
        progress(&format!("{} users", by.made()));
    }
    Ok(())
}

/// All rows.
pub(crate) async fn run(cluster: &Cluster, by: &Provisioner, count: usize, report: &mut Report) -> anyhow::Result<()> {
    load(cluster, by, FEW.min(count)).await?;
    scim::reads(cluster, by, report).await?;
    let (before, mut took, meter) = (by.made(), Duration::ZERO, Meter::start());
    for goal in [MANY.min(count), count] {
        let start = Instant::now();
        load(cluster, by, goal).await?;
        took += start.elapsed();
        if goal == MANY && goal < count {
            tokio::time::sleep(SETTLE).await;
            memory(cluster, &format!("after {goal} users were loaded"), report)?;
        }
    }
    let per_second = f64::from(u32::try_from(count - before)?) / took.as_secs_f64();
    let name = format!("{count} users made by SCIM, {CREATES} in flight, both followers of three");
    report.add(Row::new(name, per_second, "/s").limit(meter.stop().limit(Waits::Flush)));
    tokio::time::sleep(SETTLE).await;
    memory(cluster, &format!("after {count} users were loaded"), report)?;
    scim::reads(cluster, by, report).await?;
    memory(cluster, "after reads of them", report)
}
