//! The shared `ReadIndex`: a reader joins only one that is sent after it arrived (store.md 13).

use openraft::async_runtime::WatchReceiver;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use openraft::{LinearizerOption, ServerState};
use parking_lot::Mutex;
use raft_store_core::limits::MAX_READERS;
use raft_store_core::{Mutant, Revision, Timestamp};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::freshness::{Freshness, Sent};
use super::leader_time::LeaderTime;
use crate::machine::Shared;
use crate::metrics::StoreMetrics;
use crate::net::{Channels, Line, Purpose};
use crate::proto;
use crate::types::Raft;

/// How long the leader waits for a quorum's answer.
const LEADER_WAIT: Duration = Duration::from_millis(400);
/// How long a follower waits for the leader's answer.
const CALL_WAIT: Duration = Duration::from_millis(450);

/// Why there is no confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unconfirmed {
    /// Nobody confirmed in time.
    Unanswered,
    /// As many readers wait as may. It says nothing about the quorum.
    TooMany,
}

use Unconfirmed::Unanswered;

type Confirmed = Result<(u64, Sent), Unconfirmed>;

/// A handle on the task that asks.
#[derive(Clone)]
pub(crate) struct ReadIndex {
    asks: mpsc::Sender<oneshot::Sender<Confirmed>>,
    raft: Raft,
    node: u64,
    shared: Arc<Shared>,
    freshness: Arc<Freshness>,
    time: LeaderTime,
}

/// The leader's answer to a `ReadIndex`: the index, and what it would stamp an entry with.
pub(crate) async fn at_leader(raft: &Raft, time: &LeaderTime) -> Result<(u64, Timestamp), String> {
    let option = LinearizerOption::new(Some(Duration::ZERO), true).with_wait_timeout(LEADER_WAIT);
    let linearizer = raft.get_read_linearizer(option).await.map_err(|error| error.to_string())?;
    let voters: Vec<u64> = raft.voter_ids().collect();
    let told = time.tell(&voters).ok_or("the voters' clocks are not known yet")?;
    Ok((linearizer.read_log_id().index(), told))
}

impl ReadIndex {
    /// Starts the task.
    pub(crate) fn start(
        raft: Raft,
        node: u64,
        channels: Arc<Channels>,
        shared: Arc<Shared>,
        freshness: Arc<Freshness>,
        time: LeaderTime,
        metrics: Arc<StoreMetrics>,
    ) -> Self {
        let (asks, receiver) = mpsc::channel(MAX_READERS);
        let task = Task {
            line: Mutex::default(),
            raft: raft.clone(),
            node,
            channels,
            shared: Arc::clone(&shared),
            freshness: Arc::clone(&freshness),
            time: time.clone(),
        };
        let task = Arc::new(task);
        let ask = move || {
            let task = Arc::clone(&task);
            metrics.read_index_round();
            async move { task.ask().await }
        };
        tokio::spawn(share(Arc::clone(&freshness), receiver, ask));
        Self { asks, raft, node, shared, freshness, time }
    }

    /// The index that a node without any other member needs nobody to confirm.
    ///
    /// Whatever was acknowledged was then applied here before: by this node, or by a member of the time before this
    /// membership, whose entry comes after it in the log and is applied, too. And nobody else can commit anything.
    fn alone(&self) -> Option<Revision> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let (config, applied) = (&metrics.membership_config, metrics.last_applied.as_ref()?);
        let leads = metrics.state == ServerState::Leader && applied.leader_id.term == metrics.current_term;
        let mut members = config.nodes();
        let alone = members.next().is_some_and(|(id, _)| *id == self.node) && members.next().is_none();
        let counts = leads && alone && config.log_id().as_ref() <= Some(applied);
        counts.then(|| self.shared.applied_index())
    }

    /// An index that covers everything acknowledged before this call, once it is applied here.
    pub(crate) async fn confirm(&self, within: Duration) -> Result<Revision, Unconfirmed> {
        let sent = self.freshness.sending();
        if let Some(index) = self.alone()
            && self.time.tell(&[self.node]).is_some()
        {
            self.freshness.succeeded(sent);
            return Ok(index);
        }
        let confirmed = tokio::time::timeout(within, async {
            let (index, sent) = loop {
                let (sender, receiver) = oneshot::channel();
                self.asks.try_send(sender).map_err(|error| match error {
                    TrySendError::Full(_) => Unconfirmed::TooMany,
                    TrySendError::Closed(_) => Unanswered,
                })?;
                if let Ok(confirmed) = receiver.await.map_err(|_| Unanswered)? {
                    break confirmed;
                }
            };
            let mut applied = self.shared.applied.subscribe();
            applied.wait_for(|applied| *applied >= index).await.map_err(|_| Unanswered)?;
            self.freshness.succeeded(sent);
            Ok(Revision(index))
        })
        .await;
        confirmed.unwrap_or(Err(Unanswered))
    }
}

/// The stream to a leader.
struct Kept {
    leader: u64,
    address: String,
    line: Line<proto::ReadIndexRequest, proto::ReadIndexResponse>,
}

struct Task {
    line: Mutex<Option<Kept>>,
    raft: Raft,
    node: u64,
    channels: Arc<Channels>,
    shared: Arc<Shared>,
    freshness: Arc<Freshness>,
    time: LeaderTime,
}

/// Asks once for all who have arrived, again and again.
async fn share<A: Future<Output = Result<u64, Unconfirmed>>>(
    freshness: Arc<Freshness>,
    mut asks: mpsc::Receiver<oneshot::Sender<Confirmed>>,
    mut ask: impl FnMut() -> A,
) {
    let mut waiting = Vec::new();
    while asks.recv_many(&mut waiting, MAX_READERS).await > 0 {
        // Whoever is in `waiting` arrived before this; whoever arrives from here on waits for the next.
        let sent = freshness.sending();
        let answer = ask().await;
        let sent = if Mutant::GraceFromReceipt.lives() { freshness.sending() } else { sent };
        let confirmed = answer.map(|index| (index, sent));
        while Mutant::JoinedInFlight.lives()
            && let Ok(joined) = asks.try_recv()
        {
            waiting.push(joined);
        }
        for sender in waiting.drain(..) {
            let _ = sender.send(confirmed);
        }
    }
}

impl Task {
    /// Asks the leader, on the stream of the call before while that lives.
    async fn call(&self, leader: u64, address: &str) -> Result<proto::ReadIndexResponse, tonic::Status> {
        let kept = self.line.lock().take().filter(|kept| kept.leader == leader && kept.address == address);
        if let Some(Kept { line, address, .. }) = kept
            && let Ok((answer, line)) = line.ask(proto::ReadIndexRequest {}).await
        {
            *self.line.lock() = Some(Kept { leader, address, line });
            return Ok(answer);
        }
        let mut client = self.channels.client(leader, address, Purpose::Calls);
        let opened = async |requests| client.read_index(requests).await.map(tonic::Response::into_inner);
        let line = Line::open(opened).await?;
        let (answer, line) = line.ask(proto::ReadIndexRequest {}).await?;
        *self.line.lock() = Some(Kept { leader, address: address.to_owned(), line });
        Ok(answer)
    }

    async fn ask(&self) -> Result<u64, Unconfirmed> {
        let (leader, address) = {
            let metrics = self.raft.metrics();
            let metrics = metrics.borrow_watched();
            let leader = metrics.current_leader.ok_or(Unanswered);
            let node = leader.map(|leader| metrics.membership_config.get_node(&leader).cloned());
            (leader, node)
        };
        let Ok(leader) = leader else {
            // Not to spin while there is no leader.
            tokio::time::sleep(Duration::from_millis(10)).await;
            return Err(Unanswered);
        };
        if leader == self.node {
            let answer = at_leader(&self.raft, &self.time).await;
            if answer.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            return answer.map(|(index, _)| index).map_err(|_| Unanswered);
        }
        let Ok(Some(peer)) = address else {
            // A leader that is no member as seen here: this node has not caught up, or was removed.
            tokio::time::sleep(Duration::from_millis(10)).await;
            return Err(Unanswered);
        };
        let asked = self.shared.clock.moment();
        match tokio::time::timeout(CALL_WAIT, self.call(leader, &peer.address)).await {
            Ok(Ok(answer)) => {
                self.shared.clock.put_right(Timestamp(answer.clock_ms), asked);
                return Ok(answer.index);
            }
            // The transport's own error, not a word from the leader: its process is not there.
            Ok(Err(status)) if status.code() == tonic::Code::Unavailable && status.source().is_some() => {
                self.freshness.leader_is_gone();
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        Err(Unanswered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::SharedEnv;

    type Ask = oneshot::Sender<Result<u64, Unconfirmed>>;

    /// Readers of a node where so many may wait.
    struct Readers(mpsc::Sender<oneshot::Sender<Confirmed>>);

    impl Readers {
        /// With every question that the task asks, to be answered.
        fn new(most: usize) -> (Self, mpsc::UnboundedReceiver<Ask>) {
            let freshness = Arc::new(Freshness::new(SharedEnv::system()));
            let (asks, receiver) = mpsc::channel(most);
            let (sent, sendings) = mpsc::unbounded_channel();
            let ask = move || {
                let (answer, answered) = oneshot::channel();
                sent.send(answer).unwrap();
                async { answered.await.unwrap() }
            };
            tokio::spawn(share(freshness, receiver, ask));
            (Self(asks), sendings)
        }

        fn arrive(&self) -> oneshot::Receiver<Confirmed> {
            let (sender, receiver) = oneshot::channel();
            self.0.try_send(sender).unwrap();
            receiver
        }
    }

    #[tokio::test]
    async fn a_reader_never_shares_a_read_index_that_was_sent_before_it_came() {
        let (readers, mut sendings) = Readers::new(2);
        let early = readers.arrive();
        let first = sendings.recv().await.unwrap();
        let (mut late, mut later) = (readers.arrive(), readers.arrive());
        let (one_more, _) = oneshot::channel();
        assert!(matches!(readers.0.try_send(one_more), Err(TrySendError::Full(_))), "as many wait as may");
        first.send(Ok(7)).unwrap();
        assert_eq!(early.await.unwrap().unwrap().0, 7);
        let second = sendings.recv().await.unwrap();
        assert!(late.try_recv().is_err() && later.try_recv().is_err());
        second.send(Ok(9)).unwrap();
        assert_eq!(late.await.unwrap().unwrap().0, 9);
        assert_eq!(later.await.unwrap().unwrap().0, 9);
        assert!(sendings.try_recv().is_err(), "both late readers share one");
    }

    #[tokio::test]
    async fn all_who_wait_share_exactly_one_read_index_whatever_their_number() {
        for number in [1, 2, 64, MAX_READERS] {
            let (readers, mut sendings) = Readers::new(MAX_READERS);
            let early = readers.arrive();
            let first = sendings.recv().await.unwrap();
            let late: Vec<_> = (0..number).map(|_| readers.arrive()).collect();
            first.send(Ok(7)).unwrap();
            assert_eq!(early.await.unwrap().unwrap().0, 7);
            sendings.recv().await.unwrap().send(Ok(9)).unwrap();
            for late in late {
                assert_eq!(late.await.unwrap().unwrap().0, 9, "of {number}");
            }
            // Without readers the task ends, and with it what it could have asked.
            drop(readers);
            assert!(sendings.recv().await.is_none(), "one for {number}");
        }
    }
}
