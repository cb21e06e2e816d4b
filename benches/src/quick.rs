//! First figures of everything in some seven minutes.

use std::path::Path;

use crate::disk::Flush;
use crate::durable::{self, Plan};
use crate::etcd::Etcd;
use crate::families::{self, Families};
use crate::memory::memory;
use crate::parts::{Part, Parts};
use crate::report::Report;
use crate::scim::Provisioner;
use crate::world::{
    Application, Browser, Cluster, Node, NodeOptions, Person, Refresh, Under, join_groups, make_people,
};
use crate::{
    bench, code, crowd, empty, failover, follower_tokens, introspection, load_curve, machine, over_tls, refresh, scim,
    sign_in, slow_flush, store, tokens, userinfo,
};

/// Where a server runs while a processor of its own can be given to the load.
const SERVER_CPU: usize = 0;
const LOAD_CPU: usize = 1;

/// Transactions of a run: a second or two each on a disk that answers from its cache.
const PLANS: [Plan; 3] = [
    Plan { in_flight: 1, transactions: 450, delay: None },
    Plan { in_flight: 64, transactions: 3500, delay: None },
    Plan { in_flight: 256, transactions: 4000, delay: None },
];
/// People who can sign in: enough for a crowd and for [`MORE_FAMILIES`], and that nobody signs in too often.
const PEOPLE: usize = 200;
/// Refresh families for most rows, and for the row that shows whether their number matters.
const FAMILIES: usize = 1_000;
const MORE_FAMILIES: usize = 10_000;
/// Refreshes under way.
const REFRESHES: [usize; 2] = [1, 64];
/// Creates under way, and creates of a run.
const CREATES: [(usize, usize); 2] = [(1, 300), (32, 1700)];
/// Sign-ins under way: one person alone, and more than the pool computes at once.
const SIGN_INS: [usize; 2] = [1, 8];
/// Groups that a user's token speaks of.
const GROUPS: [&str; 5] = ["collaboration", "detectors", "tracker", "calibration", "shifts"];

/// Measures everything and prints the table.
pub(crate) fn run(parts: &Parts) -> anyhow::Result<()> {
    bench::run(async |folder, flush, report| {
        if parts.have_any(&[Part::Empty, Part::Tokens, Part::LoadCurve]) {
            Box::pin(one_node(folder, parts, report)).await?;
        }
        if parts.have(Part::Store) {
            Box::pin(store::run(folder, flush, report)).await?;
        }
        if parts.three_nodes() {
            Box::pin(three_nodes(folder, parts, flush, report)).await?;
        }
        Ok(())
    })
}

async fn one_node(folder: &Path, parts: &Parts, report: &mut Report) -> anyhow::Result<()> {
    let cpu = machine::can_pin().then_some(SERVER_CPU);
    let free = NodeOptions::default();
    let pinned = NodeOptions::on(cpu);
    let mut node = Node::start(&folder.join("single"), &free, None)?;
    node.operate("POST", "/v1/cluster/init", None).await?;
    node.ready().await?;
    if parts.have(Part::Empty) {
        empty::run(&mut node, &free, report).await?;
    }
    node.restart(&pinned).await?;
    node.ready().await?;
    machine::pin_self(cpu.map(|_| LOAD_CPU));
    for alg in ["ES256", "RS256"] {
        if parts.have(Part::Tokens) {
            tokens::run(&mut node, folder, alg, cpu, report).await?;
        }
    }
    if parts.have(Part::LoadCurve) {
        load_curve::tokens(&mut node, cpu.is_some(), report).await?;
    }
    machine::pin_self(None);
    node.stop().await
}

async fn three_nodes(folder: &Path, parts: &Parts, flush: Flush, report: &mut Report) -> anyhow::Result<()> {
    let mut cluster = Cluster::form(&folder.join("three")).await?;
    if parts.have(Part::FollowerTokens) {
        follower_tokens::run(&cluster, report).await?;
    }
    beside_etcd(&mut cluster, folder, parts, flush, report).await?;
    if parts.have(Part::Tls) {
        over_tls::run(&mut cluster, folder, flush, report).await?;
    }
    let count = if parts.people() { PEOPLE } else { 0 };
    let people = make_people(cluster.leader()?, &cluster.realm, count).await?;
    let mut browsers = families::sign_in(&cluster, &people).await?;
    if parts.have(Part::Introspection) {
        user_introspection(&mut cluster, &people, &mut browsers, report).await?;
    }
    if parts.have(Part::Code) {
        code::run(&mut cluster, &mut browsers, flush, report).await?;
    }
    let mut families = None;
    if parts.have_any(&[Part::Refresh, Part::SlowFlush]) {
        families = Some(refreshes(&mut cluster, &mut browsers, flush, report).await?);
    }
    if parts.have(Part::Scim) {
        let provisioner = Provisioner::register(&mut cluster).await?;
        for plan in CREATES {
            scim::creates(&cluster, &provisioner, plan, flush, report).await?;
        }
        scim::reads(&cluster, &provisioner, report).await?;
    }
    for in_flight in SIGN_INS {
        if parts.have(Part::SignIn) {
            sign_in::run(&cluster, &people, in_flight, report).await?;
        }
    }
    if parts.have(Part::SignIn) {
        crowd::run(&cluster, &people, report).await?;
    }
    memory(&cluster, "after all this", report)?;
    if parts.have(Part::Failover) {
        Box::pin(failover::run(&mut cluster, report)).await?;
    }
    if let Some(families) = families.filter(|_| parts.have(Part::SlowFlush)) {
        slow_flush::run(&mut cluster, folder, &families, flush, report).await?;
    }
    cluster.stop().await
}

async fn beside_etcd(
    cluster: &mut Cluster,
    folder: &Path,
    parts: &Parts,
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    if !parts.have_any(&[Part::Introspection, Part::Durable, Part::LoadCurve]) {
        return Ok(());
    }
    let mut etcd = Etcd::form(&folder.join("three"), Under::default(), None).await?;
    if parts.have(Part::Introspection) {
        let token = introspection::token_of_client(cluster).await?;
        introspection::run(cluster, etcd.as_ref(), &token, "client's", report).await?;
    }
    for plan in PLANS {
        if parts.have(Part::Durable) {
            durable::run(cluster, etcd.as_ref(), plan, flush, report).await?;
        }
    }
    if parts.have(Part::LoadCurve) {
        load_curve::transactions(cluster, etcd.as_ref(), report).await?;
    }
    if let Some(etcd) = &mut etcd {
        etcd.stop().await?;
    }
    Ok(())
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
    introspection::run(cluster, None, &token, &whose, report).await?;
    userinfo::run(cluster, &token, &whose, report).await
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
