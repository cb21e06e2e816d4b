//! A realm with a provisioning client and an administrator on a store in memory, and requests over the router.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use http::header::HOST;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::{Store, Timestamp, Tx};
use serde_json::{Value, json};
use tower::ServiceExt;
use woad_http::{Metrics, Services};
use woad_identity::audience::Audience;
use woad_identity::client::{
    self, AuthMethod, ClientPatch, ClientSecret, GrantType, NewClient, Presented, authenticate,
};
use woad_identity::keys::{GeneratedKey, SigningAlg, generate};
use woad_identity::realm::{self, HostName, Issuer, NewRealm, Settings};
use woad_identity::scope::ScopeList;
use woad_identity::session::Amr;
use woad_identity::token::{Ask, GrantId, Subject, UserSubject, decide, issue};
use woad_identity::user::{self, Authority, NewUser, Provenance, UserPatch};
use woad_identity::{Actor, ClientId, Decided, Kid, RealmId, UserId};

pub(crate) const HOST_NAME: &str = "iam.example.org";
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const INDIGO_USER: &str = "urn:indigo-dc:scim:schemas:IndigoUser";
pub(crate) const INDIGO_GROUP: &str = "urn:indigo-dc:scim:schemas:IndigoGroup";
pub(crate) const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub(crate) const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The administrator.
pub(crate) const ADMIN: UserId = UserId([1; 16]);
const NOW_MS: u64 = 1_800_000_000_000;

pub(crate) fn vo() -> RealmId {
    RealmId::parse("vo").unwrap()
}

/// Made once: an RSA key takes its time.
fn keys() -> &'static [GeneratedKey] {
    static KEYS: OnceLock<Vec<GeneratedKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |alg: SigningAlg| generate(alg, Kid::parse(alg.name()).unwrap()).unwrap();
        SigningAlg::ALL.into_iter().map(key).collect()
    })
}

pub(crate) struct World {
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) services: Services,
    router: Router,
    /// Of the client, with both scopes.
    token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.text)).to_owned()
    }

    /// Status and `scimType`.
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["status"], self.status.to_string(), "{}", self.text);
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
        assert_eq!(self.header("content-type"), "application/scim+json");
        (self.status, body["scimType"].as_str().unwrap_or_default().to_owned())
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let memory = MemoryStore::new(Timestamp(NOW_MS));
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let services = Services::new(Store::new(memory.clone()), metrics);
        let router = crate::router(services.clone());
        let mut world = Self { memory, services, router, token: String::new() };
        let realm = NewRealm {
            id: vo(),
            issuer: Issuer::parse(&format!("https://{HOST_NAME}/")).unwrap(),
            hosts: vec![HostName::parse(HOST_NAME).unwrap()],
            display_name: String::new(),
            settings: Settings::default(),
        };
        world.decided(|tx| realm::create(tx, &realm, keys(), &[7; 32], &Actor::system()));
        let fields = ClientPatch {
            client_name: Some("A provisioner".into()),
            grant_types: Some(vec!["client_credentials".into(), "authorization_code".into()]),
            redirect_uris: Some(vec!["https://rp.example/cb".into()]),
            scope: Some("openid profile email phone address storage.read:/ scim:read scim:write".into()),
            ..ClientPatch::default()
        };
        let new = NewClient { id: ClientId::parse("robot").unwrap(), fields, dynamically_registered: false };
        world.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            client::create(tx, &realm, &new, &ClientSecret::from_random(&[1; 64]), &Actor::system())
        });
        world.person(ADMIN, "admin");
        world.decided(|tx| user::set_authority(tx, &vo(), ADMIN, Authority::Administrator, true, &Actor::system()));
        world.token = world.token(None, "scim:read scim:write");
        world
    }

    pub(crate) fn person(&self, id: UserId, name: &str) {
        let fields = UserPatch { user_name: Some(name.into()), ..UserPatch::default() };
        let new = NewUser { id, fields, provenance: Provenance::Administrator };
        self.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            user::create(tx, &realm, &new, None, &Actor::system())
        });
    }

    pub(crate) fn decided<T, E: std::fmt::Debug>(&self, f: impl FnMut(&mut Tx<'_>) -> Decided<T, E>) -> T {
        self.memory.run(f).unwrap().unwrap()
    }

    /// An access token of the client, about itself or about a person.
    pub(crate) fn token(&self, about: Option<UserId>, scopes: &str) -> String {
        let secret = ClientSecret::from_random(&[1; 64]);
        let method = AuthMethod::ClientSecretBasic;
        let presented = Presented { client_id: "robot", secret: Some(secret.reveal()), method };
        let audience = Audience::choose(&[], &[], &[]).unwrap();
        let scopes = ScopeList::parse(scopes).unwrap();
        let token = self.memory.look(|view| {
            let realm = realm::get(view, &vo())?.unwrap();
            let client = authenticate(view, &vo(), &presented)?.unwrap();
            let (subject, grant) = match about {
                None => (Subject::Client, GrantType::ClientCredentials),
                Some(user) => {
                    let subject =
                        UserSubject { user, grant: GrantId([5; 16]), auth_time_ms: NOW_MS, amr: vec![Amr::Password] };
                    (Subject::User(subject), GrantType::AuthorizationCode)
                }
            };
            let scopes = Some(&scopes);
            let ask = Ask { client: &client, subject, grant, scopes, audience: &audience, expires_in: None };
            let permit = decide(view, &realm, &ask)?.unwrap();
            let signer = self.services.keys.signer(view, &vo(), realm.row.access_token_alg()?)?.unwrap();
            Ok(issue(&permit, &signer, [3; 16], None).unwrap().sign(&signer).unwrap())
        });
        token.unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/scim/v2{path}")).header(HOST, HOST_NAME);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/scim+json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, text };
        assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.text);
        answer
    }

    /// As the provisioning client.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.with(method, path, &[], body).await
    }

    /// The same with headers.
    pub(crate) async fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, Some(&self.token), headers, &body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// A list by a filter.
    pub(crate) async fn find(&self, path: &str, filter: &str) -> Answer {
        let filter = percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        self.get(&format!("{path}?filter={filter}")).await
    }

    /// The one operation on a resource.
    pub(crate) async fn patch(&self, path: &str, operation: Value) -> Answer {
        self.call("PATCH", path, &json!({ "schemas": [PATCH], "Operations": [operation] })).await
    }

    /// Makes a user with these attributes.
    pub(crate) async fn user(&self, name: &str, more: Value) -> Answer {
        let mut body = json!({ "schemas": [USER], "userName": name });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.call("POST", "/Users", &body).await
    }

    /// Makes a group with these attributes.
    pub(crate) async fn group(&self, name: &str, more: Value) -> Answer {
        let mut body = json!({ "schemas": [GROUP], "displayName": name });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.call("POST", "/Groups", &body).await
    }
}
