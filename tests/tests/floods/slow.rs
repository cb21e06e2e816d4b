//! F52: who asks a byte a second, and who never says what it wants.

use std::time::Duration;

use anyhow::Result;
use tokio::io::AsyncWriteExt as _;
use woad_tests::raw::Raw;

use crate::world::{World, address, hold, many_files};

/// Of each kind.
const SLOW: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_clients_are_cut_off_and_cost_others_nothing() -> Result<()> {
    many_files()?;
    let world = World::new().await?;
    let (to, authority) = (world.target().https_address, world.cluster.authority.pem());
    let quiet = world.p99().await?;

    let silent = hold(SLOW, |_| address(1), to).await?;
    let (mut heads, mut bodies) = (Vec::new(), Vec::new());
    for _ in 0..SLOW {
        let mut head = Raw::connect(to, authority, b"http/1.1").await?;
        head.send(b"GET /jwk HTTP/1.1\r\nhost: iam.test\r\n").await?;
        heads.push(head);
        let mut body = Raw::connect(to, authority, b"http/1.1").await?;
        let form = "content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\n";
        body.send(format!("POST /token HTTP/1.1\r\nhost: iam.test\r\n{form}").as_bytes()).await?;
        bodies.push(body);
    }
    let drip = tokio::spawn(async move {
        loop {
            for slow in &mut heads {
                let _ = slow.send(b"x: 1\r\n").await;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    });
    let drip_bodies = tokio::spawn(async move {
        let mut closed = 0;
        for number in 0..4 {
            for slow in &mut bodies {
                let _ = slow.send(b"a").await;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            println!("bodies: second {number}");
        }
        for slow in &mut bodies {
            closed += usize::from(slow.answer().await.is_ok_and(|answer| matches!(answer.status, 0 | 408)));
        }
        closed
    });
    let busy = world.p99().await?;
    println!("p99 of a token: {quiet:?} alone, {busy:?} beside {} slow clients", 3 * SLOW);

    anyhow::ensure!(drip_bodies.await? == SLOW, "a slow body was waited for");
    let handshake = [("listener", "https"), ("reason", "handshake")];
    let closed = "woad_connections_closed_total";
    #[expect(clippy::cast_precision_loss, reason = "a hundred")]
    let all = SLOW as f64;
    world.counts("slow handshakes are cut off", closed, &handshake, all).await?;
    let slow = [("listener", "https"), ("reason", "slow")];
    world.counts("slow heads are cut off", closed, &slow, all).await?;
    drip.abort();
    let mut gone = 0;
    for mut stream in silent {
        gone += usize::from(stream.write_all(b"x").await.is_err() || stream.write_all(b"x").await.is_err());
    }
    println!("{gone} of {SLOW} silent connections see that they are closed");
    world.finish().await
}
