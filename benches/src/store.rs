//! The store alone beside etcd: the same calls, payload, connections and loop; ours to a follower, etcd's puts to its leader.

use std::path::Path;
use std::time::Duration;

use crate::disk::Flush;
use crate::etcd::{Ask, Etcd, KEYS};
use crate::limit::{Meter, Waits};
use crate::load::Rates;
use crate::measure::{READERS, RUNS};
use crate::report::{Report, Row, micros};
use crate::world::Under;

/// In flight, and puts of a run.
const PLANS: [(usize, usize); 3] = [(1, 600), (64, 11_000), (256, 22_000)];
const SLOW_PLANS: [(usize, usize); 3] = [(1, 40), (64, 2_500), (256, 7_000)];
const BYTES: usize = 750;
const READ: Duration = Duration::from_millis(1_100);

/// Runs, and what held the last of them.
#[derive(Default)]
struct Held {
    rates: Rates,
    limit: String,
}

impl Held {
    async fn ask(&mut self, of: &Etcd, ask: Ask, in_flight: usize, waits: Waits) -> anyhow::Result<()> {
        let meter = Meter::start();
        self.rates.add(of.run(ask, in_flight).await?);
        self.limit = meter.stop().limit(waits);
        Ok(())
    }

    fn row(&self, name: String) -> anyhow::Result<Row> {
        Ok(Row::rates(name, &self.rates)?.limit(&self.limit))
    }

    fn beside(&self, row: Row, peer: &str, theirs: &Self) -> anyhow::Result<Row> {
        Ok(row.beside(peer, &theirs.rates, &self.rates)?.note(format!("etcd: {}", theirs.limit)))
    }
}

async fn writes(
    ours: &Etcd,
    etcd: Option<&Etcd>,
    plans: &[(usize, usize)],
    flush: Flush,
    added: &str,
    report: &mut Report,
) -> anyhow::Result<()> {
    for (in_flight, count) in plans {
        let (ask, waits) = (Ask::Puts { count: *count, bytes: BYTES }, Waits::durable(*in_flight));
        let (mut own, mut theirs) = (Held::default(), Held::default());
        for _ in 0..RUNS {
            own.ask(ours, ask, *in_flight, waits).await?;
            if let Some(etcd) = etcd {
                theirs.ask(etcd, ask, *in_flight, waits).await?;
            }
        }
        let name = format!("store: transactions of {BYTES} bytes, {in_flight} in flight, follower of three{added}");
        let cost = format!("fdatasync p50 {} p99 {}", micros(flush.p50), micros(flush.p99));
        let mut row = own.row(name)?.beside_text(&format!("{cost}{added}"));
        if etcd.is_some() {
            row = own.beside(row, "etcd, puts to its leader", &theirs)?;
        }
        report.add(row);
    }
    Ok(())
}

async fn reads(ours: &Etcd, etcd: Option<&Etcd>, report: &mut Report) -> anyhow::Result<()> {
    for cluster in std::iter::once(ours).chain(etcd) {
        cluster.run(Ask::Puts { count: KEYS, bytes: BYTES }, READERS).await?;
    }
    let (ask, waits) = (Ask::Gets(READ), Waits::reads(READERS));
    let (mut linearizable, mut local, mut theirs) = (Held::default(), Held::default(), Held::default());
    for _ in 0..RUNS {
        local.ask(ours, Ask::LocalGets(READ), READERS, waits).await?;
        linearizable.ask(ours, ask, READERS, waits).await?;
        if let Some(etcd) = etcd {
            theirs.ask(etcd, ask, READERS, waits).await?;
        }
    }
    let name = format!("store: linearizable reads of a record, {READERS} clients, follower of three");
    let mut row = linearizable.row(name)?.beside("own local reads", &local.rates, &linearizable.rates)?;
    if etcd.is_some() {
        row = linearizable.beside(row, "etcd, linearizable gets at a follower", &theirs)?;
    }
    report.add(row);
    Ok(())
}

/// Both clusters of their own, so that no other load is on the machine.
pub(crate) async fn run(folder: &Path, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let folder = folder.join("alone");
    let mut ours = Etcd::store(&folder, Under::default(), None).await?;
    let mut etcd = Etcd::form(&folder, Under::default(), None).await?;
    writes(&ours, etcd.as_ref(), &PLANS, flush, "", report).await?;
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
    let mut ours = Etcd::store(&folder.join("slow-store"), under, None).await?;
    writes(&ours, etcd, &SLOW_PLANS, flush, &format!(", flush + {}", micros(delay)), report).await?;
    ours.stop().await
}

/// Writes of ours alone where the store itself sleeps after each flush: what the same costs without a tracer.
pub(crate) async fn slow_by_itself(
    folder: &Path,
    delay: Duration,
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut ours = Etcd::store(&folder.join("sleeping-store"), Under::default(), Some(delay)).await?;
    writes(&ours, None, &SLOW_PLANS, flush, &format!(", sleeps {} after a flush", micros(delay)), report).await?;
    ours.stop().await
}
