//! F53: HTTP/2 frames that cost their sender nothing. Each flood ends its connection, and the memory stays what it was.

use anyhow::{Result, ensure};
use woad_tests::HOST;
use woad_tests::raw::Raw;

use crate::world::World;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// Frames of a flood.
const FLOOD: u32 = 20_000;
/// Connections that flood, one after the other.
const ROUNDS: usize = 5;
/// What may be kept of all of them: caches, buffers of the allocator.
const GROWTH: f64 = 32.0 * 1024.0 * 1024.0;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `https://<host>/jwk`, by HPACK's static table and literals; `post` to `/token`.
fn head(host: &str, post: bool) -> Vec<u8> {
    let mut block = vec![if post { 0x83 } else { 0x82 }, 0x87];
    for (index, value) in [(0x04, if post { "/token" } else { "/jwk" }), (0x01, host)] {
        block.push(index);
        block.push(u8::try_from(value.len()).unwrap_or_default());
        block.extend(value.bytes());
    }
    block
}

fn floods(host: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (get, post) = (head(host, false), head(host, true));
    let many = |each: &dyn Fn(u32) -> Vec<u8>| (0..FLOOD).flat_map(each).collect::<Vec<u8>>();
    let first = frame(HEADERS, END_HEADERS, 1, &post);
    // 16 KiB of headers are allowed: this is a list of 1 MiB, from one entry of the dynamic table.
    let mut huge = get.clone();
    huge.extend([0x40, 1, b'x', 0x7f, 0x81, 0x1f]);
    huge.extend([b'y'; 4096]);
    huge.extend([0xbe; 250]);
    vec![
        (
            "rapid reset",
            many(&|number| {
                let stream = number * 2 + 1;
                let ask = frame(HEADERS, END_STREAM | END_HEADERS, stream, &get);
                [ask, frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())].concat()
            }),
        ),
        ("continuations", [frame(HEADERS, 0, 1, &get), many(&|_| frame(CONTINUATION, 0, 1, &[]))].concat()),
        ("empty data", [first.clone(), many(&|_| frame(DATA, 0, 1, &[]))].concat()),
        ("data of one byte", [first, many(&|_| frame(DATA, 0, 1, b"a"))].concat()),
        ("pings", many(&|_| frame(PING, 0, 0, &[7; 8]))),
        ("settings", many(&|number| frame(SETTINGS, 0, 0, &[&[0, 4], &number.to_be_bytes()[..]].concat()))),
        ("window updates", many(&|_| frame(WINDOW_UPDATE, 0, 0, &1u32.to_be_bytes()))),
        ("frames of no kind", many(&|_| frame(0xfa, 0, 0, b"?"))),
        ("a huge header list", many(&|number| frame(HEADERS, END_STREAM | END_HEADERS, number * 2 + 1, &huge))),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_frames_end_their_connection_and_leave_no_memory_behind() -> Result<()> {
    let world = World::new().await?;
    let (to, authority) = (world.target().https_address, world.cluster.authority.pem());
    let mut open = Vec::new();
    let mut before = 0.0;
    for round in 0..=ROUNDS {
        for (name, frames) in floods(&format!("{HOST}:{}", to.port())) {
            let mut raw = Raw::connect(to, authority, b"h2").await?;
            raw.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &frames].concat()).await?;
            if !raw.closes().await {
                open.push(name);
            }
        }
        if round == 0 {
            // What the first round leaves is what any use leaves.
            before = world.counted("process_resident_memory_bytes", &[]).await?;
        }
    }
    let after = world.counted("process_resident_memory_bytes", &[]).await?;
    let flooded = world.counted("woad_connections_closed_total", &[("listener", "https"), ("reason", "flood")]).await?;
    println!("{flooded} floods counted; {} MiB before, {} after", before / 1_048_576.0, after / 1_048_576.0);
    ensure!(open.is_empty(), "the connection stays open: {open:?}");
    ensure!(flooded >= 4.0, "{flooded}");
    ensure!(after - before < GROWTH, "from {before} to {after} bytes");
    world.finish().await
}
