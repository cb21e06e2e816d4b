//! What takes long to load: many refresh families, many people.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::bench;
use crate::families::{Families, MOST_OF_A_PERSON, sign_in};
use crate::load;
use crate::memory::memory;
use crate::refresh::{self, Plan};
use crate::report::{Row, progress};
use crate::scim::{self, Provisioner};
use crate::world::{Application, Cluster, NodeOptions, Refresh, make_people};

/// Families to compare with.
const FEW_FAMILIES: usize = 1_000;
/// Refreshes under way.
const IN_FLIGHT: usize = 64;
/// Creates under way.
const CREATES: usize = 64;
/// Creates between two lines that tell how far it is.
const AT_ONCE: usize = 10_000;
/// For what nodes do once after a load or a start.
const SETTLE: Duration = Duration::from_secs(2);

/// Refreshes at few families and at `count`.
pub(crate) fn families(count: NonZeroUsize) -> anyhow::Result<()> {
    bench::run(async |folder, flush, report| {
        let mut cluster = Cluster::form(&folder.join("three")).await?;
        let realm = cluster.realm.clone();
        let people = count.get().max(FEW_FAMILIES).div_ceil(MOST_OF_A_PERSON);
        progress(&format!("{people} people sign in"));
        let people = make_people(cluster.leader()?, &realm, people).await?;
        let mut browsers = sign_in(&cluster, &people).await?;
        let families = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
        let plan = Plan { in_flight: IN_FLIGHT, delay: None, flush };
        families.grow(&mut browsers, FEW_FAMILIES).await?;
        let rate = refresh::rotation(&cluster, &families, plan, None, report).await?;
        let before = (families.count(), rate);
        let start = Instant::now();
        families.grow(&mut browsers, count.get()).await?;
        let grown = u32::try_from(families.count() - before.0)?;
        let per_second = f64::from(grown) / start.elapsed().as_secs_f64();
        report.add(Row::new(format!("families begun by the code flow, {IN_FLIGHT} in flight"), per_second, "/s"));
        refresh::rotation(&cluster, &families, plan, Some(before), report).await?;
        memory(&cluster, &format!("with {} families", families.count()), report)?;
        cluster.stop().await
    })
}

/// Memory of nodes that hold `count` people, loaded by SCIM through both followers, and what reads cost there.
pub(crate) fn people(count: NonZeroUsize) -> anyhow::Result<()> {
    bench::run(async |folder, _, report| {
        let mut cluster = Cluster::form(&folder.join("three")).await?;
        let provisioner = Provisioner::register(&mut cluster).await?;
        let call = provisioner.call(cluster.followers()?, &cluster)?;
        let start = Instant::now();
        while provisioner.made() < count.get() {
            let part = AT_ONCE.min(count.get() - provisioner.made());
            load::run(&call, CREATES, &provisioner.creates(part)).await?;
            progress(&format!("{} users", provisioner.made()));
        }
        let per_second = f64::from(u32::try_from(count.get())?) / start.elapsed().as_secs_f64();
        let name = format!("{count} users made by SCIM, {CREATES} in flight, both followers of three");
        report.add(Row::new(name, per_second, "/s"));
        tokio::time::sleep(SETTLE).await;
        memory(&cluster, &format!("after {count} users were loaded"), report)?;
        scim::reads(&cluster, &provisioner, report).await?;
        memory(&cluster, "after reads of them", report)?;
        cluster.restart(&NodeOptions::default()).await?;
        tokio::time::sleep(SETTLE).await;
        memory(&cluster, "after a restart", report)?;
        cluster.stop().await
    })
}
