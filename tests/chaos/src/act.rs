//! One row of the matrix being played: the workload runs, a fault comes and goes, and everything is read back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use http::Method;
use serde_json::Value;
use woad_tests::{Node, eventually};

use crate::field::Field;
use crate::oracle::{linearizable, unavailable, unique};
use crate::readback::{self, Owed};
use crate::traffic::{Book, Parties, Traffic};
use crate::verdict::{Must as _, Violation};
use crate::world::World;

/// Writes that must have been acknowledged before a fault means anything.
const UNDER_WAY: usize = 25;
/// A healthy cluster acknowledges that many far sooner.
const FLOWS: Duration = Duration::from_secs(20);
/// I14: after the last fault the cluster is whole again within this, on a machine that is not overloaded.
const HEALS: Duration = Duration::from_secs(10);
/// Runnable tasks for each core beyond which a machine is, by others' work: times then say little of Woad.
const OVERLOADED: f64 = 2.5;

/// How long a cluster may take to be whole again: 10 s, and twice that where the machine is overloaded.
pub(crate) fn heals() -> Duration {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok()).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if load > OVERLOADED * f64::from(u32::try_from(cores).unwrap_or(1)) { HEALS * 2 } else { HEALS }
}

/// What a row has shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// How often its fault was there.
    pub(crate) activated: usize,
    /// Writes acknowledged.
    pub(crate) acknowledged: usize,
    /// Of these, not found at some node in the end.
    pub(crate) lost: usize,
    /// Operations of all kinds.
    pub(crate) operations: usize,
    /// Of these, with an unknown outcome.
    pub(crate) unknown: usize,
    /// Histories of contended keys that were checked.
    pub(crate) histories: usize,
    /// The longest time without an acknowledged write.
    pub(crate) unavailable: Duration,
    /// From the last fault's end to a whole cluster.
    pub(crate) healed: Duration,
    /// What else was measured.
    pub(crate) notes: Vec<String>,
}

/// The play: its cluster, its workload, what it has shown.
pub(crate) struct Act {
    pub(crate) field: Arc<Field>,
    pub(crate) world: World,
    pub(crate) figures: Figures,
    pub(crate) found: Vec<Violation>,
    /// Nodes that are meant to be out of the cluster at the end.
    pub(crate) gone: BTreeSet<usize>,
    traffic: Traffic,
    began: Instant,
}

impl Act {
    /// Starts the workload and waits until it flows.
    pub(crate) async fn begin(field: Arc<Field>, mut world: World) -> Result<Self> {
        let traffic = Traffic::start(world.parties()?);
        let (figures, found, gone) = (Figures::default(), Vec::new(), BTreeSet::new());
        let mut act = Self { field, world, figures, found, gone, traffic, began: Instant::now() };
        act.flows().await.context("before the fault")?;
        act.began = Instant::now();
        Ok(act)
    }

    /// The records so far.
    pub(crate) fn book(&self) -> &Book {
        &self.traffic.book
    }

    /// Those who take part.
    pub(crate) fn parties(&self) -> Arc<Parties> {
        Arc::clone(&self.traffic.parties)
    }

    /// A node.
    pub(crate) fn node(&self, place: usize) -> Result<&Node> {
        self.world.node(place)
    }

    /// A node, to start or stop it.
    pub(crate) fn node_mut(&mut self, place: usize) -> Result<&mut Node> {
        self.world.cluster.node_mut(place)
    }

    /// The fault is there.
    pub(crate) fn activated(&mut self, times: usize) {
        self.figures.activated += times;
    }

    /// Something to be printed with the row.
    pub(crate) fn note(&mut self, text: String) {
        self.figures.notes.push(text);
    }

    /// Waits for some more acknowledged writes.
    pub(crate) async fn flows(&self) -> Result<Duration> {
        let goal = self.traffic.acknowledged() + UNDER_WAY;
        let look = async || (self.traffic.acknowledged() >= goal).then_some(());
        Ok(eventually("writes are acknowledged", FLOWS, look).await?.1)
    }

    /// Lets the workload run on.
    pub(crate) async fn hold(&self, long: Duration) {
        tokio::time::sleep(long).await;
    }

    /// The longest time without an acknowledged write at these nodes since then.
    pub(crate) fn gap(&self, places: &[usize], since: Instant) -> Duration {
        let book = self.traffic.book.open();
        let moments: Vec<Instant> =
            book.at.iter().filter(|(place, _)| places.contains(place)).flat_map(|(_, at)| at.iter().copied()).collect();
        unavailable::longest(&moments, since, Instant::now())
    }

    /// Token requests at these nodes that began since then: how many were answered, and the others' statuses.
    pub(crate) fn issues(&self, places: &[usize], since: Instant) -> (usize, Vec<u16>) {
        let book = self.traffic.book.open();
        let asked = book.issues.iter().filter(|asked| places.contains(&asked.node) && asked.span.start >= since);
        let (given, failed): (Vec<u16>, Vec<u16>) = asked.map(|asked| asked.status).partition(|status| *status == 200);
        (given.len(), failed)
    }

    /// Faults are over: everything must be whole again, and everything that was promised be there.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        self.field.heal()?;
        let over = Instant::now();
        let whole = self.whole().await;
        self.figures.healed = over.elapsed();
        self.traffic.stop().await;
        whole.must("I14", "after the fault")?;
        self.judge();
        let owed = Owed::of(&mut self.book().open());
        self.figures.lost =
            readback::read(&self.traffic.parties, &owed, &mut self.found).await.must("I14", "reading back")?;
        let names: Vec<String> = self.book().open().names.keys().cloned().collect();
        self.world.names.extend(names);
        Ok(())
    }

    /// I14: every node is ready, takes a write and reads the others'.
    async fn whole(&mut self) -> Result<()> {
        let until = Instant::now() + heals();
        let places: Vec<usize> = self.world.running().into_iter().filter(|place| !self.gone.contains(place)).collect();
        for place in &places {
            let node = self.world.node(*place)?;
            let look = async || node.admin.get("/readyz").await.ok().filter(|answer| answer.status == 200).map(drop);
            eventually(&format!("node {} is ready", place + 1), until.saturating_duration_since(Instant::now()), look)
                .await?;
        }
        let fresh = places.iter().map(|place| fresh_at(&self.traffic, *place, &places, until));
        try_join_all(fresh).await?;
        Ok(())
    }

    /// Ends the workload; what it has seen is judged later.
    pub(crate) async fn pause_traffic(&mut self) {
        self.traffic.stop().await;
    }

    /// The cluster, with the workload ended.
    pub(crate) async fn into_world(mut self) -> World {
        self.traffic.stop().await;
        self.world
    }

    /// Lets the oracles judge what was seen.
    fn judge(&mut self) {
        self.found.extend(self.world.monitor.found());
        let book = Arc::clone(&self.traffic.book);
        let mut book = book.open();
        self.found.append(&mut book.found);
        self.found.extend(book.lives.iter().enumerate().filter_map(|(name, life)| life.check(name)));
        self.found.extend(book.presented.values().filter_map(super::oracle::single_use::Presented::check));
        self.found.extend(book.suspensions.iter().filter_map(super::oracle::suspension::Suspension::check));
        self.found.extend(unique::check(&book.names));
        self.found.extend(book.registers.iter().filter_map(|(name, accesses)| linearizable::check(name, accesses)));
        let contended = book.presented.values().filter(|presented| presented.contended()).count();
        self.figures.histories = book.registers.len() + contended + book.suspensions.len();
        self.figures.operations = book.operations;
        self.figures.unknown = book.unknown;
        self.figures.acknowledged = book.acknowledged.len();
        self.figures.unavailable = unavailable::longest(&book.acknowledged, self.began, Instant::now());
    }
}

/// A write at one node that is read at all.
async fn fresh_at(traffic: &Traffic, place: usize, places: &[usize], until: Instant) -> Result<()> {
    let (parties, book) = (&traffic.parties, &traffic.book);
    let here = parties.places.iter().find(|it| it.number == place).context("a place")?;
    let mut number = 0;
    let write = async || {
        number += 1;
        let name = format!("fresh{}-{place}-{number}", parties.run);
        book.open().names.entry(name.clone()).or_default();
        let body = crate::traffic::person(&name, "fresh");
        let answer = here.scim.send(Method::POST, "/Users", Some(&body)).await.ok()?.expect(201).ok()?;
        answer.json().ok()?.get("id").and_then(Value::as_str).map(str::to_owned)
    };
    let limit = until.saturating_duration_since(Instant::now());
    let (id, _) = eventually(&format!("node {} takes a write", place + 1), limit, write).await?;
    for there in parties.places.iter().filter(|it| places.contains(&it.number)) {
        let read = async || {
            let answer = there.scim.send(Method::GET, &format!("/Users/{id}"), None).await.ok()?;
            (answer.status < 500).then_some(answer.status)
        };
        let limit = until.saturating_duration_since(Instant::now());
        let (status, _) = eventually(&format!("node {} reads", there.number + 1), limit, read).await?;
        ensure!(status == 200, "node {} reads {status} for what was just written", there.number + 1);
    }
    Ok(())
}
