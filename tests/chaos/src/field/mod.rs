//! The ground that nodes stand on: a bridge, a network namespace and a disk for each, and the ways to break them.
//!
//! The lab's own side of the bridge is never cut off: clients are where the load generator is.

pub(crate) mod disk;
pub(crate) mod firewall;
pub(crate) mod run;
pub(crate) mod tracer;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, ensure};
use woad_tests::Site;

use disk::Disk;
use run::line;

/// The lab's own address; nodes are below 15, so that one rule names all of them.
pub(crate) const LAB: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 254);
/// Nodes of the largest cluster.
pub(crate) const PLACES: usize = 5;

/// The network inside the enclosure.
pub(crate) struct Field {
    folder: PathBuf,
    /// Clusters so far: each has ports of its own, so that one that is still dying is in nobody's way.
    clusters: AtomicU16,
}

/// The address of a node.
pub(crate) fn address(place: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 77, 0, u8::try_from(place + 1).unwrap_or(u8::MAX))
}

/// The network namespace of a node.
fn namespace(place: usize) -> String {
    format!("/run/netns/node{}", place + 1)
}

impl Field {
    /// Makes bridge and namespaces. The caller is inside the enclosure.
    ///
    /// # Errors
    /// When this network is not a new one, or the kernel refuses.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let links = line("ip -o link")?;
        ensure!(links.lines().all(|link| link.contains(": lo:")), "this network is not a new one: {links}");
        line("mount --make-rprivate /")?;
        std::fs::create_dir_all("/run/netns")?;
        line("mount -t tmpfs tmpfs /run/netns")?;
        line("ip link set lo up")?;
        line("ip link add bridge type bridge")?;
        line(&format!("ip addr add {LAB}/24 dev bridge"))?;
        line("ip link set bridge up")?;
        for place in 0..PLACES {
            let name = format!("node{}", place + 1);
            line(&format!("ip netns add {name}"))?;
            line(&format!("ip link add port{place} type veth peer name eth0 netns {name}"))?;
            line(&format!("ip link set port{place} master bridge up"))?;
            line(&format!("ip -n {name} addr add {}/24 dev eth0", address(place)))?;
            line(&format!("ip -n {name} link set eth0 up"))?;
            line(&format!("ip -n {name} link set lo up"))?;
        }
        Ok(Self { folder: folder.to_owned(), clusters: AtomicU16::new(0) })
    }

    /// The lab's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sites of a new cluster, each with a new disk.
    ///
    /// # Errors
    /// When a disk can't be made.
    pub(crate) fn sites(&self, nodes: usize, environment: &[(String, String)]) -> Result<(Vec<Site>, Vec<Disk>)> {
        let cluster = self.clusters.fetch_add(1, Ordering::Relaxed);
        let (mut sites, mut disks) = (Vec::new(), Vec::new());
        for place in 0..nodes {
            let disk = Disk::make(&self.folder, &format!("{cluster}-{}", place + 1))?;
            let at = |port: u16| SocketAddr::from((address(place), port + cluster));
            let mut site = Site::at(at(8_443), at(7_443));
            site.data = Some(disk.mount().join("woad"));
            site.wrapper = vec!["nsenter".into(), format!("--net={}", namespace(place)).into()];
            site.environment = environment.to_vec();
            sites.push(site);
            disks.push(disk);
        }
        Ok((sites, disks))
    }
}
