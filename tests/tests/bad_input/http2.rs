//! Floods of HTTP/2 frames (CVE-2023-44487, CVE-2024-27316 and their kin).

use anyhow::Result;
use woad_tests::raw::Raw;

use crate::world::World;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// `GET https://<host>/jwk`, by HPACK's static table and literals.
fn get(host: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x87];
    for (index, value) in [(0x04, "/jwk"), (0x01, host)] {
        block.push(index);
        block.push(u8::try_from(value.len()).unwrap_or_default());
        block.extend(value.bytes());
    }
    block
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_frames_end_their_connection_and_nothing_else() -> Result<()> {
    let mut world = World::new().await?;
    let block = get(&world.host());
    let rapid_reset: Vec<u8> = (0..2_000u32)
        .flat_map(|number| {
            let stream = number * 2 + 1;
            let mut both = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block);
            both.extend(frame(RST_STREAM, 0, stream, &8u32.to_be_bytes()));
            both
        })
        .collect();
    let mut continuations = frame(HEADERS, 0, 1, &block);
    for _ in 0..2_000 {
        continuations.extend(frame(CONTINUATION, 0, 1, &[0x00, 0x01, b'a', 0x01, b'b'].repeat(50)));
    }
    let table: [(&str, Vec<u8>); 6] = [
        ("rapid reset", rapid_reset),
        ("continuations without end", continuations),
        ("headers of no stream", frame(HEADERS, END_STREAM | END_HEADERS, 0, &block)),
        ("a header block that is none", frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0xff; 64])),
        ("a ping of a wrong size", frame(PING, 0, 0, &[0; 5])),
        ("a frame larger than agreed", frame(HEADERS, END_STREAM | END_HEADERS, 1, &vec![0; 20_000])),
    ];
    for (name, frames) in table {
        let mut raw = Raw::connect(world.target().https_address, world.cluster.authority.pem(), b"h2").await?;
        raw.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &frames].concat()).await?;
        let closes = raw.closes().await;
        world.row(name, closes, "the connection stays open");
    }
    world.finish().await
}
