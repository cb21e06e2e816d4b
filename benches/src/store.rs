//! The store alone beside etcd: the same calls, payload, connections and loop; ours to a follower, etcd's puts to its leader.

use std::path::Path;
use std::time::Duration;

use crate::disk::Flush;
use crate::etcd::{Ask, Etcd, KEYS};
use crate::limit::{Meter, Waits};
use crate::load::{Rate, median};
use crate::measure::RUNS;
use crate::report::{Report, Row, micros};
use crate::world::Under;

/// In flight, and puts of a run.
const PLANS: [(usize, usize); 3] = [(1, 1_000), (64, 20_000), (256, 40_000)];
const SLOW_PLANS: [(usize, usize); 3] = [(1, 60), (64, 4_000), (256, 12_000)];
const BYTES: usize = 750;
const READERS: usize = 32;
const READ: Duration = Duration::from_secs(2);

/// A median, and what held it.
async fn puts(of: &[&Etcd], count: usize, in_flight: usize) -> anyhow::Result<Vec<(Rate, String)>> {
    let mut runs = vec![Vec::new(); of.len()];
    for _ in 0..RUNS {
        for (cluster, runs) in of.iter().zip(&mut runs) {
            let meter = Meter::start();
            let rate = cluster.run(Ask::Puts { count, bytes: BYTES }, in_flight).await?;
            runs.push((rate, meter.stop().limit(Waits::durable(in_flight))));
        }
    }
    runs.into_iter().map(|runs| median(runs, |(rate, _)| rate.per_second)).collect()
}

async fn writes(
    ours: &Etcd,
    etcd: Option<&Etcd>,
    plans: &[(usize, usize)],
    flush: Flush,
    delay: Option<Duration>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let added = delay.map(|delay| format!(", flush + {}", micros(delay))).unwrap_or_default();
    for (in_flight, count) in plans {
        let both: Vec<&Etcd> = std::iter::once(ours).chain(etcd).collect();
        let rates = puts(&both, *count, *in_flight).await?;
        let Some((rate, limit)) = rates.first() else { continue };
        let name = format!("store: transactions of {BYTES} bytes, {in_flight} in flight, follower of three{added}");
        let cost = format!("fdatasync p50 {} p99 {}", micros(flush.p50), micros(flush.p99));
        let mut row = Row::rate(name, rate).limit(limit).beside_text(&format!("{cost}{added}"));
        if let Some((theirs, limit)) = rates.get(1) {
            row = row.beside("etcd, puts to its leader", theirs, rate).note(format!("etcd: {limit}"));
        }
        report.add(row);
    }
    Ok(())
}

async fn gets(of: &Etcd, ask: Ask) -> anyhow::Result<(Rate, String)> {
    let meter = Meter::start();
    let rate = of.run(ask, READERS).await?;
    Ok((rate, meter.stop().limit(Waits::reads(READERS))))
}

async fn reads(ours: &Etcd, etcd: Option<&Etcd>, report: &mut Report) -> anyhow::Result<()> {
    for cluster in std::iter::once(ours).chain(etcd) {
        cluster.run(Ask::Puts { count: KEYS, bytes: BYTES }, READERS).await?;
    }
    let (mut linearizable, mut local, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        local.push(gets(ours, Ask::LocalGets(READ)).await?);
        linearizable.push(gets(ours, Ask::Gets(READ)).await?);
        if let Some(etcd) = etcd {
            theirs.push(gets(etcd, Ask::Gets(READ)).await?);
        }
    }
    let middle = |runs| median(runs, |(rate, _): &(Rate, String)| rate.per_second);
    let ((rate, limit), (local, _)) = (middle(linearizable)?, middle(local)?);
    let name = format!("store: linearizable reads of a record, {READERS} clients, follower of three");
    let ratio = rate.per_second / local.per_second;
    let mut row = Row::rate(name, &rate).limit(limit).beside_figure("local reads", local.per_second, ratio);
    if etcd.is_some() {
        let (theirs, limit) = middle(theirs)?;
        row = row.beside("etcd, linearizable gets at a follower", &theirs, &rate).note(format!("etcd: {limit}"));
    }
    report.add(row);
    Ok(())
}

/// Both clusters of their own, so that no other load is on the machine.
pub(crate) async fn run(folder: &Path, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let folder = folder.join("alone");
    let mut ours = Etcd::store(&folder, Under::default()).await?;
    let mut etcd = Etcd::form(&folder, Under::default(), None).await?;
    writes(&ours, etcd.as_ref(), &PLANS, flush, None, report).await?;
    reads(&ours, etcd.as_ref(), report).await?;
    ours.stop().await?;
    match &mut etcd {
        Some(etcd) => etcd.stop().await,
        None => Ok(()),
    }
}

/// The same writes where each flush takes longer, by the same means for both.
pub(crate) async fn slow(
    folder: &Path,
    etcd: Option<&Etcd>,
    delay: Duration,
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let under = Under { flush_delay: Some(delay), ..Under::default() };
    let mut ours = Etcd::store(&folder.join("slow-store"), under).await?;
    writes(&ours, etcd, &SLOW_PLANS, flush, Some(delay), report).await?;
    ours.stop().await
}
