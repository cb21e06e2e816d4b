//! Requests that two parsers could read in two ways, and requests that are too large (RFC 9112 §2.2, §5.2,
//! §6.3, §11.2).

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

/// How a row must be answered.
struct Row {
    name: &'static str,
    /// Any of these; 0: the connection ends without an answer.
    status: &'static [u16],
    closes: bool,
    request: Vec<u8>,
}

fn row(name: &'static str, status: &'static [u16], closes: bool, request: impl Into<Vec<u8>>) -> Row {
    Row { name, status, closes, request: request.into() }
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";
const REFUSED: &[u16] = &[400];
/// RFC 9112 §6.3 lets a server refuse these, or read them in one prescribed way, as hyper does: equal lengths as one;
/// chunks before length, and then the connection must end. As they hold no credentials, reading them ends in 401.
const ONE_READING: &[u16] = &[400, 401];
/// RFC 9112 §2.2 lets a server take a bare LF for the end of a line, as hyper does.
const BARE_LF: &[u16] = &[400, 200];

fn ambiguous(host: &str) -> Vec<Row> {
    let post = |headers: &str, body: &str| {
        format!("POST /token HTTP/1.1\r\nhost: {host}\r\n{FORM}\r\n{headers}\r\n\r\n{body}")
    };
    let get = |headers: &str| format!("GET /jwk HTTP/1.1\r\n{headers}\r\n\r\n");
    vec![
        row("no host", REFUSED, false, "GET /jwk HTTP/1.1\r\naccept: */*\r\n\r\n"),
        row("two hosts", REFUSED, true, get(&format!("host: {host}\r\nhost: {host}"))),
        row("two other hosts", REFUSED, true, get(&format!("host: {host}\r\nhost: evil.test"))),
        row(
            "absolute form with another host",
            REFUSED,
            false,
            format!("GET https://evil.test/jwk HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        ),
        row("two lengths", REFUSED, true, post("content-length: 3\r\ncontent-length: 4", "a=b")),
        row("the same length twice", ONE_READING, false, post("content-length: 3\r\ncontent-length: 3", "a=b")),
        row("a list of lengths", REFUSED, true, post("content-length: 3, 3", "a=b")),
        row("a length with a sign", REFUSED, true, post("content-length: +3", "a=b")),
        row("a negative length", REFUSED, true, post("content-length: -3", "a=b")),
        row("a length beyond numbers", REFUSED, true, post("content-length: 99999999999999999999999", "a=b")),
        row(
            "length and chunks",
            ONE_READING,
            true,
            post("content-length: 3\r\ntransfer-encoding: chunked", "0\r\n\r\n"),
        ),
        row(
            "chunks and length",
            ONE_READING,
            true,
            post("transfer-encoding: chunked\r\ncontent-length: 3", "0\r\n\r\n"),
        ),
        row("an unknown transfer encoding", REFUSED, true, post("transfer-encoding: xchunked", "0\r\n\r\n")),
        row("chunked, but not last", REFUSED, true, post("transfer-encoding: chunked, gzip", "0\r\n\r\n")),
        row("a folded header", REFUSED, true, get(&format!("host: {host}\r\nx-a: b\r\n c"))),
        row("space before the colon", REFUSED, true, get(&format!("host : {host}"))),
        row("a header without a colon", REFUSED, true, get(&format!("host: {host}\r\nnothing"))),
        row("NUL in a header", REFUSED, true, get(&format!("host: {host}\r\nx-a: b\0c"))),
        row("a bare CR in a header", REFUSED, true, get(&format!("host: {host}\r\nx-a: b\rc"))),
        row("bare LF", BARE_LF, false, format!("GET /jwk HTTP/1.1\nhost: {host}\n\n")),
        row("bare LF in the headers", BARE_LF, false, format!("GET /jwk HTTP/1.1\r\nhost: {host}\nx-a: b\r\n\r\n")),
        row("no version", &[400, 0], true, "GET /jwk\r\n\r\n"),
        row("an unknown version", &[400, 505], true, format!("GET /jwk HTTP/9.9\r\nhost: {host}\r\n\r\n")),
        row("no request", &[400, 0], true, "\u{1}\u{2}\u{3}\r\n\r\n"),
        row(
            "two authorisations",
            REFUSED,
            false,
            post("authorization: Basic YTpi\r\nauthorization: Basic YTpi\r\ncontent-length: 3", "a=b"),
        ),
    ]
}

fn oversized(host: &str) -> Vec<Row> {
    let post = |headers: &str| format!("POST /token HTTP/1.1\r\nhost: {host}\r\n{FORM}\r\n{headers}\r\n\r\n");
    let get = |headers: &str| format!("GET /jwk HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n\r\n");
    let chunk = format!("{:x}\r\n{}\r\n", 40_000, "a".repeat(40_000));
    vec![
        row("a URI of 9 KiB", &[414], false, format!("GET /{} HTTP/1.1\r\nhost: {host}\r\n\r\n", "a".repeat(9 * 1024))),
        row(
            "a URI of 80 KiB",
            &[414, 431],
            true,
            format!("GET /{} HTTP/1.1\r\nhost: {host}\r\n\r\n", "a".repeat(80 * 1024)),
        ),
        row("headers of 17 KiB", &[431], true, get(&format!("cookie: {}", "c".repeat(17 * 1024)))),
        row("headers of 200 KiB", &[431], true, get(&format!("cookie: {}", "c".repeat(200 * 1024)))),
        row("101 headers", &[431], true, get(&vec!["x-a: b"; 101].join("\r\n"))),
        row("1000 cookies", &[431], true, get(&vec!["cookie: a=b"; 1000].join("\r\n"))),
        row("a body of 65 KiB", &[413], true, post(&format!("content-length: {}", 65 * 1024)) + &"a".repeat(65 * 1024)),
        row("a body of 1 TiB announced", &[413], true, post("content-length: 1099511627776")),
        row(
            "100-continue for a body too large",
            &[413],
            true,
            post("content-length: 1099511627776\r\nexpect: 100-continue"),
        ),
        row("chunks beyond the limit", &[413], true, post("transfer-encoding: chunked") + &chunk.repeat(2)),
        row("a chunk size that is none", &[400, 408], true, post("transfer-encoding: chunked") + "zz\r\n\r\n"),
        row(
            "a chunk size beyond numbers",
            &[400, 408, 413],
            true,
            post("transfer-encoding: chunked") + "fffffffffffffffff\r\na",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_can_be_read_in_two_ways_or_are_too_large_are_refused_and_the_connection_closed() -> Result<()> {
    let mut world = World::new().await?;
    let host = world.host();
    for row in ambiguous(&host).into_iter().chain(oversized(&host)) {
        let (answer, mut raw) = world.raw(&row.request).await?;
        let right = row.status.contains(&answer.status);
        let got = format!("{:?} expected: {} {}", row.status, answer.status, answer.body);
        world.row(row.name, right, &got);
        if right && row.closes {
            let closes = raw.closes().await;
            world.row(row.name, closes, "the connection stays open");
        }
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_no_http_or_never_ends_is_cut_off_and_holds_nobody_up() -> Result<()> {
    let world = World::new().await?;
    let host = world.host();
    let mut endless = world.connect().await?;
    let head =
        format!("POST /token HTTP/1.1\r\nhost: {host}\r\n{FORM}\r\ntransfer-encoding: chunked\r\n\r\n3\r\na=b\r\n");
    endless.send(head.as_bytes()).await?;
    let started = Instant::now();

    for bytes in [&b"GET /jwk HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\xff\xff garbage", &vec![0xff; 70_000]] {
        let mut tcp = TcpStream::connect(world.target().https_address).await?;
        let _ = tcp.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), tcp.read_to_end(&mut answer)).await;
        ensure!(read.is_ok(), "plain bytes at a TLS port are not refused");
        ensure!(!answer.starts_with(b"HTTP/1.1 200"), "plain HTTP is answered at a TLS port");
    }
    for _ in 0..20 {
        world.target().https.token(&world.client).await?;
    }
    // Its body has 10 s to arrive.
    let answer = loop {
        match endless.answer().await {
            Ok(answer) => break answer,
            Err(error) => ensure!(started.elapsed() < Duration::from_secs(15), "{error:#}"),
        }
    };
    ensure!([408, 0].contains(&answer.status), "a body without end: {} {}", answer.status, answer.body);
    world.finish().await
}
