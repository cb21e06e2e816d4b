//! What an attempt may be said to have come to, whatever becomes of its sends.

use std::collections::VecDeque;

use parking_lot::Mutex;
use raft_store_core::Revision;
use raft_store_core::apply::Verdict;

use super::*;
use crate::node::Node;
use crate::origin::testing::one_node;

/// What becomes of one send.
#[derive(Clone, Copy)]
enum Fate {
    Refused(RefusalKind),
    /// The stream breaks.
    Lost,
    /// It never gets past the queue.
    Stuck,
    /// It was appended: apply speaks, and nobody else.
    Applied,
    /// It was appended, and found late at this cluster time.
    Late(u64),
}

/// Sends by script; the last fate repeats.
struct Script {
    shared: Arc<Shared>,
    fates: Mutex<VecDeque<Fate>>,
    marked_again: Mutex<Vec<bool>>,
}

const ATTEMPT: AttemptId = AttemptId([9; 16]);

fn late(stamp: u64) -> Applied {
    Applied { verdict: Verdict::Late, stamp: Timestamp(stamp), ..applied() }
}

fn applied() -> Applied {
    let (index, stamp) = (Revision(77), Timestamp(5));
    Applied { attempt: ATTEMPT, verdict: Verdict::Committed, index, stamp, duplicate: false }
}

impl Sends for Script {
    async fn send(&self, _: u64, _: &str, attempt: Attempt) -> Refusal {
        self.marked_again.lock().push(attempt.again);
        let fate = {
            let mut fates = self.fates.lock();
            let next = fates.pop_front().unwrap();
            if fates.is_empty() {
                fates.push_back(next);
            }
            next
        };
        let (sender, refusal) = oneshot::channel();
        match fate {
            Fate::Refused(kind) => {
                drop(sender.send(Refused { attempt: attempt.id, kind, stamp: Timestamp(3) }));
            }
            Fate::Lost => drop(sender),
            Fate::Stuck => std::future::pending().await,
            Fate::Applied => {
                self.shared.waiters.tell(applied());
                std::mem::forget(sender);
            }
            Fate::Late(stamp) => {
                self.shared.waiters.tell(late(stamp));
                std::mem::forget(sender);
            }
        }
        refusal
    }
}

struct World {
    _folder: tempfile::TempDir,
    node: Node,
}

impl World {
    async fn new() -> Self {
        let (folder, node) = one_node().await;
        Self { _folder: folder, node }
    }

    /// How an attempt with these fates ends, and which of its sends were marked as repeated.
    async fn settle(&self, fates: &[Fate]) -> (Settled, Vec<bool>) {
        let shared = Arc::clone(&self.node.cluster.shared);
        let fates = Mutex::new(fates.iter().copied().collect());
        let forwarder = Script { shared: Arc::clone(&shared), fates, marked_again: Mutex::default() };
        let settler = Settler { raft: self.node.raft.clone(), shared, forwarder };
        let deadline = Instant::now() + Duration::from_millis(120);
        let settled = settler.settle(&wire::Entry::default(), ATTEMPT, deadline).await;
        assert!(Instant::now() < deadline + Duration::from_secs(2), "not long after its deadline");
        assert!(settler.shared.waiters.pending().is_empty(), "nobody waits any more");
        (settled, settler.forwarder.marked_again.into_inner())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_means_that_no_send_was_appended() {
    use RefusalKind::{RefusalBusy, RefusalDiscarded, RefusalFull, RefusalLate, RefusalNotLeader, RefusalUnknown};
    let world = World::new().await;

    let (settled, again) = world.settle(&[Fate::Refused(RefusalLate)]).await;
    assert!(matches!(settled, Settled::Refused(RefusalLate, Timestamp(3))));
    assert_eq!(again, [false]);
    let (settled, again) = world.settle(&[RefusalNotLeader, RefusalBusy, RefusalFull].map(Fate::Refused)).await;
    assert!(matches!(settled, Settled::Refused(RefusalFull, _)));
    assert_eq!(again, [false; 3]);
    let (settled, again) = world.settle(&[Fate::Refused(RefusalNotLeader)]).await;
    assert!(matches!(settled, Settled::NotSent));
    assert!(again.len() > 1 && !again.contains(&true));
    let (settled, _) = world.settle(&[Fate::Stuck]).await;
    assert!(matches!(settled, Settled::NotSent));

    // One send in doubt leaves the attempt in doubt, whatever is said of the next.
    for doubtful in [Fate::Lost, Fate::Refused(RefusalDiscarded), Fate::Refused(RefusalUnknown)] {
        for next in [RefusalLate, RefusalFull, RefusalNotLeader] {
            let (settled, again) = world.settle(&[doubtful, Fate::Refused(next)]).await;
            assert!(matches!(settled, Settled::Unknown));
            assert!(!again[0] && again[1..].iter().all(|again| *again));
        }
        let (settled, _) = world.settle(&[doubtful, Fate::Stuck]).await;
        assert!(matches!(settled, Settled::Unknown));
        let (settled, again) = world.settle(&[doubtful, Fate::Applied]).await;
        assert!(matches!(settled, Settled::Outcome(found) if found == applied()));
        assert_eq!(again, [false, true]);
    }
    let (settled, _) = world.settle(&[Fate::Applied]).await;
    assert!(matches!(settled, Settled::Outcome(_)));
    world.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_send_found_late_after_a_leap_of_cluster_time_says_nothing_of_the_first() {
    let world = World::new().await;
    // The entry's deadline is zero.
    let (settled, _) = world.settle(&[Fate::Lost, Fate::Late(REMEMBERED_MS + 1)]).await;
    assert!(matches!(settled, Settled::Unknown), "the outcome of the first may be forgotten");
    let (settled, _) = world.settle(&[Fate::Lost, Fate::Late(REMEMBERED_MS)]).await;
    assert!(matches!(settled, Settled::Outcome(found) if found == late(REMEMBERED_MS)), "it would be remembered");
    let (settled, _) = world.settle(&[Fate::Late(REMEMBERED_MS + 1)]).await;
    assert!(matches!(settled, Settled::Outcome(_)), "there was no other");
    world.node.shutdown().await;
}
