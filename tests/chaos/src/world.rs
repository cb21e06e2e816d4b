//! A cluster on the field, with everybody who uses it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use woad_tests::{
    Application, Browser, Client, Cluster, Endpoint, Kind, Middle, Node, PASSWORD, Person, Realm, Scim, Site,
};

use crate::field::disk::Disk;
use crate::field::{Field, LAB};
use crate::monitor::Monitor;
use crate::traffic::{Parties, Place, SCOPE};

/// After this a client gives a request up: its outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(2);
/// People who are signed in: one for each part of the workload that needs one.
const PEOPLE: usize = 4;
/// A snapshot after this much log, so that snapshots, purges and installs happen all the time.
const SNAPSHOT_BYTES: u64 = 128 * 1024;

/// What a scenario needs to stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Three nodes that other scenarios use too.
    Three,
    /// Three nodes and a spare one.
    Spare,
    /// Five nodes.
    Five,
    /// Three nodes with somebody between them.
    Between,
    /// Three nodes of its own: what it does to them is not undone.
    Alone,
}

impl Stage {
    const fn nodes(self) -> (usize, usize) {
        match self {
            Self::Three | Self::Between | Self::Alone => (3, 3),
            Self::Spare => (3, 4),
            Self::Five => (5, 5),
        }
    }
}

/// Puts somebody in front of each of these nodes' peer listeners.
async fn between(sites: &mut [Site]) -> Result<Vec<Middle>> {
    let folders: Vec<PathBuf> = sites.iter().filter_map(|site| site.data.clone()).collect();
    let mut middles = Vec::new();
    for (site, own) in sites.iter_mut().zip(&folders) {
        let address = SocketAddr::new(LAB.into(), site.peer.port() + 1000 + u16::try_from(middles.len())? * 100);
        site.advertise = Some(address);
        middles.push(Middle::open(address, site.peer, own.clone(), folders.clone()).await?);
    }
    Ok(middles)
}

/// A cluster and its users.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) disks: Vec<Disk>,
    pub(crate) monitor: Monitor,
    /// Who is between the nodes, by the node they stand in front of.
    pub(crate) middles: Vec<Middle>,
    pub(crate) realm: Realm,
    pub(crate) client: Client,
    scim: Scim,
    public: Application,
    confidential: Application,
    people: Vec<(Person, Browser)>,
    /// Names that may have been given to people: I2.
    pub(crate) names: BTreeSet<String>,
    runs: usize,
}

impl World {
    /// Starts the nodes and makes what the workload needs.
    pub(crate) async fn make(field: &Field, stage: Stage, environment: &[(String, String)]) -> Result<Self> {
        let (running, all) = stage.nodes();
        let (mut sites, disks) = field.sites(all, environment)?;
        for site in &mut sites {
            site.node = format!("debug_snapshot_bytes = {SNAPSHOT_BYTES}");
        }
        let middles = if stage == Stage::Between { between(&mut sites).await? } else { Vec::new() };
        let mut cluster = Cluster::at(sites, running, field.folder()).await?;
        cluster.show_complaints_only();
        let realm = cluster.realm(0, json!({})).await?;
        let client = cluster.client(1, &realm, "program").await?;
        let admin = &cluster.node(0)?.admin;
        let provisioner = Scim::client(admin, &realm).await?;
        let public = Application::register(admin, &realm, "terminal", Kind::Public).await?;
        let confidential = Application::register(admin, &realm, "portal", Kind::Confidential).await?;
        for secret in [&provisioner.secret, &confidential.client.secret, PASSWORD] {
            cluster.secret(secret);
        }
        let scim = Scim::connect(&cluster.node(0)?.https, &provisioner).await?;
        let ends: Vec<Endpoint> = cluster.nodes.iter().take(running).map(|node| node.https.clone()).collect();
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let person = Person::create(admin, &realm, &format!("person{number}")).await?;
            let mut browser = Browser::new(&ends, &realm.issuer);
            public.code(&mut browser, &person, SCOPE).await?;
            confidential.code(&mut browser, &person, SCOPE).await?;
            people.push((person, browser));
        }
        let names = people.iter().map(|(person, _)| person.user_name.clone()).collect();
        let monitor = Monitor::start(&cluster.nodes);
        Ok(Self { cluster, disks, monitor, middles, realm, client, scim, public, confidential, people, names, runs: 0 })
    }

    /// Everybody, for one run of the workload at the nodes that serve.
    pub(crate) fn parties(&mut self) -> Result<Parties> {
        self.runs += 1;
        let authority = self.cluster.authority.pem().to_owned();
        let serving = self.cluster.running();
        let mut places = Vec::new();
        for place in serving {
            let node = self.cluster.node(place)?;
            let https = Endpoint::with_patience(node.https_address, &authority, PATIENCE)?;
            let scim = self.scim.at(&https);
            places.push(Place { number: place, https, scim });
        }
        let ends: Vec<Endpoint> = places.iter().map(|place| place.https.clone()).collect();
        let people = self.people.iter().map(|(person, browser)| (person.clone(), browser.among(&ends))).collect();
        Ok(Parties {
            places,
            realm: self.realm.clone(),
            client: self.client.clone(),
            public: self.public.clone(),
            confidential: self.confidential.clone(),
            people,
            run: self.runs,
        })
    }

    /// Places of the nodes that vote and run.
    pub(crate) fn running(&mut self) -> Vec<usize> {
        self.cluster.running()
    }

    /// Where the leader is.
    pub(crate) async fn leader(&mut self) -> Result<usize> {
        let running = self.running();
        self.cluster.leader(&running).await
    }

    /// A node that does not lead.
    pub(crate) async fn follower(&mut self) -> Result<usize> {
        let leader = self.leader().await?;
        self.running().into_iter().find(|place| *place != leader).context("no follower")
    }

    /// A node.
    pub(crate) fn node(&self, place: usize) -> Result<&Node> {
        self.cluster.node(place)
    }

    /// A node's disk.
    pub(crate) fn disk(&self, place: usize) -> Result<&Disk> {
        self.disks.get(place).context("no such disk")
    }
}
