//! A realm with people and clients on a store in memory, and a browser that keeps cookies and follows forms.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use prometheus::Registry;
use raft_store_core::memory::MemoryStore;
use raft_store_core::{Read, Store, Timestamp, Tx};
use tower::ServiceExt;
use url::Url;
use url::form_urlencoded::Serializer;
use woad_http::{Metrics, Services};
use woad_identity::audience::Audience;
use woad_identity::authorize::AuthorizationRequest;
use woad_identity::client::{self, AuthMethod, ClientPatch, ClientSecret, NewClient, Presented};
use woad_identity::code::{self, PresentedCode};
use woad_identity::continuation::{self, Kind};
use woad_identity::keys::{GeneratedKey, SigningAlg, generate};
use woad_identity::link::{self, LinkKind};
use woad_identity::opaque::OpaqueToken;
use woad_identity::password::{self, HashParams, PasswordHash};
use woad_identity::realm::{self, HostName, Issuer, NewRealm, Settings};
use woad_identity::user::{self, Email, NewUser, Provenance, UserPatch};
use woad_identity::{Actor, ClientId, Decided, Kid, RealmId, UserId, refresh};

use crate::markup_test::{self, Element};

pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const HOST_NAME: &str = "iam.example.org";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const CALLBACK: &str = "https://rp.example/cb";
/// The verifier of [`CHALLENGE`] (RFC 7636 appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

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
    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    /// The page, checked.
    pub(crate) fn page(&self) -> Vec<Element> {
        assert_eq!(self.headers[CONTENT_TYPE], "text/html; charset=utf-8", "{}", self.text);
        markup_test::check(&self.text)
    }

    /// The value of a field of the page.
    pub(crate) fn field(&self, name: &str) -> String {
        markup_test::input(&self.page(), name).unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.page();
        markup_test::unescape(&self.text).contains(words)
    }

    /// What a cookie is set to.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let lines = self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).next_back().map(str::to_owned)
    }
}

/// Made once: keys and hashes take their time.
fn keys() -> &'static [GeneratedKey] {
    static KEYS: OnceLock<Vec<GeneratedKey>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |alg: SigningAlg| generate(alg, Kid::parse(alg.name()).unwrap()).unwrap();
        SigningAlg::ALL.into_iter().map(key).collect()
    })
}

fn hash() -> &'static PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    HASH.get_or_init(|| password::hash(HashParams::default(), [7; 16], PASSWORD).unwrap())
}

pub(crate) fn vo() -> RealmId {
    RealmId::parse("vo").unwrap()
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl World {
    /// Realm `vo` at [`HOST_NAME`], with `alice` and `bob`, both with [`PASSWORD`], and the client `rp`.
    pub(crate) fn new() -> Self {
        let memory = MemoryStore::new(Timestamp(NOW_MS));
        let registry = Registry::new();
        let metrics = Metrics::register(&registry).unwrap();
        let services = Services::new(Store::new(memory.clone()), metrics).with_pages(Arc::new(crate::Pages));
        let world = Self { memory, registry, router: crate::router(services) };
        let new = NewRealm {
            id: vo(),
            issuer: Issuer::parse(&format!("https://{HOST_NAME}/")).unwrap(),
            hosts: vec![HostName::parse(HOST_NAME).unwrap()],
            display_name: "The <Virtual> Organisation".to_owned(),
            settings: Settings::default(),
        };
        world.decided(|tx| realm::create(tx, &new, keys(), &[7; 32], &Actor::system())).unwrap();
        world.person("alice", 1);
        world.person("bob", 2);
        world.client("rp", ClientPatch::default());
        world
    }

    pub(crate) fn decided<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Decided<T, E>) -> Result<T, E> {
        self.memory.run(f).unwrap()
    }

    pub(crate) fn pass(&self, time: Duration) {
        let now = self.memory.look(|view| Ok(view.now())).unwrap();
        self.memory.set_now(now.plus_ms(u64::try_from(time.as_millis()).unwrap()));
    }

    pub(crate) fn person(&self, name: &str, id: u8) {
        let email = Email { value: format!("{name}@example.org"), primary: true, ..Email::default() };
        let fields = UserPatch {
            user_name: Some(name.to_owned()),
            display_name: Some(format!("{name} <b>")),
            emails: Some(vec![email]),
            ..UserPatch::default()
        };
        let new = NewUser { id: UserId([id; 16]), fields, provenance: Provenance::Administrator };
        let made = self.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            user::create(tx, &realm, &new, Some(hash()), &Actor::system())
        });
        assert!(made.is_ok());
    }

    pub(crate) fn client(&self, id: &str, patch: ClientPatch) {
        let fields = ClientPatch {
            client_name: patch.client_name.clone().or_else(|| Some(format!("The <{id}>"))),
            grant_types: patch.grant_types.clone().or_else(|| Some(vec!["authorization_code".to_owned()])),
            redirect_uris: patch.redirect_uris.clone().or_else(|| Some(vec![CALLBACK.to_owned()])),
            scope: patch.scope.clone().or_else(|| Some("openid profile storage.read:/data".to_owned())),
            post_logout_redirect_uris: Some(vec!["https://rp.example/bye".to_owned()]),
            ..patch
        };
        let new = NewClient { id: ClientId::parse(id).unwrap(), fields, dynamically_registered: id == "wild" };
        let secret = ClientSecret::from_random(&[1; 64]);
        let made = self.decided(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            client::create(tx, &realm, &new, &secret, &Actor::system())
        });
        assert!(made.is_ok());
    }

    /// A continuation as the authorization endpoint writes it.
    pub(crate) fn continuation(&self, client: &str, more: &[(&str, &str)]) -> String {
        let mut parameters: Vec<(String, String)> = Vec::new();
        let base = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("scope", "openid storage.read:/data"),
            ("state", "s&1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in base.iter().filter(|(name, _)| !more.iter().any(|(known, _)| known == name)).chain(more) {
            parameters.push(((*name).to_owned(), (*value).to_owned()));
        }
        let parsed = AuthorizationRequest::parse(&parameters).unwrap();
        let payload = parsed.request.to_bytes();
        self.memory.look(|view| continuation::write(view, &vo(), Kind::Authorization, &payload)).unwrap()
    }

    pub(crate) fn link(&self, user: u8, kind: LinkKind) -> String {
        let token = OpaqueToken::from_random(&[user; 32]);
        let how = (token.hash(), Duration::from_secs(600));
        let made = self.decided(|tx| link::create(tx, &vo(), UserId([user; 16]), kind, how, &Actor::system()));
        assert!(made.is_ok());
        format!("/link/{}", token.reveal())
    }

    /// The refresh token for the code that the browser is sent to the client with.
    pub(crate) fn redeem(&self, client: &str, redirect_uri: &str, sent: &Answer) -> String {
        let url = Url::parse(sent.location()).unwrap();
        let code = url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let (realm, id) = (vo(), ClientId::parse(client).unwrap());
        let redeemed = self.decided(|tx| {
            let realm = realm::get(tx, &realm)?.unwrap();
            let method = client::get(tx, &realm.key, &id)?.unwrap().row.auth_method()?;
            let secret = ClientSecret::from_random(&[1; 64]);
            let secret = (method != AuthMethod::None).then(|| secret.reveal());
            let presented = Presented { client_id: client, secret, method };
            let client = client::authenticate(tx, &realm.key, &presented)?.unwrap();
            let presented = PresentedCode {
                code: &code,
                redirect_uri: Some(redirect_uri),
                verifier: Some(VERIFIER),
                audience: &Audience::default(),
                expires_in: None,
                secret: &[9; 32],
            };
            code::redeem(tx, &realm, &client, &presented, &Actor::system())
        });
        redeemed.unwrap().refresh.unwrap().reveal().to_owned()
    }

    /// Whether a refresh token counts.
    pub(crate) fn refreshes(&self, token: &str) -> bool {
        self.memory.look(|view| refresh::look(view, &vo(), token)).unwrap().is_ok()
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { world: self, jar: RefCell::default() }
    }

    /// One that `name` has signed in with.
    pub(crate) async fn signed_in(&self, name: &str) -> Browser<'_> {
        let browser = self.browser();
        let answer = browser.sign_in("/login", name, PASSWORD).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/account"), "{}", answer.text);
        browser
    }
}

/// Cookies and nothing else, as plain as a browser can be.
pub(crate) struct Browser<'a> {
    world: &'a World,
    pub(crate) jar: RefCell<BTreeMap<String, String>>,
}

impl Browser<'_> {
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header(HOST, HOST_NAME);
        }
        let jar: Vec<String> = self.jar.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !jar.is_empty() {
            request = request.header(COOKIE, jar.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap_or_default();
        for line in parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.jar.borrow_mut().remove(name);
            } else {
                self.jar.borrow_mut().insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[("content-type", FORM)], &encoded(fields)).await
    }

    /// Opens a page and sends its first form, all hidden fields of it and these.
    pub(crate) async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        self.answer(path, &page, fields).await
    }

    /// Sends the first form of a page that is open.
    pub(crate) async fn answer(&self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let elements = page.page();
        let first = elements.iter().position(|element| element.name == "form").expect("a form");
        let rest = elements.iter().skip(first + 1).take_while(|element| element.name != "form");
        let hidden = rest.filter(|element| element.get("type") == Some("hidden"));
        let hidden: Vec<(&str, &str)> =
            hidden.map(|element| (element.get("name").unwrap(), element.get("value").unwrap())).collect();
        let action = elements.get(first).and_then(|form| form.get("action")).unwrap_or(path);
        let all: Vec<_> = hidden
            .into_iter()
            .filter(|(name, _)| !fields.iter().any(|(known, _)| known == name))
            .chain(fields.iter().copied())
            .collect();
        self.post(action, &all).await
    }

    pub(crate) async fn sign_in(&self, path: &str, name: &str, password: &str) -> Answer {
        self.fill(path, &[("username", name), ("password", password)]).await
    }
}
