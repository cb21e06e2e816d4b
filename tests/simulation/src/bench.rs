//! What hosts and simulator share: members, clients, oracle, trace.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use raft_store::Node;
use raft_store::simulation::{self, FakeDisk};
use raft_store_core::NodeId;
use raft_store_core::Request;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::client::Clients;
use crate::machine::Machine;
use crate::op::{Call, Ended};
use crate::oracle::{Broken, Oracle};
use crate::perform::{perform, receipts};
use crate::report::{Coverage, Trace};
use crate::sync::Cell;

/// Everything shared. Never borrowed across an await.
pub(crate) type Shared = Rc<RefCell<Bench>>;

/// How a host's member begins its next life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Birth {
    Init,
    Join,
    Again,
}

/// One host, up or not.
#[expect(clippy::struct_excessive_bools, reason = "each is asked for alone")]
pub(crate) struct Host {
    pub(crate) name: String,
    /// The member's id, once it has one.
    pub(crate) id: u64,
    pub(crate) birth: Birth,
    pub(crate) disk: FakeDisk,
    pub(crate) machine: Arc<Machine>,
    /// How long a flush takes, from and to, in µs.
    pub(crate) flush_us: Arc<Cell<(u64, u64)>>,
    pub(crate) folder: TempDir,
    /// While the software runs.
    pub(crate) up: bool,
    /// While the member is open.
    pub(crate) node: Option<Arc<Node>>,
    pub(crate) jobs: Option<mpsc::UnboundedSender<Job>>,
    /// Whether it has an id of this cluster.
    pub(crate) known: bool,
    /// Removed from the cluster.
    pub(crate) retired: bool,
    /// Somebody has asked to remove it.
    pub(crate) leaving: bool,
}

/// What a host is asked to do.
pub(crate) enum Job {
    Call(Ticket),
    Transfer,
    /// Lets a host in.
    Admit {
        host: usize,
    },
    /// Takes a host out.
    Remove {
        host: usize,
    },
    /// Reads every receipt, at the end.
    Receipts,
    /// One write and one read, at the end.
    Prove,
}

#[derive(Default)]
pub(crate) struct Proof {
    pub(crate) proven: BTreeMap<usize, bool>,
    pub(crate) receipts: Option<Vec<(u64, u64, u64, u64)>>,
}

pub(crate) struct Bench {
    pub(crate) hosts: Vec<Host>,
    pub(crate) clients: Clients,
    pub(crate) oracle: Oracle,
    pub(crate) coverage: Coverage,
    pub(crate) trace: Trace,
    pub(crate) tick: u64,
    pub(crate) broken: Option<Broken>,
    pub(crate) proof: Proof,
    /// Whether a change of membership is under way.
    pub(crate) changing: bool,
    /// Hosts that were let in, and are to be started.
    pub(crate) admitted: Vec<(usize, u64)>,
}

impl Bench {
    pub(crate) fn line(&mut self, line: &impl std::fmt::Display) {
        self.trace.line(self.tick, line);
    }

    pub(crate) fn fault(&mut self, kind: &str, line: &impl std::fmt::Display) {
        self.coverage.count(kind);
        self.trace.line(self.tick, &format!("fault {kind} {line}"));
    }

    pub(crate) fn break_with(&mut self, broken: Broken) {
        self.line(&format!("BROKEN {broken}"));
        self.broken.get_or_insert(broken);
    }

    fn end(&mut self, call: Call, ended: Ended) {
        let at = turmoil::sim_elapsed().unwrap_or(Duration::from_millis(self.tick));
        let true_ms = u64::try_from(crate::machine::EPOCH_MS).unwrap() + u64::try_from(at.as_millis()).unwrap();
        self.line(&format!("call {} at n{} ended {ended:?}", call.id, call.node));
        if let Err(broken) = self.oracle.end(call.id, ended, at, true_ms) {
            self.break_with(broken);
        }
        self.clients.ended(call, ended, self.tick);
    }
}

/// A call on its way. Lost with its host, it ends as unknown.
pub(crate) struct Ticket {
    shared: Shared,
    call: Option<Call>,
}

impl Ticket {
    pub(crate) fn new(shared: &Shared, call: Call) -> Self {
        Self { shared: Rc::clone(shared), call: Some(call) }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.shared.borrow_mut().end(call, Ended::Unknown);
        }
    }
}

/// Does one job at a member.
pub(crate) async fn work(shared: Shared, node: Arc<Node>, at: usize, job: Job) {
    let cx = Request::new("");
    match job {
        Job::Call(mut ticket) => {
            let Some(call) = ticket.call else { return };
            {
                let mut bench = shared.borrow_mut();
                bench.line(&format!("call {} at n{} by {}: {:?}", call.id, call.node, call.client, call.op));
                bench.oracle.begin(call);
            }
            let ended = perform(&node.store(), call).await;
            ticket.call = None;
            shared.borrow_mut().end(call, ended);
        }
        Job::Transfer => {
            let moved = node.control().transfer(&cx, None).await;
            let mut bench = shared.borrow_mut();
            bench.line(&format!("transfer: {moved:?}"));
            if moved.is_ok() {
                bench.coverage.count("transfer");
            }
        }
        Job::Admit { host } => {
            let _done = Changing(Rc::clone(&shared));
            let address = format!("n{}:{}", host + 1, crate::machine::PORT);
            let given = simulation::admit(&node, &address).await;
            let mut bench = shared.borrow_mut();
            bench.line(&format!("admit n{}: {given:?}", host + 1));
            if let Ok(id) = given {
                bench.coverage.count("join");
                bench.hosts[host].known = true;
                bench.admitted.push((host, id));
            }
        }
        Job::Remove { host } => {
            let _done = Changing(Rc::clone(&shared));
            let id = {
                let mut bench = shared.borrow_mut();
                bench.hosts[host].leaving = true;
                bench.hosts[host].id
            };
            let gone = node.control().remove(&cx, NodeId(id), true).await.map(drop);
            let mut bench = shared.borrow_mut();
            bench.line(&format!("remove n{}: {gone:?}", host + 1));
            if gone.is_ok() {
                bench.coverage.count("remove");
                bench.hosts[host].retired = true;
            }
        }
        Job::Prove => {
            let proven = prove(&node, at).await;
            shared.borrow_mut().proof.proven.insert(at, proven);
        }
        Job::Receipts => {
            if let Ok(found) = receipts(&node.store(), Duration::from_secs(2)).await {
                let found = found.into_iter().map(|(id, at, answer, now)| (id, at.0, answer, now)).collect();
                shared.borrow_mut().proof.receipts = Some(found);
            }
        }
    }
}

/// While a change of membership is under way, no other begins.
struct Changing(Shared);

impl Drop for Changing {
    fn drop(&mut self) {
        self.0.borrow_mut().changing = false;
    }
}

/// A fresh write and a linearizable read that sees it.
async fn prove(node: &Node, at: usize) -> bool {
    use crate::tables::{Registers, row};
    use raft_store_core::{Freshness, Outcome, Read as _};
    let request = Request { id: String::new(), within: Duration::from_secs(3) };
    let key = 1_000_000 + at as u64;
    let store = node.store();
    let written = store.transact(&request, |tx| {
        let next = tx.get::<Registers>(&key)?.map_or(0, |found| found.row.a) + 1;
        let _ = tx.put::<Registers>(key, row(next, 0))?;
        Ok(Outcome::Commit(next))
    });
    let Ok(written) = written.await else { return false };
    let read = store.view(&request, Freshness::Linearizable, |view| view.get::<Registers>(&key));
    matches!(read.await, Ok(done) if done.answer.as_ref().is_some_and(|found| found.row.a >= written.answer))
}
