use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use woad_tests::Cluster;
use woad_tests::peer::{self, Called, Identity};

use crate::world::World;

/// Every call that is for members.
const MEMBERS: [&str; 10] =
    ["Append", "Vote", "PreVote", "Transfer", "Snapshot", "Propose", "ReadIndex", "Hello", "Remove", "TransferLeader"];

fn refused(called: Called) -> bool {
    matches!(called, Called::CutOff | Called::Status(peer::UNAUTHENTICATED | peer::PERMISSION_DENIED))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_at_the_peer_port_is_cut_off() -> Result<()> {
    let mut world = World::new().await?;
    for place in 0..3 {
        let at = world.cluster.nodes[place].peer_address;
        for (name, bytes) in [
            ("noise", vec![0x5a; 10_000]),
            ("zeros", vec![0; 100_000]),
            ("HTTP/1", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()),
            ("HTTP/2 without TLS", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
            ("half a hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
            ("a record too long", [b"\x16\x03\x01\xff\xff".as_slice(), &vec![0; 66_000]].concat()),
        ] {
            let mut tcp = TcpStream::connect(at).await?;
            let _ = tcp.write_all(&bytes).await;
            let mut answer = Vec::new();
            // A handshake may take 3 s.
            let read = tokio::time::timeout(Duration::from_secs(6), tcp.read_to_end(&mut answer)).await;
            world.row(name, read.is_ok(), "the connection stays open");
        }
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_members_are_heard_and_only_in_their_own_name() -> Result<()> {
    let mut world = World::new().await?;
    let target = world.target().peer_address;
    let status = world.target().status().await?;
    let cluster = status.get("cluster_id").and_then(Value::as_str).context("no cluster id")?.to_owned();
    let id = u8::try_from(world.cluster.nodes[0].figure("node").await?)?;
    let stranger = Cluster::one_beside().await?;
    let strangers_id = stranger.nodes[0].status().await?;
    let strangers_id = strangers_id.get("cluster_id").and_then(Value::as_str).context("no cluster id")?.to_owned();
    let foreign = Identity::of_member(&stranger.nodes[0].data())?;
    let forged = Identity::self_signed(&cluster, u64::from(id))?;
    let member = Identity::of_member(&world.cluster.nodes[0].data())?;
    let hello = peer::hello(&cluster, id);

    let heard = peer::call(target, Some(&member), "Hello", &hello).await?;
    ensure!(heard == Called::Status(0), "a member is not heard: {heard:?}");
    for (who, identity) in [("nobody", None), ("self-signed", Some(&forged)), ("of another cluster", Some(&foreign))] {
        for method in MEMBERS {
            let called = peer::call(target, identity, method, &[]).await?;
            world.row(&format!("{who}: {method}"), refused(called), &format!("{called:?}"));
        }
        let called = peer::call(target, identity, "Hello", &hello).await?;
        world.row(&format!("{who}: a member's hello"), refused(called), &format!("{called:?}"));
        let called = peer::call(target, identity, "Join", &[]).await?;
        world.row(&format!("{who}: Join without a token"), refused(called), &format!("{called:?}"));
        let called = peer::call(target, identity, "Unknown", &[]).await?;
        let right = refused(called) || called == Called::Status(peer::UNIMPLEMENTED);
        world.row(&format!("{who}: an unknown call"), right, &format!("{called:?}"));
    }
    for (name, message) in [
        ("another node's name", peer::hello(&cluster, id + 1)),
        ("another cluster's name", peer::hello(&strangers_id, id)),
        ("no name", Vec::new()),
    ] {
        let called = peer::call(target, Some(&member), "Hello", &message).await?;
        world.row(name, called == Called::Status(peer::PERMISSION_DENIED), &format!("{called:?}"));
    }
    for method in MEMBERS {
        let called = peer::call(target, Some(&member), method, &[0xff; 200]).await?;
        let right =
            !matches!(called, Called::Status(0)) || ["Append", "Propose", "Snapshot", "ReadIndex"].contains(&method);
        world.row(&format!("a member's nonsense: {method}"), right, &format!("{called:?}"));
    }
    stranger.finish().await?;
    world.finish().await
}
