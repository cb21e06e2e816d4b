//! What users notice of a lost leader, of a planned change of leaders, and of the restart of both followers: two clients at
//! each node that stays, one of which asks for tokens, the other revokes some, one after the other.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures::future::join_all;
use http::StatusCode;

use crate::limit::{Meter, Waits};
use crate::load::{self, Ask, Call, Mint};
use crate::report::{Report, Row};
use crate::world::{Client, Cluster, NodeOptions};

/// Times that each is done.
const TIMES: usize = 3;
/// Both clients run for so long before and after.
const AROUND: Duration = Duration::from_millis(1_500);
/// Between two requests of a client.
const THINKS: Duration = Duration::from_millis(2);
/// Between two tries of one that failed.
const AGAIN: Duration = Duration::from_millis(50);
/// Tokens to be revoked, more than any run uses.
const REVOKED: usize = 12_000;
const CONNECTIONS: usize = 24;

/// What the clients have seen.
#[derive(Default)]
struct Seen {
    /// Token requests that were not answered 200 at the first try, and at the second.
    tokens: Cell<[usize; 2]>,
    /// The same of revocations.
    writes: Cell<[usize; 2]>,
    asked: Cell<usize>,
    acknowledged: RefCell<Vec<Instant>>,
    /// When the clients ended: writes that never came back are a gap, too.
    ended: Cell<Option<Instant>>,
    limit: RefCell<String>,
}

impl Seen {
    /// The longest time without an acknowledged write.
    fn gap(&self) -> Duration {
        let mut moments = self.acknowledged.borrow().clone();
        moments.extend(self.ended.get());
        let pairs = moments.iter().zip(moments.iter().skip(1));
        pairs.map(|(before, after)| after.saturating_duration_since(*before)).max().unwrap_or_default()
    }
}

/// Whether one of two tries was answered 200, each on a connection that is there; counts those that were not.
async fn careful(call: &Call, ask: &Ask, failed: &Cell<[usize; 2]>) -> bool {
    for at in 0..2 {
        if call.once(ask).await.is_ok_and(|status| status == StatusCode::OK) {
            return true;
        }
        let mut counted = failed.get();
        if let Some(count) = counted.get_mut(at) {
            *count += 1;
        }
        failed.set(counted);
        tokio::time::sleep(AGAIN).await;
    }
    false
}

/// Runs the clients at these nodes while something is done.
async fn watched<T>(
    calls: Vec<Call>,
    revoked: &RefCell<Vec<Ask>>,
    done: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(Seen, T)> {
    let (seen, meter) = (Seen::default(), Meter::start());
    let over = Cell::new(false);
    let tokens = calls.iter().map(async |call| {
        while !over.get() {
            seen.asked.set(seen.asked.get() + 1);
            careful(call, &Client::ask_token(), &seen.tokens).await;
            tokio::time::sleep(THINKS).await;
        }
    });
    let writes = calls.iter().map(async |call| {
        while !over.get() {
            let Some(ask) = revoked.borrow_mut().pop() else { return };
            if careful(call, &ask, &seen.writes).await {
                seen.acknowledged.borrow_mut().push(Instant::now());
            }
            tokio::time::sleep(THINKS).await;
        }
    });
    let doing = async {
        tokio::time::sleep(AROUND).await;
        let done = done.await;
        tokio::time::sleep(AROUND).await;
        over.set(true);
        seen.ended.set(Some(Instant::now()));
        done
    };
    let (_, _, done) = futures::join!(join_all(tokens), join_all(writes), doing);
    seen.limit.replace(meter.stop().limit(Waits::Nodes));
    Ok((seen, done?))
}

async fn tokens(cluster: &Cluster) -> anyhow::Result<RefCell<Vec<Ask>>> {
    let work = Mint::new(Client::ask_token(), REVOKED);
    load::run(&Call::to_nodes(&cluster.nodes, &cluster.client)?, CONNECTIONS, &work).await?;
    Ok(RefCell::new(work.into_tokens().iter().map(|token| Client::send_token("/revoke", token)).collect()))
}

/// A row of gaps, from the run in the middle.
fn row(name: &str, mut runs: Vec<Seen>, extra: &str) -> Row {
    runs.sort_by_key(Seen::gap);
    let worst = runs.last().map(Seen::gap).unwrap_or_default();
    let sum = |of: fn(&Seen) -> [usize; 2]| {
        runs.iter().map(of).fold([0, 0], |[first, second], [once, twice]| [first + once, second + twice])
    };
    let ([token_once, token_twice], [write_once, write_twice]) =
        (sum(|seen| seen.tokens.get()), sum(|seen| seen.writes.get()));
    let asked: usize = runs.iter().map(|seen| seen.asked.get()).sum();
    let middle = runs.get(runs.len() / 2);
    let limit = middle.map(|seen| seen.limit.borrow().clone()).unwrap_or_default();
    let middle = middle.map(Seen::gap).unwrap_or_default();
    Row::new(format!("{name}: longest time without an acknowledged write"), middle.as_secs_f64() * 1e3, "ms")
        .limit(limit)
        .beside_text(&format!("worst of {TIMES} {:.0} ms{extra}", worst.as_secs_f64() * 1e3))
        .note(format!(
            "of {asked} token requests {token_once} failed once and {token_twice} twice; of the writes {write_once} once and \
             {write_twice} twice"
        ))
}

/// All rows. The cluster is whole again afterwards.
pub(crate) async fn run(cluster: &mut Cluster, report: &mut Report) -> anyhow::Result<()> {
    let options = NodeOptions::default();
    let mut runs = Vec::new();
    for _ in 0..TIMES {
        let revoked = tokens(cluster).await?;
        let calls: Vec<Call> =
            cluster.followers()?.into_iter().map(|node| cluster.call(node)).collect::<Result<_, _>>()?;
        let leader = cluster.leader_mut()?;
        let (seen, ()) = watched(calls, &revoked, async {
            leader.kill()?;
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(())
        })
        .await?;
        runs.push(seen);
        cluster.leader_mut()?.start_again(&options)?;
        cluster.settle().await?;
    }
    report.add(row("the leader is killed", runs, ""));

    let (mut runs, mut took) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let revoked = tokens(cluster).await?;
        let calls: Vec<Call> = cluster.nodes.iter().map(|node| cluster.call(node)).collect::<Result<_, _>>()?;
        let any = cluster.any()?;
        let (seen, handed) = watched(calls, &revoked, async {
            let start = Instant::now();
            any.operate("POST", "/v1/cluster/transfer", Some(&serde_json::json!({}))).await?;
            Ok(start.elapsed())
        })
        .await?;
        runs.push(seen);
        took.push(handed);
        cluster.settle().await?;
    }
    took.sort_unstable();
    let middle = took.get(took.len() / 2).copied().unwrap_or_default();
    let extra = format!("; handed over in {:.0} ms", middle.as_secs_f64() * 1e3);
    report.add(row("planned change of leaders", runs, &extra));

    let mut runs = Vec::new();
    for _ in 0..TIMES {
        let revoked = tokens(cluster).await?;
        let (leader, place) = (cluster.call(cluster.leader()?)?, cluster.leader_place());
        let calls = vec![leader];
        let others: Vec<usize> = (0..cluster.nodes.len()).filter(|at| *at != place).collect();
        let nodes = &mut cluster.nodes;
        let (seen, ()) = watched(calls, &revoked, async {
            for at in others {
                if let Some(node) = nodes.get_mut(at) {
                    node.restart(&options).await?;
                    node.ready().await?;
                }
            }
            Ok(())
        })
        .await?;
        runs.push(seen);
        cluster.settle().await?;
    }
    report.add(row("both followers are restarted, one after the other, at the leader", runs, ""));
    Ok(())
}
