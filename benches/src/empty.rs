//! What a node costs before anyone uses it.

use std::time::{Duration, Instant};

use crate::load::median;
use crate::machine::{cpu_time, memory_mib};
use crate::report::{Report, Row};
use crate::world::{Node, NodeOptions};

/// Starts that are timed.
const STARTS: usize = 5;
/// For what it does once after a start.
const SETTLE: Duration = Duration::from_millis(500);

/// Memory of a node without realm, and how long a start on its data takes.
pub(crate) async fn run(node: &mut Node, options: &NodeOptions, report: &mut Report) -> anyhow::Result<()> {
    let (mut starts, mut worked) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        node.stop().await?;
        let start = Instant::now();
        node.start_again(options)?;
        node.ready().await?;
        worked.push(cpu_time(node.pid()).as_secs_f64() * 1000.0);
        starts.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    tokio::time::sleep(SETTLE).await;
    report.add(Row::new("memory of an empty node (RSS)", memory_mib(node.pid(), "VmRSS")?, "MiB"));
    let slowest = starts.iter().copied().fold(0.0, f64::max);
    let row = Row::new("start of a node, process to /readyz 200", median(starts, |each| *each)?, "ms")
        .limit(format!("own work {:.0} ms of cpu", median(worked, |each| *each)?));
    report.add(row.note(format!("slowest of {STARTS}: {slowest:.0} ms; a cluster of one, empty")));
    Ok(())
}
