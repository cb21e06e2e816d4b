//! F51: connections that only sit there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use woad_tests::{Writers, eventually};

use crate::world::{PATIENCE, TARGET, World, address, connect, counted, hold, many_files};

/// What the fault matrix says.
const CONNECTIONS: usize = 5_000;
/// The defaults of `limits.connections_per_source` and `limits.connections`.
const PER_SOURCE: f64 = 1024.0;
const TOTAL: f64 = 4096.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_idle_connections_keep_nobody_out_of_https() -> Result<()> {
    many_files()?;
    let world = World::new().await?;
    let https = [("listener", "https")];
    let to = world.target().https_address;
    let ours = world.target().https.clone();

    // The address of our own client as well: its new connections replace the flood's.
    let one = hold(CONNECTIONS, |_| [127, 0, 0, 1].into(), to).await?;
    let fresh = [("listener", "https"), ("reason", "fresh")];
    world.counts("the flood replaces itself", "woad_connections_closed_total", &fresh, 3_900.0).await?;
    let held = async |most: f64| world.counted("woad_connections_open", &https).await.ok().filter(|open| *open <= most);
    // One that must go for another is gone a moment later.
    let open = eventually("one address has its share", PATIENCE, async || held(PER_SOURCE).await).await?.0;
    println!("one address: {open} of {CONNECTIONS} connections are held");
    ours.token(&world.client).await?;

    let many = hold(CONNECTIONS, |number| address(u8::try_from(number % 200).unwrap_or_default()), to).await?;
    let open = eventually("all have theirs", PATIENCE, async || held(TOTAL).await).await?.0;
    println!("two hundred addresses: {open} of {} connections are held", 2 * CONNECTIONS);
    for _ in 0..20 {
        ours.token(&world.client).await?;
    }
    drop((one, many));
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_idle_connections_at_every_peer_port_leave_raft_alone() -> Result<()> {
    many_files()?;
    let mut world = World::new().await?;
    let everyone: Vec<usize> = vec![0, 1, 2];
    let leader = world.cluster.leader(&everyone).await?;
    let term = counted(&world.cluster.nodes[leader], "woad_raft_term", &[]).await?;
    let writers = Writers::start(&world.cluster.nodes, &world.realm, &world.client, 1);

    let held: Vec<_> = {
        let mut all = Vec::new();
        for node in &world.cluster.nodes {
            let to = node.peer_address;
            all.push(
                hold(CONNECTIONS / 3, |number| address(u8::try_from(number % 100).unwrap_or_default()), to).await?,
            );
        }
        all
    };
    for node in &world.cluster.nodes {
        let open = counted(node, "woad_connections_open", &[("listener", "peer")]).await?;
        println!("node {}: {open} connections at its peer port", node.place + 1);
        ensure!(open <= 128.0, "{open}");
    }
    let before = writers.count();
    ensure!(before > 0, "nothing was written under the flood");

    // And while it goes on, a member comes back: its connections get through.
    let stop = Arc::new(AtomicBool::new(false));
    let made = Arc::new(AtomicUsize::new(0));
    let mut floods = Vec::new();
    for node in &world.cluster.nodes {
        let (to, stop, made) = (node.peer_address, Arc::clone(&stop), Arc::clone(&made));
        floods.push(tokio::spawn(async move {
            let mut kept = std::collections::VecDeque::new();
            for number in 0..u64::MAX {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let from = address(u8::try_from(number % 100).unwrap_or_default());
                if let Ok(stream) = connect(from, to).await {
                    kept.push_back(stream);
                    made.fetch_add(1, Ordering::Relaxed);
                }
                if kept.len() > 500 {
                    kept.pop_front();
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        }));
    }
    let others = (0..3).filter(|place| *place != leader).collect::<Vec<_>>();
    let back = if others.contains(&TARGET) { TARGET } else { others[0] };
    world.cluster.node_mut(back)?.terminate().await?;
    world.cluster.node_mut(back)?.start(None)?;
    let took = world.cluster.node_mut(back)?.ready().await?;
    println!("a member is back after {took:?} while {} connections were made", made.load(Ordering::Relaxed));
    stop.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.await?;
    }
    drop(held);
    let written = writers.stop().await.at.len();
    println!("{written} writes, {before} of them before the member left");
    ensure!(written > before, "nothing was written since");
    let now = counted(&world.cluster.nodes[leader], "woad_raft_term", &[]).await?;
    ensure!(now.total_cmp(&term).is_eq(), "the flood made an election: term {term} to {now}");
    world.finish().await
}
