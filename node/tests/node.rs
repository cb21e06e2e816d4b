//! A whole node on a store in memory: its life, its listeners, its probes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;
use woad::config::{Config, load};
use woad::runtime::{Controls, RunError, run};
use woad::store::Presence;
use woad::store::memory::{MemoryMember, MemoryOpener};

/// A node that runs, with plain HTTP on loopback.
struct Node {
    folder: TempDir,
    config: Config,
    controls: Controls,
    member: Arc<MemoryMember>,
    task: JoinHandle<Result<(), RunError>>,
}

impl Node {
    fn start(presence: Presence) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let env = [
            ("WOAD_NODE_DATA_DIR", data.to_str().unwrap().to_owned()),
            ("WOAD_HTTPS_PLAIN", "true".to_owned()),
            ("WOAD_HTTPS_LISTEN", free().to_string()),
            ("WOAD_OPERATIONS_LISTEN", free().to_string()),
            ("WOAD_PEER_LISTEN", free().to_string()),
        ];
        let config = load(None, env.map(|(name, value)| (name.into(), value.into()))).unwrap();
        assert!(!config.check().failed(), "{:?}", config.check());
        let controls = Controls::default();
        let opener = Arc::new(MemoryOpener::new(presence));
        let member = opener.member();
        let task = tokio::spawn(run(config.clone(), opener, controls.clone()));
        Self { folder, config, controls, member, task }
    }

    fn socket(&self) -> PathBuf {
        self.config.socket()
    }

    fn https(&self) -> SocketAddr {
        self.config.https.listen[0]
    }

    /// Asks by the operations socket until the answer's status is this one.
    async fn becomes(&self, path: &str, status: u16) -> Answer {
        for _ in 0..200 {
            match ask_socket(&self.socket(), "GET", path).await {
                Some(answer) if answer.status == status => return answer,
                _ => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
        panic!("{path} never answered {status}: {:?}", ask_socket(&self.socket(), "GET", path).await);
    }

    async fn stop(self) -> Duration {
        let start = Instant::now();
        self.controls.stop.cancel();
        self.task.await.unwrap().unwrap();
        assert!(!self.config.socket().exists());
        drop(self.folder);
        start.elapsed()
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// An address nobody listens at.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, method: &str, path: &str) -> Option<Answer> {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: woad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
}

async fn ask_socket(path: &Path, method: &str, target: &str) -> Option<Answer> {
    ask(UnixStream::connect(path).await.ok()?, method, target).await
}

async fn ask_tcp(address: SocketAddr, target: &str) -> Option<Answer> {
    ask(TcpStream::connect(address).await.ok()?, "GET", target).await
}

#[tokio::test]
async fn a_node_without_data_serves_operations_alone_until_its_cluster_is_made() {
    let node = Node::start(Presence::Fresh);
    let waiting = node.becomes("/readyz", 503).await;
    assert!(waiting.body.contains("\"phase\":\"uninitialised\""), "{}", waiting.body);
    assert_eq!(node.becomes("/livez", 200).await.status, 200);
    assert!(ask_tcp(node.https(), "/livez").await.is_none(), "https is closed before there is a cluster");

    let made = ask_socket(&node.socket(), "POST", "/v1/cluster/init").await.unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    node.becomes("/readyz", 200).await;
    let again = ask_socket(&node.socket(), "POST", "/v1/cluster/init").await.unwrap();
    assert_eq!(again.status, 409, "{again:?}");
    node.stop().await;
}

#[tokio::test]
async fn https_tells_whether_to_come_and_nothing_else() {
    let node = Node::start(Presence::Member);
    node.becomes("/readyz", 200).await;
    for path in ["/livez", "/readyz"] {
        let answer = ask_tcp(node.https(), path).await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
    let health = ask_tcp(node.https(), "/actuator/health").await.unwrap();
    assert_eq!((health.status, health.body.as_str()), (200, "{\"status\":\"UP\"}"));
    assert_eq!(ask_tcp(node.https(), "/metrics").await.unwrap().status, 404);
    assert_eq!(ask_tcp(node.https(), "/v1/cluster").await.unwrap().status, 404);

    node.member.set_health(|health| health.quorum_age = Some(Duration::from_secs(2)));
    assert_eq!(ask_tcp(node.https(), "/readyz").await.unwrap().status, 503);
    assert_eq!(ask_tcp(node.https(), "/livez").await.unwrap().status, 200);
    let health = ask_tcp(node.https(), "/actuator/health").await.unwrap();
    assert_eq!((health.status, health.body.as_str()), (503, "{\"status\":\"DOWN\"}"));
    let details: serde_json::Value = serde_json::from_str(&node.becomes("/readyz", 503).await.body).unwrap();
    assert_eq!(details["checks"]["quorum"], serde_json::json!({"ok": false, "seen": {"age_ms": 2000}}));
    assert_eq!(details["checks"]["storage"]["ok"], true);

    node.member.set_health(|health| health.storage_ok = false);
    assert_eq!(ask_tcp(node.https(), "/livez").await.unwrap().status, 503);
    node.stop().await;
}

#[tokio::test]
async fn administration_by_tcp_needs_a_token() {
    let node = Node::start(Presence::Member);
    node.becomes("/readyz", 200).await;
    let operations = node.config.operations.listen.unwrap();
    assert_eq!(ask_tcp(operations, "/metrics").await.unwrap().status, 200);
    assert_eq!(ask_tcp(operations, "/v1/cluster").await.unwrap().status, 401);
    assert_eq!(ask_socket(&node.socket(), "GET", "/v1/cluster").await.unwrap().status, 200);
    node.stop().await;
}

#[tokio::test]
async fn a_stop_lets_requests_end_but_not_for_long() {
    let node = Node::start(Presence::Member);
    node.becomes("/readyz", 200).await;
    // Sends half a request and never the rest.
    let mut slow = TcpStream::connect(node.https()).await.unwrap();
    slow.write_all(b"GET /livez HTTP/1.1\r\nhost:").await.unwrap();
    let https = node.https();
    let took = node.stop().await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(TcpStream::connect(https).await.is_err());
}

#[tokio::test]
async fn a_node_may_be_stopped_while_it_waits() {
    let node = Node::start(Presence::Fresh);
    node.becomes("/livez", 200).await;
    assert!(node.stop().await < Duration::from_secs(1));
}

#[tokio::test]
async fn promtool_accepts_the_metrics() {
    let node = Node::start(Presence::Member);
    node.becomes("/readyz", 200).await;
    let answer = node.becomes("/metrics", 200).await;
    assert!(answer.head.contains("content-type: text/plain; version=0.0.4"), "{}", answer.head);
    assert!(answer.body.contains("woad_build_info{revision="), "{}", answer.body);
    assert!(answer.body.contains("\nwoad_ready 1\n"), "{}", answer.body);
    assert!(answer.body.contains("\nprocess_resident_memory_bytes "), "{}", answer.body);
    node.stop().await;

    let promtool = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn();
    let mut promtool = match promtool {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("WOAD_REQUIRE_ALL").is_none(), "promtool: {error}");
            eprintln!("not exercised: promtool is not installed");
            return;
        }
    };
    promtool.stdin.take().unwrap().write_all(answer.body.as_bytes()).unwrap();
    assert!(promtool.wait().unwrap().success());
}
