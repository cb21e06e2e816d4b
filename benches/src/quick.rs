//! First figures of everything in some three minutes.

use std::path::Path;

use crate::disk::Flush;
use crate::durable::{self, Plan};
use crate::etcd::Etcd;
use crate::families::{self, Families};
use crate::memory::memory;
use crate::report::Report;
use crate::scim::Provisioner;
use crate::world::{Application, Browser, Cluster, Node, NodeOptions, Person, Refresh, join_groups, make_people};
use crate::{bench, empty, failover, introspection, machine, refresh, scim, sign_in, tokens};

/// What a disk without write cache may take for a flush.
const SLOW_FLUSH: &str = "10ms";

/// Where a server runs while a processor of its own can be given to the load.
const SERVER_CPU: usize = 0;
const LOAD_CPU: usize = 1;

/// Transactions of a run: a second or two each on a disk that answers from its cache.
const PLANS: [Plan; 2] =
    [Plan { in_flight: 1, transactions: 800, delay: None }, Plan { in_flight: 64, transactions: 6000, delay: None }];
/// The same with [`SLOW_FLUSH`].
const SLOW_PLANS: [Plan; 2] = [
    Plan { in_flight: 1, transactions: 60, delay: Some(SLOW_FLUSH) },
    Plan { in_flight: 64, transactions: 3000, delay: Some(SLOW_FLUSH) },
];
/// People who can sign in: enough for [`MORE_FAMILIES`], and that nobody signs in too often.
const PEOPLE: usize = 128;
/// Refresh families for most rows, and for the row that shows whether their number matters.
const FAMILIES: usize = 1_000;
const MORE_FAMILIES: usize = 10_000;
/// Refreshes under way.
const REFRESHES: [usize; 2] = [1, 64];
/// Creates under way, and creates of a run.
const CREATES: [(usize, usize); 2] = [(1, 600), (32, 3000)];
/// Sign-ins under way: one person alone, and more than the pool computes at once.
const SIGN_INS: [usize; 2] = [1, 8];
/// Groups that a user's token speaks of.
const GROUPS: [&str; 5] = ["collaboration", "detectors", "tracker", "calibration", "shifts"];

/// Measures everything and prints the table.
pub(crate) fn run() -> anyhow::Result<()> {
    bench::run(async |folder, flush, report| {
        one_node(folder, report).await?;
        three_nodes(folder, flush, report).await
    })
}

async fn one_node(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let cpu = machine::can_pin().then_some(SERVER_CPU);
    let free = NodeOptions::default();
    let pinned = NodeOptions { cpu, ..free };
    let mut node = Node::start(&folder.join("single"), &free, None)?;
    node.operate("POST", "/v1/cluster/init", None).await?;
    node.ready().await?;
    empty::run(&mut node, &free, report).await?;
    node.restart(&pinned).await?;
    node.ready().await?;
    machine::pin_self(cpu.map(|_| LOAD_CPU));
    for alg in ["ES256", "RS256"] {
        tokens::run(&mut node, folder, alg, cpu, report).await?;
    }
    machine::pin_self(None);
    node.stop().await
}

async fn three_nodes(folder: &Path, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let mut cluster = Cluster::form(&folder.join("three")).await?;
    let mut etcd = Etcd::form(&folder.join("three")).await?;
    let token = introspection::token_of_client(&cluster).await?;
    introspection::run(&cluster, etcd.as_ref(), &token, "client's", report).await?;
    let people = make_people(cluster.leader()?, &cluster.realm, PEOPLE).await?;
    let mut browsers = families::sign_in(&cluster, &people).await?;
    user_introspection(&mut cluster, &people, &mut browsers, report).await?;
    for plan in PLANS {
        durable::run(&cluster, etcd.as_ref(), plan, flush, report).await?;
    }
    if let Some(etcd) = &mut etcd {
        etcd.stop().await?;
    }
    let families = refreshes(&mut cluster, &mut browsers, flush, report).await?;
    let provisioner = Provisioner::register(&mut cluster).await?;
    for plan in CREATES {
        scim::creates(&cluster, &provisioner, plan, flush, report).await?;
    }
    scim::reads(&cluster, &provisioner, report).await?;
    for in_flight in SIGN_INS {
        sign_in::run(&cluster, &people, in_flight, report).await?;
    }
    memory(&cluster, "after all this", report)?;
    failover::run(&mut cluster, report).await?;
    cluster.restart(&NodeOptions { fsync_delay: Some(SLOW_FLUSH), cpu: None }).await?;
    for plan in SLOW_PLANS {
        durable::run(&cluster, None, plan, flush, report).await?;
    }
    for in_flight in REFRESHES {
        let plan = refresh::Plan { in_flight, delay: Some(SLOW_FLUSH), flush };
        refresh::rotation(&cluster, &families, plan, None, report).await?;
    }
    cluster.stop().await
}

/// A user's token rests on more: the user, the consent, the grant, and the groups as they are now.
async fn user_introspection(
    cluster: &mut Cluster,
    people: &[Person],
    browsers: &mut [Browser],
    report: &mut Report,
) -> anyhow::Result<()> {
    let realm = cluster.realm.clone();
    let application = Application::register(cluster.any()?, &realm, Refresh::Rotates).await?;
    let (Some(person), Some(browser)) = (people.first(), browsers.first_mut()) else { return Ok(()) };
    join_groups(cluster.any()?, &realm, person, &GROUPS).await?;
    let token = application.tokens(browser).await?.access;
    let whose = format!("user's ({} groups)", GROUPS.len());
    introspection::run(cluster, None, &token, &whose, report).await
}

/// Rows of refreshes; answers with the families that rotate.
async fn refreshes(
    cluster: &mut Cluster,
    browsers: &mut [Browser],
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<Families> {
    let realm = cluster.realm.clone();
    let keeping = Families::new(Application::register(cluster.any()?, &realm, Refresh::Keeps).await?);
    let rotating = Families::new(Application::register(cluster.any()?, &realm, Refresh::Rotates).await?);
    keeping.grow(browsers, PEOPLE).await?;
    rotating.grow(browsers, FAMILIES).await?;
    let mut rate = 0.0;
    for in_flight in REFRESHES {
        refresh::kept(cluster, &keeping, in_flight, report).await?;
        let plan = refresh::Plan { in_flight, delay: None, flush };
        rate = refresh::rotation(cluster, &rotating, plan, None, report).await?;
    }
    let [_, in_flight] = REFRESHES;
    let before = (rotating.count(), rate);
    rotating.grow(browsers, MORE_FAMILIES).await?;
    let plan = refresh::Plan { in_flight, delay: None, flush };
    refresh::rotation(cluster, &rotating, plan, Some(before), report).await?;
    Ok(rotating)
}
