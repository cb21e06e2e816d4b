//! Init, join, start.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use raft_store_core::{NodeId, Outcome, Request, Timestamp};
use rustls_pki_types::CertificateDer;

use super::Node;
use super::assemble::{Entering, Opening};
use super::options::{Options, Presence, StartError, trust};
use crate::cluster::{NodeFiles, ask_to_join, first_node};
use crate::disk::{DataLock, is_of_the_disk};
use crate::env::SharedEnv;
use crate::trust::keyring::{self, DataKey};
use crate::trust::{
    ClusterCa, ClusterId, ClusterKey, JoinToken, NodeIdentity, NodeKey, PeerAddress, PeerIdentity, RecoveryBundle,
    WallClock, ca, clock_plausible, cluster_record,
};
use crate::types::PeerNode;

/// How long a new cluster of one may take to elect itself and write its first record.
const FIRST_WRITE: Duration = Duration::from_secs(15);

/// What a folder holds.
///
/// # Errors
/// When it cannot be looked at.
pub fn presence(folder: &Path) -> Result<Presence, StartError> {
    let member = folder.join(MEMBER_FILE).try_exists()?;
    Ok(if member { Presence::Member } else { Presence::Fresh })
}

/// Written last by init and join: node id and cluster id.
pub(super) const MEMBER_FILE: &str = "member";

pub(crate) fn read_member(folder: &Path) -> Result<(u64, ClusterId), StartError> {
    let text = fs::read_to_string(folder.join(MEMBER_FILE)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StartError::NotMember,
        std::io::ErrorKind::InvalidData => StartError::Mixed("the file `member` is malformed".to_owned()),
        _ => StartError::Io(error),
    })?;
    let malformed = || StartError::Mixed("the file `member` is malformed".to_owned());
    let (node, cluster) = text.trim().split_once(' ').ok_or_else(malformed)?;
    Ok((node.parse().map_err(|_| malformed())?, cluster.parse().map_err(|_| malformed())?))
}

pub(crate) fn write_member(folder: &Path, node: u64, cluster: ClusterId) -> std::io::Result<()> {
    let temporary = folder.join("member.tmp");
    fs::write(&temporary, format!("{node} {cluster}\n"))?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(temporary, folder.join(MEMBER_FILE))?;
    fs::File::open(folder)?.sync_all()
}

/// A folder that this process holds and that no member lives in yet.
fn take_fresh(options: &Options) -> Result<DataLock, StartError> {
    let lock = take(&options.data_dir)?;
    if presence(&options.data_dir)? == Presence::Member {
        let (node, cluster) = read_member(&options.data_dir)?;
        return Err(StartError::Member { node, cluster: cluster.to_string() });
    }
    // The remains of an interrupted init or join were never part of a cluster that answered anyone.
    drop(fs::remove_file(options.data_dir.join("sentinel")));
    for remains in ["db", "snapshots", "staged"] {
        let path = options.data_dir.join(remains);
        if path.exists() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(lock)
}

pub(crate) fn take(folder: &Path) -> Result<DataLock, StartError> {
    fs::create_dir_all(folder)?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(folder, private)?;
    DataLock::take(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => StartError::Locked(folder.to_owned()),
        _ => StartError::Io(error),
    })
}

fn wall(env: &SharedEnv) -> Timestamp {
    Timestamp(u64::try_from(env.wall_ms()).unwrap_or_default())
}

pub(crate) fn address(options: &Options) -> Result<PeerAddress, StartError> {
    options.peer_advertise.parse().map_err(|_| StartError::Address(options.peer_advertise.clone()))
}

pub(super) fn wall_clock(env: &SharedEnv) -> WallClock {
    let env = env.clone();
    WallClock::new(move || wall(&env).0)
}

/// Makes a cluster of this one node. The bundle is shown once.
///
/// # Errors
/// See [`StartError`]; nothing that counts is left behind then.
pub async fn init(options: Options) -> Result<(Node, RecoveryBundle), StartError> {
    let env = SharedEnv::system();
    let now = wall(&env);
    if !clock_plausible(now.0) {
        return Err(StartError::Clock(now.0));
    }
    let address = address(&options)?;
    let lock = take_fresh(&options)?;
    let fill = |buffer: &mut [u8]| env.fill_random(buffer);
    let id = ClusterId::generate(&fill);
    let authority = ClusterCa::generate(id, now, env.random_id()).map_err(trust)?;
    let key = NodeKey::generate().map_err(trust)?;
    let certificate = authority
        .issue(&ca::CertificateRequest {
            csr: &key.request().map_err(trust)?,
            node: PeerIdentity { cluster: id, node: NodeId(1) },
            address: &address,
            now,
            serial: env.random_id(),
            lifetime_ms: options.certificate_life_ms(),
        })
        .map_err(trust)?;
    let identity = NodeIdentity::new(key, vec![certificate, authority.certificate().clone()]).map_err(trust)?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    let cluster_key = if let Some(key) = files.load_key()? {
        key
    } else {
        let key = ClusterKey::generate(&fill);
        files.store_key(&key)?;
        key
    };
    files.store_identity(&identity)?;
    files.store_cas(std::slice::from_ref(authority.certificate()))?;
    let first = DataKey::generate(keyring::FIRST, &fill);
    let wrapping = keyring::wrapped(&first, &cluster_key, &fill).map_err(trust)?;

    let opening =
        Opening { env: env.clone(), options, files, lock: Some(lock), node: 1, cluster: id, entering: Entering::Init };
    let node = opening.open(Some((&cluster_key, &first))).await?;
    if let Err(error) = first_record(&node, id, &address, &authority, &wrapping).await {
        node.shutdown().await;
        return Err(error);
    }
    tracing::info!(cluster = %id, "a cluster was made");
    Ok((node, RecoveryBundle { cluster: id, created: now, cluster_key, ca: authority }))
}

/// Elects the cluster of one and writes its first transaction; only then is the node a member.
async fn first_record(
    node: &Node,
    id: ClusterId,
    address: &PeerAddress,
    authority: &ClusterCa,
    wrapping: &keyring::Wrapping,
) -> Result<(), StartError> {
    let members = BTreeMap::from([(1, PeerNode { address: address.to_string() })]);
    node.raft.initialize(members).await.map_err(|error| StartError::Raft(error.to_string()))?;
    let request = Request { id: "init".to_owned(), within: FIRST_WRITE };
    let written = node.cluster.store.transact(&request, |tx| {
        keyring::add(tx, keyring::FIRST, wrapping)?;
        if cluster_record::create(tx, id, authority)?.is_err() {
            return Ok(Outcome::Answer(false));
        }
        first_node(tx, &address.to_string())?;
        Ok(Outcome::Commit(true))
    });
    match written.await {
        Ok(done) if done.answer => {}
        Ok(_) => return Err(StartError::Raft("the new cluster already has a record".to_owned())),
        Err(error) => return Err(StartError::Raft(error.to_string())),
    }
    Ok(write_member(&node.cluster.folder, 1, id)?)
}

/// Joins the cluster that a token names. The node becomes a learner, and a voter once caught up.
///
/// # Errors
/// See [`StartError`].
pub async fn join(options: Options, token: &str) -> Result<Node, StartError> {
    let env = SharedEnv::system();
    let address = address(&options)?;
    let lock = take_fresh(&options)?;
    let token: JoinToken = token.trim().parse().map_err(crate::cluster::JoinRefused::from)?;
    let key = NodeKey::generate().map_err(trust)?;
    let answer = ask_to_join(&token, &key, &address, &wall_clock(&env)).await?;
    let cluster: ClusterId = answer.cluster_id.parse().map_err(trust)?;
    let authorities = crate::trust::split_certificates(&answer.ca_der).unwrap_or_default();
    let pinned = authorities.first().filter(|first| crate::trust::CaPin::of(first) == Some(token.pin));
    let Some(authority) = pinned.cloned() else {
        return Err(StartError::Trust("the answer's authority is not the one the token pins".to_owned()));
    };
    let certificate = CertificateDer::from(answer.certificate_der);
    let identity = NodeIdentity::new(key, vec![certificate, authority]).map_err(trust)?;
    let cluster_key = ClusterKey::from_bytes(&answer.cluster_key)
        .ok_or_else(|| StartError::Trust("the answer's cluster key is malformed".to_owned()))?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    files.store_key(&cluster_key)?;
    files.store_identity(&identity)?;
    files.store_cas(&authorities)?;
    let opening =
        Opening { env, options, files, lock: Some(lock), node: answer.node, cluster, entering: Entering::Join };
    let node = opening.open(None).await?;
    tracing::info!(node = answer.node, cluster = %answer.cluster_id, "joined");
    Ok(node)
}

/// Opens the member that lives in the folder.
///
/// # Errors
/// See [`StartError`].
pub async fn start(options: Options) -> Result<Node, StartError> {
    let lock = take(&options.data_dir)?;
    crate::recovery::finish_interrupted(&options)?;
    let (node, cluster) = read_member(&options.data_dir)?;
    let files = NodeFiles::new(&options.data_dir, options.cluster_key_file.as_deref());
    let env = SharedEnv::system();
    let opening = Opening { env, options, files, lock: Some(lock), node, cluster, entering: Entering::Again };
    opening.open(None).await.map_err(judged)
}

/// Tells damage and a failing disk from other errors of the file system.
fn judged(error: StartError) -> StartError {
    let StartError::Io(source) = &error else { return error };
    let words = source.to_string();
    if words.contains("Corruption") {
        StartError::Damaged { why: words }
    } else if is_of_the_disk(&words) {
        StartError::Disk(words)
    } else {
        error
    }
}
