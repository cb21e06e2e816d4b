//! What readers notice of slow flushes: introspection at a steady, light pace at a follower, alone and while tokens are revoked
//! there, each of which waits for a quorum's flush.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::crowd::{CLIENTS, THINKS, Until};
use crate::durable::revocations;
use crate::introspection::token_of_client;
use crate::limit::{Meter, Waits};
use crate::load;
use crate::report::{Report, Row, micros};
use crate::world::{Client, Cluster};

/// Revocations under way, fewer than fill the processors, and of them in all.
const WRITERS: usize = 16;
const WRITES: usize = 2000;
/// Without them.
const ALONE: Duration = Duration::from_secs(3);

/// The row.
pub(crate) async fn run(cluster: &Cluster, delay: Duration, report: &mut Report) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let ask = Client::send_token("/introspect", &token_of_client(cluster).await?);
    let (writer, calm) = (cluster.call(follower)?, cluster.call(follower)?.thinking(THINKS));
    let start = Instant::now();
    let alone = load::run(&calm, CLIENTS, &Until::new(&ask, &|| start.elapsed() > ALONE)).await?;

    let writes = revocations(cluster, WRITES).await?;
    let (over, meter) = (Cell::new(false), Meter::start());
    let writing = async {
        let done = load::run(&writer, WRITERS, &writes).await;
        over.set(true);
        done
    };
    let until_over = || over.get();
    let until = Until::new(&ask, &until_over);
    let (written, beside) = futures::join!(writing, load::run(&calm, CLIENTS, &until));
    let (written, beside, used) = (written?, beside?, meter.stop());

    let name = format!(
        "introspection, {CLIENTS} clients with pauses, while {WRITERS} revocations are in flight, the same follower, flush + {}: p99",
        micros(delay)
    );
    let row = Row::new(name, beside.p99.as_secs_f64() * 1e3, "ms").percentiles(&beside).limit(used.limit(Waits::Peers));
    report.add(
        row.beside_text(&format!("without them p50 {} p99 {}", micros(alone.p50), micros(alone.p99))).note(format!(
            "{:.0} revocations a second meanwhile, p50 {}",
            written.per_second,
            micros(written.p50)
        )),
    );
    Ok(())
}
