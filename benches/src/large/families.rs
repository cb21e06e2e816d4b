//! Refreshes at few families and at many.

use std::time::{Duration, Instant};

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
/// People who sign in before their families are begun: a session that nobody uses for half an hour ends.
const AT_ONCE: usize = 500;

/// All rows.
pub(crate) async fn run(cluster: &mut Cluster, count: usize, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let realm = cluster.realm.clone();
    let people = make_people(cluster.leader()?, &realm, count.max(FEW).div_ceil(MOST_OF_A_PERSON)).await?;
    let plan = Plan { in_flight: IN_FLIGHT, delay: None, flush };
    // With an application of their own: what a person may have is counted by application.
    let few = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
    let some = people.len().min(FEW / FEW_OF_A_PERSON);
    few.grow(&mut sign_in(cluster, people.get(..some).unwrap_or_default()).await?, FEW).await?;
    let rate = refresh::rotation(cluster, &few, plan, None, report).await?;
    let families = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
    let (mut took, mut limit) = (Duration::ZERO, String::new());
    for people in people.chunks(AT_ONCE) {
        let mut browsers = sign_in(cluster, people).await?;
        let (start, meter) = (Instant::now(), Meter::start());
        let each = count.saturating_sub(families.count()).div_ceil(browsers.len()).min(MOST_OF_A_PERSON);
        families.begin(&mut browsers, each).await?;
        took += start.elapsed();
        limit = meter.stop().limit(Waits::Flush);
        progress(&format!("{} families", families.count()));
    }
    let per_second = f64::from(u32::try_from(families.count())?) / took.as_secs_f64();
    let row = Row::new(format!("families begun by the code flow, {IN_FLIGHT} in flight"), per_second, "/s");
    report.add(row.limit(limit));
    refresh::rotation(cluster, &families, plan, Some((few.count(), rate)), report).await?;
    memory(cluster, &format!("with {} families", families.count()), report)
}
