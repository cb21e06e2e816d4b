//! Refreshes at few families and at many.

use std::time::Instant;

use crate::disk::Flush;
use crate::families::{Families, MOST_OF_A_PERSON, sign_in};
use crate::limit::{Meter, Waits};
use crate::memory::memory;
use crate::refresh::{self, Plan};
use crate::report::{Report, Row, progress};
use crate::world::{Application, Cluster, Refresh, make_people};

/// Families to compare with.
const FEW: usize = 1_000;
/// Of each of those who have them, or more where there are fewer people.
const FEW_OF_A_PERSON: usize = 10;
/// Refreshes under way.
const IN_FLIGHT: usize = 64;

/// All rows.
pub(crate) async fn run(cluster: &mut Cluster, count: usize, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let realm = cluster.realm.clone();
    let people = count.max(FEW).div_ceil(MOST_OF_A_PERSON);
    progress(&format!("{people} people sign in"));
    let people = make_people(cluster.leader()?, &realm, people).await?;
    let mut browsers = sign_in(cluster, &people).await?;
    let plan = Plan { in_flight: IN_FLIGHT, delay: None, flush };
    // With an application of their own: what a person may have is counted by application.
    let few = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
    let some = browsers.len().min(FEW / FEW_OF_A_PERSON);
    few.grow(browsers.get_mut(..some).unwrap_or_default(), FEW).await?;
    let rate = refresh::rotation(cluster, &few, plan, None, report).await?;
    let families = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
    let (start, meter) = (Instant::now(), Meter::start());
    families.grow(&mut browsers, count).await?;
    let per_second = f64::from(u32::try_from(families.count())?) / start.elapsed().as_secs_f64();
    let row = Row::new(format!("families begun by the code flow, {IN_FLIGHT} in flight"), per_second, "/s");
    report.add(row.limit(meter.stop().limit(Waits::Flush)));
    refresh::rotation(cluster, &families, plan, Some((few.count(), rate)), report).await?;
    memory(cluster, &format!("with {} families", families.count()), report)
}
