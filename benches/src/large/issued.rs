//! Tokens leave nothing behind: what nodes have on disk before and after very many were issued.

use crate::limit::{Meter, Waits};
use crate::load::{self, Times};
use crate::report::{Report, Row, progress};
use crate::world::{Client, Cluster};

use super::disk::used_mib;

/// Clients, spread over all nodes.
const CONNECTIONS: usize = 96;
/// Tokens between two lines that tell how far it is.
const AT_ONCE: usize = 100_000;

fn data(cluster: &Cluster) -> Vec<f64> {
    cluster.nodes.iter().map(|node| used_mib(&node.data())).collect()
}

fn list(sizes: &[f64]) -> String {
    let sizes: Vec<String> = sizes.iter().map(|size| format!("{size:.0}")).collect();
    sizes.join(", ")
}

/// The rows.
pub(crate) async fn run(cluster: &Cluster, count: usize, report: &mut Report) -> anyhow::Result<()> {
    let call = load::Call::to_nodes(&cluster.nodes, &cluster.client)?;
    let before = data(cluster);
    let (mut issued, mut took, meter) = (0, 0.0, Meter::start());
    while issued < count {
        let part = AT_ONCE.min(count - issued);
        took += load::run(&call, CONNECTIONS, &Times::new(Client::ask_token(), part, "access_token"))
            .await?
            .took
            .as_secs_f64();
        issued += part;
        progress(&format!("{issued} tokens"));
    }
    let per_second = f64::from(u32::try_from(count)?) / took;
    let row = Row::new(format!("tokens, ES256, at all three nodes, {CONNECTIONS} connections"), per_second, "/s");
    report.add(row.limit(meter.stop().limit(Waits::Peers)));
    let after = data(cluster);
    let most = after.iter().copied().fold(0.0, f64::max);
    let row = Row::new(format!("data of a node on disk after {count} issued tokens (the largest)"), most, "MiB");
    let beside = format!("before {}; after {} MiB", list(&before), list(&after));
    report.add(row.limit("nothing is written").beside_text(&beside));
    Ok(())
}
