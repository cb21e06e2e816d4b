//! A realm with clients on a store in memory, and requests over its router.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::{Outcome, Read, Revision, Store, Timestamp};
use serde_json::Value;
use tower::ServiceExt;
use woad_http::{Metrics, Services};
use woad_identity::client::{self, ClientPatch, ClientSecret, NewClient};
use woad_identity::keys::{GeneratedKey, SigningAlg, generate};
use woad_identity::realm::{self, HostName, Issuer, NewRealm, Settings};
use woad_identity::{Actor, ClientId, Kid, RealmId};

pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const HOST_NAME: &str = "iam.example.org";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct World {
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) registry: Registry,
    pub(crate) router: Router,
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

    /// Status and `error`.
    pub(crate) fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.json()["error"].as_str().unwrap_or_default().to_owned())
    }
}

/// Made once: an RSA key takes its time.
fn keys() -> &'static [GeneratedKey] {
    static KEYS: OnceLock<Vec<GeneratedKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |alg: SigningAlg| generate(alg, Kid::parse(alg.name()).unwrap()).unwrap();
        SigningAlg::ALL.into_iter().map(key).collect()
    })
}

/// The secret of a client.
pub(crate) fn secret(client: &str) -> String {
    ClientSecret::from_random(&[client.as_bytes()[0]; 64]).reveal().to_owned()
}

pub(crate) fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{client}:{secret}")))
}

impl World {
    /// Realm `vo` at [`HOST_NAME`], with these clients: `reader` (Basic), `poster` (in the form), `watcher` (may
    /// introspect), `idle` (without a grant).
    pub(crate) fn new() -> Self {
        let memory = MemoryStore::new(Timestamp(NOW_MS));
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        let router = crate::router(Services::new(Store::new(memory.clone()), metrics));
        let world = Self { memory, registry, router };
        world.realm("vo", HOST_NAME);
        for client in ["reader", "poster", "watcher", "idle"] {
            world.client("vo", client);
        }
        world
    }

    pub(crate) fn realm(&self, id: &str, host: &str) {
        let new = NewRealm {
            id: RealmId::parse(id).unwrap(),
            issuer: Issuer::parse(&format!("https://{host}/")).unwrap(),
            hosts: vec![HostName::parse(host).unwrap()],
            display_name: String::new(),
            settings: Settings::default(),
        };
        let made = self.memory.run(|tx| realm::create(tx, &new, keys(), &[7; 32], &Actor::system())).unwrap();
        made.unwrap();
    }

    pub(crate) fn client(&self, realm: &str, id: &str) {
        let method = if id == "poster" { "client_secret_post" } else { "client_secret_basic" };
        let grant = if id == "idle" { "authorization_code" } else { "client_credentials" };
        let fields = ClientPatch {
            client_name: Some(format!("the {id}")),
            grant_types: Some(vec![grant.to_owned()]),
            redirect_uris: Some(vec!["https://rp.example/cb".to_owned()]),
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some("storage.read:/data wlcg.groups openid".to_owned()),
            allow_introspection: Some(id == "watcher"),
            ..ClientPatch::default()
        };
        let new = NewClient { id: ClientId::parse(id).unwrap(), fields, dynamically_registered: false };
        let secret = ClientSecret::from_random(&[id.as_bytes()[0]; 64]);
        let realm = RealmId::parse(realm).unwrap();
        let made = self.memory.run(|tx| {
            let realm = realm::get(tx, &realm)?.unwrap();
            client::create(tx, &realm, &new, &secret, &Actor::system())
        });
        made.unwrap().unwrap();
    }

    pub(crate) fn disable(&self, id: &str) {
        let (realm, id) = (RealmId::parse("vo").unwrap(), ClientId::parse(id).unwrap());
        let done = self.memory.run(|tx| match client::set_active(tx, &realm, &id, false, &Actor::system())? {
            Outcome::Commit(done) => Ok(Outcome::Commit(done)),
            Outcome::Answer(done) => Ok(Outcome::Answer(done)),
        });
        done.unwrap().unwrap();
    }

    pub(crate) fn revision(&self) -> Revision {
        self.memory.look(|view| Ok(view.revision())).unwrap()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: u64) {
        let now = self.memory.look(|view| Ok(view.now())).unwrap();
        self.memory.set_now(now.plus_ms(seconds * 1000));
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(HOST, HOST_NAME);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], "").await
    }

    /// Posts a form as `client`, by Basic.
    pub(crate) async fn form(&self, path: &str, client: &str, form: &str) -> Answer {
        let authorization = basic(client, &secret(client));
        let headers = [(AUTHORIZATION.as_str(), authorization.as_str()), (CONTENT_TYPE.as_str(), FORM)];
        self.call("POST", path, &headers, form).await
    }

    pub(crate) async fn token(&self, client: &str, more: &str) -> String {
        let answer = self.form("/token", client, &format!("grant_type=client_credentials{more}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }
}
