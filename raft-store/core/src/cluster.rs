//! What an operator may ask of the cluster itself. The replicated store answers; `api/admin` gives it a wire.

use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::agreement::AgreementStatus;
use crate::ids::{NodeId, Revision, Timestamp};
use crate::store::{BoxFuture, Request, StoreError};

/// How much room the disk of a node has (store.md 17).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskSpace {
    /// Above both watermarks.
    #[default]
    Ample,
    /// Past the soft watermark: what makes records is refused.
    Low,
    /// Past the hard watermark: the node is unready, does not lead, and has released its reserve.
    Exhausted,
}

impl DiskSpace {
    /// All of them, from good to bad.
    pub const ALL: [Self; 3] = [Self::Ample, Self::Low, Self::Exhausted];

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ample => "ample",
            Self::Low => "low",
            Self::Exhausted => "exhausted",
        }
    }
}

/// A member as one node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: NodeId,
    /// Where its peer listener is.
    pub peer_address: String,
    /// Whether it votes: not a learner, nor one that a change under way makes a voter until that is through.
    pub voter: bool,
    /// Whether it is believed to lead.
    pub leader: bool,
    /// The last log index known to be replicated to it; only the leader knows.
    pub matched: Option<u64>,
    /// How long ago it last answered the leader, in ms; only the leader knows.
    pub last_ack_ms: Option<u64>,
    /// How much room its disk has, as it said itself; `None`: not heard lately.
    pub disk: Option<DiskSpace>,
    /// Whether this node refuses it, since it once had more than it has: it must join again.
    pub behind: bool,
}

/// What one node knows of certificates and keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustStatus {
    /// When its peer certificate expires, ms since the Unix epoch.
    pub certificate_expires: Timestamp,
    /// Which life of the state this is: counts recoveries from a lost quorum, and restores.
    pub incarnation: u64,
    /// Rotations under way.
    pub rotations: Vec<RotationStatus>,
}

/// A rotation of cluster key or authority that is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RotationStatus {
    /// Of what.
    pub what: String,
    /// What every node is to do now.
    pub stage: String,
    /// Cluster time at which it began.
    pub since: Timestamp,
    /// The nodes that have not done it.
    pub waiting_for: Vec<NodeId>,
}

/// The cluster as one node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterStatus {
    /// The cluster's id.
    pub cluster_id: String,
    /// The node that answers.
    pub node: NodeId,
    /// Its Raft state: `leader`, `follower`, `candidate`, `learner`.
    pub state: String,
    /// Its term.
    pub term: u64,
    /// Who leads, if that is known.
    pub leader: Option<NodeId>,
    /// Last index in its log.
    pub last_log: u64,
    /// Last index it applied.
    pub applied: u64,
    /// Last index its log was purged to.
    pub purged: u64,
    /// Index of its last snapshot.
    pub snapshot: u64,
    /// Cluster level.
    pub level: u32,
    /// Cluster time.
    pub clock: Timestamp,
    /// Whether it lacks the cluster key.
    pub sealed: bool,
    /// Whether an operator confirmed that the recovery bundle is in safe custody.
    pub custody_confirmed: bool,
    /// Certificates and keys.
    pub trust: TrustStatus,
    /// Software version.
    pub version: String,
    /// How much room its disk has.
    pub disk: DiskSpace,
    /// Free bytes there, the reserve not counted.
    pub disk_free: u64,
    /// Why it serves no more, if it does not.
    pub fault: Option<String>,
    /// Everyone.
    pub members: Vec<Member>,
}

/// A token by which one node may join, shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// What the new node is started with.
    pub token: String,
    /// When it ceases to work, cluster time.
    pub expires: Timestamp,
}

/// Why an operation on the cluster was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// There is no such member.
    #[error("node {0} is not a member")]
    NoSuchMember(NodeId),
    /// It would leave no quorum, or none that is caught up.
    #[error("{0}")]
    Unsafe(String),
    /// Another change of membership is under way.
    #[error("another membership change is under way")]
    Busy,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Peers that were refused alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedPeer {
    /// What was wrong.
    pub kind: &'static str,
    /// The other end, where it is known.
    pub from: Option<IpAddr>,
    /// How often.
    pub count: u64,
}

/// Operations on the cluster. Every one may be asked of any member; the leader carries it out.
pub trait ClusterControl: Send + Sync {
    /// The cluster as this node sees it. Never waits for others.
    fn status(&self) -> ClusterStatus;
    /// Makes a single-use join token. Returns after it is on a quorum's disks.
    fn create_join_token<'a>(
        &'a self,
        cx: &'a Request,
        valid: Duration,
    ) -> BoxFuture<'a, Result<JoinToken, ClusterError>>;
    /// Removes a member. Returns after the new membership is committed. Unless its data and keys are known to be
    /// destroyed, rotations of cluster key and authority begin with it, and the new recovery bundle is answered.
    fn remove<'a>(
        &'a self,
        cx: &'a Request,
        node: NodeId,
        destroyed: bool,
    ) -> BoxFuture<'a, Result<Option<Zeroizing<String>>, ClusterError>>;
    /// Begins a rotation of the cluster key. Answers the new recovery bundle, once; the rotation goes on by itself.
    fn rotate_key<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Zeroizing<String>, ClusterError>>;
    /// Begins a rotation of the authority. Answers the new recovery bundle, once; the rotation goes on by itself.
    fn rotate_authority<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Zeroizing<String>, ClusterError>>;
    /// Lets rotations wait no longer for nodes that don't answer; they can't come back as they are. Says which.
    fn finish_rotation<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<Vec<NodeId>, ClusterError>>;
    /// Notes that the recovery bundle is in safe custody. Says whether that is news.
    fn confirm_custody<'a>(&'a self, cx: &'a Request) -> BoxFuture<'a, Result<bool, ClusterError>>;
    /// Hands leadership to a voter (`None`: the most caught-up one). Returns after it leads.
    fn transfer<'a>(&'a self, cx: &'a Request, to: Option<NodeId>) -> BoxFuture<'a, Result<NodeId, ClusterError>>;
    /// What this node knows of the replicas' agreement. Never waits for others.
    fn agreement(&self) -> AgreementStatus {
        AgreementStatus::default()
    }
    /// Who was refused at this node's peer port since this was last asked.
    fn take_refused_peers(&self) -> Vec<RefusedPeer> {
        Vec::new()
    }
    /// Asks every replica to hash its state, and says at which index. Does not wait for their answers.
    fn verify<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Revision, ClusterError>> {
        Box::pin(async { Err(ClusterError::Unsafe("there are no replicas to compare".to_owned())) })
    }
}

/// What a node knows of its own fitness to serve, gathered without waiting and without touching the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each of which readiness shows by name")]
pub struct Health {
    /// Whether it is a member of a cluster.
    pub initialised: bool,
    /// Whether it has applied everything that was committed when it started.
    pub recovered: bool,
    /// Who leads, if that is known.
    pub leader: Option<u64>,
    /// How long ago a quorum is known to have answered; `None`: never since the start.
    pub quorum_age: Option<Duration>,
    /// Committed entries that it has not applied yet.
    pub apply_lag: u64,
    /// Whether it lacks the cluster key.
    pub sealed: bool,
    /// Its clock against the voters' median, in ms; `None` while too few have told theirs.
    pub clock_offset_ms: Option<i64>,
    /// Whether storage works and Raft runs; it never comes back within this process.
    pub storage_ok: bool,
    /// Whether the oldest flush under way is older than one second.
    pub fsync_stalled: bool,
    /// Why it has left service for good: its state differs from a majority's, or cannot be read.
    pub quarantined: Option<String>,
    /// How much room its disk has.
    pub disk: DiskSpace,
    /// Why it serves no more, if it does not. It never comes back within this process.
    pub fault: Option<String>,
}
