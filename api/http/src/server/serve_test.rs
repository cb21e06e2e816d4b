//! The server over real connections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use woad_admission::{Caps, Door, DoorMetrics};

use super::{Limits, Socket, TlsProvider, serve};
use crate::error::Shape;
use crate::incoming::{Incoming, Rejection};
use crate::metrics::Metrics;
use crate::route::{Requirement, Requires, Route, Routes};

/// Takes a form.
struct FormCall;

impl Requirement<()> for FormCall {
    const REQUIRES: Requires = Requires::Public;
    async fn admit((): &(), mut incoming: Incoming) -> Result<Self, Rejection> {
        match incoming.form().await {
            Ok(_) => Ok(Self),
            Err(crate::BodyError::Refused(refused)) => Err(refused.respond(Shape::OAuth).into()),
            Err(_) => Err(http::StatusCode::BAD_REQUEST.into()),
        }
    }
}

/// Takes anything.
struct AnyCall;

impl Requirement<()> for AnyCall {
    const REQUIRES: Requires = Requires::Public;
    async fn admit((): &(), _: Incoming) -> Result<Self, Rejection> {
        Ok(Self)
    }
}

/// Takes the host that realms are found by.
struct HostCall(String);

impl Requirement<()> for HostCall {
    const REQUIRES: Requires = Requires::Public;
    async fn admit((): &(), incoming: Incoming) -> Result<Self, Rejection> {
        match crate::context::host(&incoming.parts) {
            Ok(host) => Ok(Self(host.as_str().to_owned())),
            Err(refused) => Err(refused.respond(Shape::OAuth).into()),
        }
    }
}

fn router() -> Router {
    let slow = |(): (), _: AnyCall| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        "slow"
    };
    let routes = Routes::new(Shape::OAuth)
        .with(Route::get("/hello", |(): (), _: AnyCall| async { "hello" }))
        .with(Route::get("/slow", slow))
        .with(Route::get("/host", |(): (), HostCall(host): HostCall| async move { host }))
        .with(Route::post("/form", |(): (), _: FormCall| async { "form" }));
    let metrics = Metrics::register(&prometheus::Registry::new()).unwrap();
    crate::edge::wrap(routes.into_router(()), Shape::OAuth, metrics)
}

fn limits() -> Limits {
    let caps = Caps { total: 100, per_source: 100, fresh: 100 };
    Limits {
        door: Door::new(caps, [], DoorMetrics::new("test").unwrap()),
        drain: Duration::from_secs(1),
        load: None,
        proxies: None,
    }
}

struct Running {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

async fn start(tls: Option<TlsProvider>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let done = tokio::spawn(serve(Socket::Tcp(listener), tls, router(), shutdown, limits()));
    Running { address, stop, done }
}

/// Sends bytes and reads until the server closes, or for a second.
async fn exchange(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status_of(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

#[tokio::test]
async fn malformed_and_oversized_requests_get_their_status_and_lose_the_connection() {
    let server = start(None).await;
    let head = "POST /form HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let headers: String = (0..120).map(|n| format!("x-{n}: 1\r\n")).collect::<Vec<_>>().concat();
    let table = [
        ("garbage\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n".to_owned(), "400"),
        ("GET /hello HTTP/1.1\r\nhost: a\r\nx: 1\r\n folded\r\n\r\n".to_owned(), "400"),
        (format!("{head}content-length: 1\r\ncontent-length: 2\r\n\r\nab"), "400"),
        (format!("{head}transfer-encoding: gzip\r\n\r\n"), "400"),
        (format!("{head}content-length: 70000\r\nexpect: 100-continue\r\n\r\n"), "413"),
        (format!("{head}transfer-encoding: chunked\r\n\r\n20000\r\n{}\r\n0\r\n\r\n", "a".repeat(0x20000)), "413"),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "a".repeat(9000)), "414"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\ncookie: {}\r\n\r\n", "c".repeat(17_000)), "431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\ncookie: {}\r\n\r\n", "c".repeat(100_000)), "431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n"), "431"),
    ];
    for (request, expected) in table {
        let start = Instant::now();
        let answer = exchange(server.address, request.as_bytes()).await;
        let shown: String = request.chars().take(200).collect();
        assert_eq!(status_of(&answer), expected, "{shown:?}: {answer}");
        assert!(!answer.contains("100 Continue"), "{shown:?}");
        assert!(start.elapsed() < Duration::from_millis(900), "left open: {shown:?}");
    }
}

/// IR13: one host, or none.
#[tokio::test]
async fn a_request_names_one_host() {
    let server = start(None).await;
    let get = |line: &str, headers: &str| format!("{line}\r\n{headers}connection: close\r\n\r\n");
    let here = "\r\n\r\niam.example";
    for (request, status, end) in [
        (get("GET /host HTTP/1.1", "host: iam.example\r\n"), "200", here),
        (get("GET /host HTTP/1.1", "host: IAM.Example:443\r\n"), "200", here),
        (get("GET /host HTTP/1.0", "host: iam.example\r\n"), "200", here),
        (get("GET https://iam.example/host HTTP/1.1", "host: iam.example\r\n"), "200", here),
        (get("GET /host HTTP/1.1", "host: iam.example\r\nx-forwarded-host: evil\r\n"), "200", here),
        (get("GET /host HTTP/1.0", ""), "400", "}"),
        (get("GET /host HTTP/1.1", ""), "400", "}"),
        (get("GET /host HTTP/1.1", "host:\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: \u{e9}\r\n"), "400", "}"),
        (get("GET https://iam.example/host HTTP/1.1", "host: evil.example\r\n"), "400", "}"),
        (get("GET https://evil.example/host HTTP/1.1", "host: iam.example\r\n"), "400", "}"),
        (get("GET https://user@iam.example/host HTTP/1.1", "host: iam.example\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: iam.example.\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: iam.example, evil.example\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: iam.example/x\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: iam.example#\r\n"), "421", "}"),
        (get("GET /host HTTP/1.1", "host: user@iam.example\r\n"), "421", "}"),
    ] {
        let answer = exchange(server.address, request.as_bytes()).await;
        assert_eq!(status_of(&answer), status, "{request:?}: {answer}");
        assert!(answer.ends_with(end) && !answer.contains("evil"), "{request:?}: {answer}");
    }
    // Targets that are no path.
    for request in [
        get("CONNECT iam.example:443 HTTP/1.1", "host: iam.example:443\r\n"),
        get("OPTIONS * HTTP/1.1", "host: iam.example\r\n"),
        get("GET host HTTP/1.1", "host: iam.example\r\n"),
        get("GET  /host HTTP/1.1", "host: iam.example\r\n"),
        get("GET /ho st HTTP/1.1", "host: iam.example\r\n"),
        get("GET /host HTTP/9.9", "host: iam.example\r\n"),
    ] {
        let answer = exchange(server.address, request.as_bytes()).await;
        assert_eq!(status_of(&answer), "400", "{request:?}: {answer}");
    }
}

/// The HTTP library leaves the length aside and ends the connection after the answer, as RFC 9112 §6.1 allows: what
/// another reading of the bytes would take for a second request is never answered.
#[tokio::test]
async fn a_request_framed_twice_is_the_last_on_its_connection() {
    let server = start(None).await;
    let smuggled = "0\r\n\r\nGET /hello HTTP/1.1\r\nhost: a\r\n\r\n";
    for framing in
        ["content-length: 5\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 5"]
    {
        let request = format!(
            "POST /form HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n{framing}\r\n\r\n{smuggled}"
        );
        let answer = exchange(server.address, request.as_bytes()).await;
        assert!(answer.contains("connection: close") && !answer.contains("hello"), "{answer}");
    }
}

#[tokio::test]
async fn requests_under_way_end_and_idle_connections_do_not_hold_the_stop() {
    let server = start(None).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut some = [0; 64];
    assert!(idle.read(&mut some).await.unwrap() > 0);
    let address = server.address;
    let slow = tokio::spawn(async move { exchange(address, b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let start = Instant::now();
    server.stop.send(()).unwrap();
    server.done.await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(800), "{:?}", start.elapsed());
    let answer = slow.await.unwrap();
    assert!(answer.ends_with("slow"), "{answer}");
    assert!(TcpStream::connect(server.address).await.is_err());
}

fn certificate() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    (vec![made.cert.der().clone()], key)
}

#[tokio::test]
async fn both_versions_are_spoken_over_tls() {
    let (chain, key) = certificate();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = rustls::ServerConfig::builder_with_provider(provider.clone());
    let mut config = versions
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.clone(), key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let server = start(Some(Arc::new(move || Arc::clone(&config)))).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(chain[0].clone()).unwrap();
    for (alpn, version) in [(&b"h2"[..], http::Version::HTTP_2), (b"http/1.1", http::Version::HTTP_11)] {
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut client = builder.with_root_certificates(roots.clone()).with_no_client_auth();
        client.alpn_protocols = vec![alpn.to_vec()];
        let stream = TcpStream::connect(server.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let io = hyper_util::rt::TokioIo::new(stream);
        let request = http::Request::get("https://localhost/hello").body(axum::body::Body::empty()).unwrap();
        let response = if version == http::Version::HTTP_2 {
            let executor = hyper_util::rt::TokioExecutor::new();
            let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.unwrap()
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.unwrap()
        };
        assert_eq!((response.status().as_u16(), response.version()), (200, version));
    }
    for (host, status) in [(None, 200), (Some("localhost"), 200), (Some("evil.example"), 400)] {
        let mut client = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        client.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(server.address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let (executor, io) = (hyper_util::rt::TokioExecutor::new(), hyper_util::rt::TokioIo::new(stream));
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
        tokio::spawn(connection);
        let mut request = http::Request::get("https://localhost/host");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let response = sender.send_request(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), status, ":authority localhost, host {host:?}");
    }
    let plain = exchange(server.address, b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(!plain.contains("200"));
}
