//! A realm with a person and a client on a store in memory, for this crate's tests.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use http::header::HOST;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::{Outcome, Read, Store, Timestamp, Tx};
use tower::ServiceExt;
use woad_identity::audience::Audience;
use woad_identity::client::{
    self, AuthMethod, ClientPatch, ClientSecret, GrantType, NewClient, Presented, authenticate,
};
use woad_identity::keys::{GeneratedKey, SigningAlg, generate};
use woad_identity::opaque::{OpaqueToken, TokenHash};
use woad_identity::password::{HashParams, PasswordHash, hash};
use woad_identity::realm::{self, HostName, Issuer, NewRealm, Settings};
use woad_identity::scope::ScopeList;
use woad_identity::session::{Amr, SessionSeed};
use woad_identity::signin::{self, NewSession, Proof};
use woad_identity::token::{Ask, GrantId, Subject, UserSubject, decide, issue};
use woad_identity::user::{self, NewUser, Provenance, UserPatch};
use woad_identity::{Actor, ClientId, Decided, Kid, RealmId, UserId};

use crate::edge;
use crate::error::Shape;
use crate::metrics::Metrics;
use crate::route::Routes;
use crate::services::Services;

pub(crate) const HOST_NAME: &str = "iam.example.org";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const ANNA: UserId = UserId([1; 16]);
const NOW_MS: u64 = 1_800_000_000_000;

pub(crate) fn vo() -> RealmId {
    RealmId::parse("vo").unwrap()
}

pub(crate) struct World {
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) services: Services,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

fn keys() -> &'static [GeneratedKey] {
    static KEYS: OnceLock<Vec<GeneratedKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |alg: SigningAlg| generate(alg, Kid::parse(alg.name()).unwrap()).unwrap();
        SigningAlg::ALL.into_iter().map(key).collect()
    })
}

fn password() -> PasswordHash {
    hash(HashParams { memory_kib: 8, passes: 1, lanes: 1 }, [7; 16], "correct horse").unwrap()
}

impl World {
    /// Realm `vo` at [`HOST_NAME`], client `robot`, person `anna`.
    pub(crate) fn new() -> Self {
        let memory = MemoryStore::new(Timestamp(NOW_MS));
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let world = Self { services: Services::new(Store::new(memory.clone()), metrics), memory };
        let realm = NewRealm {
            id: vo(),
            issuer: Issuer::parse(&format!("https://{HOST_NAME}/")).unwrap(),
            hosts: vec![HostName::parse(HOST_NAME).unwrap()],
            display_name: String::new(),
            settings: Settings::default(),
        };
        world.decided(|tx| realm::create(tx, &realm, keys(), &[7; 32], &Actor::system()));
        let fields = ClientPatch {
            client_name: Some("A robot".into()),
            grant_types: Some(vec!["client_credentials".into(), "authorization_code".into()]),
            redirect_uris: Some(vec!["https://rp.example/cb".into()]),
            scope: Some("openid storage.read:/ scim:read".into()),
            ..ClientPatch::default()
        };
        let new = NewClient { id: ClientId::parse("robot").unwrap(), fields, dynamically_registered: false };
        world.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            client::create(tx, &realm, &new, &ClientSecret::from_random(&[1; 64]), &Actor::system())
        });
        let fields = UserPatch { user_name: Some("anna".into()), active: Some(true), ..UserPatch::default() };
        let new = NewUser { id: ANNA, fields, provenance: Provenance::Administrator };
        world.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            user::create(tx, &realm, &new, Some(&password()), &Actor::system())
        });
        world
    }

    pub(crate) fn decided<T, E: std::fmt::Debug>(&self, f: impl FnMut(&mut Tx<'_>) -> Decided<T, E>) -> T {
        self.memory.run(f).unwrap().unwrap()
    }

    /// An access token of the client, about itself or about Anna.
    pub(crate) fn token(&self, about: Option<UserId>, scopes: &str, audience: &[&str]) -> String {
        let secret = ClientSecret::from_random(&[1; 64]);
        let method = AuthMethod::ClientSecretBasic;
        let presented = Presented { client_id: "robot", secret: Some(secret.reveal()), method };
        let audience = Audience::choose(&[], audience, &[]).unwrap();
        let scopes = ScopeList::parse(scopes).unwrap();
        let token = self.memory.look(|view| {
            let realm = realm::get(view, &vo())?.unwrap();
            let client = authenticate(view, &vo(), &presented)?.unwrap();
            let (subject, grant) = match about {
                None => (Subject::Client, GrantType::ClientCredentials),
                Some(user) => {
                    let amr = vec![Amr::Password];
                    let subject = UserSubject { user, grant: GrantId([5; 16]), auth_time_ms: view.now().0, amr };
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

    /// Signs Anna in; answers the session's token.
    pub(crate) fn session(&self) -> OpaqueToken {
        let token = OpaqueToken::from_random(&[8; 32]);
        let nobody = Actor::anonymous(None, "r");
        let attempt = self.decided(|tx| signin::begin(tx, &vo(), "anna", None, &nobody));
        let amr = vec![Amr::Password];
        let seed = SessionSeed { hash: token.hash(), amr, address: None, user_agent: String::new() };
        let new = NewSession { seed, old: None, device: [0; 16] };
        let proof = Proof { verified: true, rehash: None };
        self.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            signin::complete(tx, &realm, &attempt, &proof, &new, &nobody)
        });
        token
    }

    pub(crate) fn suspend(&self) {
        self.decided(|tx| user::set_status(tx, &vo(), ANNA, false, &Actor::system()));
    }

    /// The proof that a form was shown to a browser with this cookie.
    pub(crate) fn proof(&self, browser: &TokenHash) -> String {
        self.memory.look(|view| woad_identity::csrf::token(view, &vo(), browser)).unwrap()
    }

    pub(crate) fn commit(&self, mut f: impl FnMut(&mut Tx<'_>)) {
        let done = self.memory.run(|tx| {
            f(tx);
            Ok(Outcome::Commit(()))
        });
        done.unwrap();
    }

    pub(crate) fn router(&self, routes: Routes<Services>) -> Router {
        edge::wrap(routes.into_router(self.services.clone()), Shape::OAuth, self.services.metrics.clone())
    }
}

pub(crate) async fn call(router: &Router, method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(uri).header(HOST, HOST_NAME);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let status: StatusCode = parts.status;
    Answer { status: status.as_u16(), headers: parts.headers, text }
}
