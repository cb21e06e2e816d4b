//! A node with a store in memory and a cluster that records what it is asked, and requests over its router.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use prometheus::Registry;
use raft_store_core::cluster::{ClusterControl, ClusterError, ClusterStatus, JoinToken, Member, TrustStatus};
use raft_store_core::memory::MemoryStore;
use raft_store_core::store::BoxFuture;
use raft_store_core::{Level, NodeId, Store, Timestamp};
use serde_json::Value;
use tower::ServiceExt;
use woad_http::{Metrics, Peer, Services};
use zeroize::Zeroizing;

use crate::{Admin, InitError, Lifecycle, OperatorToken, Running};

pub(crate) const TOKEN: &str = "operator-token-of-the-test-0123456789";

/// Stands for a recovery bundle.
fn bundle() -> Zeroizing<String> {
    Zeroizing::new("{\"format\":\"test\"}".to_owned())
}

/// Node 1 leads, node 2 follows; node 2 can't be removed.
struct FakeCluster;

impl ClusterControl for FakeCluster {
    fn status(&self) -> ClusterStatus {
        let member = |id, leader| Member {
            id: NodeId(id),
            peer_address: format!("127.0.0.{id}:7000"),
            voter: true,
            leader,
            matched: None,
            last_ack_ms: None,
            disk: None,
            behind: false,
        };
        ClusterStatus {
            cluster_id: "c".to_owned(),
            node: NodeId(1),
            state: "leader".to_owned(),
            term: 1,
            leader: Some(NodeId(1)),
            last_log: 5,
            applied: 5,
            purged: 0,
            snapshot: 0,
            level: Level::FIRST.0,
            clock: Timestamp(7),
            sealed: false,
            custody_confirmed: false,
            trust: TrustStatus::default(),
            version: "0".to_owned(),
            disk: raft_store_core::cluster::DiskSpace::Ample,
            disk_free: 9,
            fault: None,
            members: vec![member(1, true), member(2, false)],
        }
    }

    fn create_join_token<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
        valid: Duration,
    ) -> BoxFuture<'a, Result<JoinToken, ClusterError>> {
        let expires = Timestamp(u64::try_from(valid.as_millis()).unwrap());
        Box::pin(async move { Ok(JoinToken { token: "join".to_owned(), expires }) })
    }

    fn remove<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
        node: NodeId,
        destroyed: bool,
    ) -> BoxFuture<'a, Result<Option<Zeroizing<String>>, ClusterError>> {
        Box::pin(async move {
            match node {
                NodeId(1) => Ok((!destroyed).then(bundle)),
                NodeId(2) => Err(ClusterError::Unsafe("no quorum would be left".to_owned())),
                other => Err(ClusterError::NoSuchMember(other)),
            }
        })
    }

    fn rotate_key<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, ClusterError>> {
        Box::pin(async { Ok(bundle()) })
    }

    fn rotate_authority<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
    ) -> BoxFuture<'a, Result<Zeroizing<String>, ClusterError>> {
        Box::pin(async { Err(ClusterError::Unsafe("a rotation is under way".to_owned())) })
    }

    fn finish_rotation<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
    ) -> BoxFuture<'a, Result<Vec<NodeId>, ClusterError>> {
        Box::pin(async { Ok(vec![NodeId(2)]) })
    }

    fn confirm_custody<'a>(&'a self, _: &'a raft_store_core::Request) -> BoxFuture<'a, Result<bool, ClusterError>> {
        Box::pin(async { Ok(true) })
    }

    fn transfer<'a>(
        &'a self,
        _: &'a raft_store_core::Request,
        to: Option<NodeId>,
    ) -> BoxFuture<'a, Result<NodeId, ClusterError>> {
        Box::pin(async move { Ok(to.unwrap_or(NodeId(2))) })
    }
}

struct FakeNode {
    services: Services,
    running: Mutex<bool>,
}

impl Lifecycle for FakeNode {
    fn running(&self) -> Option<Running> {
        let running = Running { services: self.services.clone(), control: Arc::new(FakeCluster) };
        self.running.lock().then_some(running)
    }

    fn init(&self) -> BoxFuture<'_, Result<Zeroizing<String>, InitError>> {
        Box::pin(async {
            if std::mem::replace(&mut *self.running.lock(), true) {
                return Err(InitError::Initialised);
            }
            Ok(Zeroizing::new(r#"{"format":"bundle"}"#.to_owned()))
        })
    }
}

pub(crate) struct World {
    router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Status and kind of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        (self.status.as_u16(), kind.trim_start_matches("urn:woad:problem:").to_owned())
    }
}

impl World {
    /// A node without a cluster.
    pub(crate) fn fresh() -> Self {
        let store = Store::new(MemoryStore::new(Timestamp(1_800_000_000_000)));
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let services = Services::new(store, metrics.clone());
        let lifecycle = Arc::new(FakeNode { services, running: Mutex::new(false) });
        let token = Some(OperatorToken::new(TOKEN).unwrap());
        Self { router: crate::router(Admin { lifecycle, token }, metrics) }
    }

    /// A node of a cluster.
    pub(crate) async fn new() -> Self {
        let world = Self::fresh();
        assert_eq!(world.post("/v1/cluster/init", "").await.status, 201);
        world
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// As an operator on the local socket.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path).extension(Peer::Unix { uid: Some(0) });
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.call("POST", path, &[], body).await
    }

    /// Makes realm `vo`.
    pub(crate) async fn with_realm() -> Self {
        let world = Self::new().await;
        let made = world.post("/v1/realms", r#"{"id":"vo","issuer":"https://iam.example.org/"}"#).await;
        assert_eq!(made.status, 201, "{}", made.text);
        world
    }
}
