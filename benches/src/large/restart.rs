//! The restart of a follower that holds much, while the others go on taking writes.

use std::cell::Cell;
use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::load::{self, Ask, Work, median};
use crate::machine::cpu_time;
use crate::report::{Report, Row};
use crate::scim::Provisioner;
use crate::world::{Cluster, NodeOptions};

/// Restarts.
const TIMES: usize = 3;
/// Connections that write meanwhile, at the leader.
const WRITERS: usize = 4;

/// Makes users until something is over.
struct Writes<'a> {
    by: &'a Provisioner,
    over: &'a Cell<bool>,
    made: Cell<u32>,
}

impl Work for Writes<'_> {
    fn next(&self, _: usize) -> Option<Ask> {
        (!self.over.get()).then(|| self.by.create())
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        self.made.set(self.made.get() + 1);
        answer.status() == StatusCode::CREATED
    }
}

/// The row.
pub(crate) async fn run(cluster: &mut Cluster, by: &Provisioner, report: &mut Report) -> anyhow::Result<()> {
    let users = by.made();
    let (mut starts, mut worked, mut made) = (Vec::new(), Vec::new(), 0);
    for _ in 0..TIMES {
        let call = by.call([cluster.leader()?], cluster)?;
        let over = Cell::new(false);
        let writes = Writes { by, over: &over, made: Cell::new(0) };
        let follower = cluster.follower_mut()?;
        let restarting = async {
            let done = async {
                follower.stop().await?;
                let start = Instant::now();
                follower.start_again(&NodeOptions::default())?;
                follower.ready().await?;
                anyhow::Ok((start.elapsed().as_secs_f64() * 1e3, cpu_time(follower.pid()).as_secs_f64() * 1e3))
            }
            .await;
            over.set(true);
            done
        };
        let (restarted, written) = futures::join!(restarting, load::run(&call, WRITERS, &writes));
        let ((start, work), _) = (restarted?, written?);
        starts.push(start);
        worked.push(work);
        made += writes.made.get();
        cluster.settle().await?;
    }
    let slowest = starts.iter().copied().fold(0.0, f64::max);
    let name = format!("start of a follower with {users} users to /readyz 200, while the others take writes");
    let work = median(worked, |each| *each)?;
    let row = Row::new(name, median(starts, |each| *each)?, "ms").limit(format!("own work {work:.0} ms of cpu"));
    report
        .add(row.note(format!("slowest of {TIMES}: {slowest:.0} ms; {made} users were made meanwhile, none refused")));
    Ok(())
}
