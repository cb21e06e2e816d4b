//! A person with a browser, and clients that let people sign in.

use http::header::{CONTENT_TYPE, COOKIE};
use raft_store_core::Outcome;
use serde_json::Value;
use url::{Url, form_urlencoded};
use woad_identity::authorize::{Approval, Arrival, AuthorizationRequest, CodeSeed, Consented, approve};
use woad_identity::client::{self, ClientPatch, ClientSecret, NewClient};
use woad_identity::consent::Remember;
use woad_identity::opaque::{OpaqueToken, TokenHash};
use woad_identity::password::{HashParams, PasswordHash, hash};
use woad_identity::scope::ScopeList;
use woad_identity::session::{self, Amr, SessionSeed};
use woad_identity::signin::{self, NewSession, Proof};
use woad_identity::user::{self, NewUser, Provenance, UserPatch};
use woad_identity::{Actor, ClientId, RealmId, UserId, realm};

use crate::testing::{Answer, FORM, World, basic, secret};

pub(crate) const ANNA: UserId = UserId([1; 16]);
/// The PKCE pair of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What `web` asks for.
pub(crate) const WEB: &str = "response_type=code&client_id=web&redirect_uri=https%3A%2F%2Frp.example%2Fcb\
                              &scope=openid+profile+email+offline_access&state=s1&nonce=n1";
pub(crate) const WEB_SCOPES: &str = "openid profile email offline_access";
/// What `app` asks for.
pub(crate) const APP: &str = "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb\
                              &scope=openid+offline_access\
                              &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn vo() -> RealmId {
    RealmId::parse("vo").unwrap()
}

fn password() -> PasswordHash {
    hash(HashParams { memory_kib: 8, passes: 1, lanes: 1 }, [7; 16], "correct horse").unwrap()
}

impl Answer {
    /// Where the browser is sent.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text);
        self.headers["location"].to_str().unwrap()
    }

    /// A parameter of where the browser is sent.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url =
            Url::options().base_url(Some(&Url::parse("https://iam.example.org/").unwrap())).parse(self.location());
        url.unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl World {
    /// As [`World::new`], with Anna and the clients `web` (Basic), `other` (Basic), `app` (public), `native` (public, on
    /// loopback).
    pub(crate) fn with_people() -> Self {
        let world = Self::new();
        world.person(ANNA, "anna");
        for (client, method, redirect) in [
            ("web", "client_secret_basic", "https://rp.example/cb"),
            ("other", "client_secret_basic", "https://rp.example/cb"),
            ("app", "none", "https://app.example/cb"),
            ("native", "none", "http://127.0.0.1/cb"),
        ] {
            world.rp(client, method, redirect);
        }
        world
    }

    fn person(&self, id: UserId, name: &str) {
        let email = user::Email { value: format!("{name}@example.org"), primary: true, ..user::Email::default() };
        let fields = UserPatch {
            user_name: Some(name.into()),
            display_name: Some("Anna Müller".into()),
            emails: Some(vec![email]),
            active: Some(true),
            ..UserPatch::default()
        };
        let new = NewUser { id, fields, provenance: Provenance::Administrator };
        let made = self.memory.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            user::create(tx, &realm, &new, Some(&password()), &Actor::system())
        });
        made.unwrap().unwrap();
    }

    fn rp(&self, id: &str, method: &str, redirect: &str) {
        let fields = ClientPatch {
            client_name: Some(format!("the {id}")),
            grant_types: Some(vec!["authorization_code".into(), "refresh_token".into()]),
            redirect_uris: Some(vec![redirect.to_owned()]),
            token_endpoint_auth_method: Some(method.to_owned()),
            scope: Some("openid profile email offline_access storage.read:/".to_owned()),
            reuse_refresh_token: Some(false),
            clear_access_tokens_on_refresh: Some(false),
            ..ClientPatch::default()
        };
        let new = NewClient { id: ClientId::parse(id).unwrap(), fields, dynamically_registered: false };
        let secret = ClientSecret::from_random(&[id.as_bytes()[0]; 64]);
        let made = self.memory.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            client::create(tx, &realm, &new, &secret, &Actor::system())
        });
        made.unwrap().unwrap();
    }

    pub(crate) fn patch(&self, id: &str, patch: &ClientPatch) {
        let id = ClientId::parse(id).unwrap();
        let done = self.memory.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            client::update(tx, &realm, &id, patch, &Actor::system())
        });
        done.unwrap().unwrap();
    }

    pub(crate) fn set_active(&self, active: bool) {
        self.memory.run(|tx| user::set_status(tx, &vo(), ANNA, active, &Actor::system())).unwrap().unwrap();
    }

    /// Anna signs in; answers the `Cookie` header of her browser.
    pub(crate) fn sign_in(&self) -> String {
        let nobody = Actor::anonymous(None, "r1");
        let attempt = self.memory.run(|tx| signin::begin(tx, &vo(), "anna", None, &nobody)).unwrap().unwrap();
        let revision = self.memory.look(|view| Ok(raft_store_core::Read::revision(view).0.to_be_bytes())).unwrap();
        let token = OpaqueToken::from_random(&[revision; 4].concat().try_into().unwrap());
        let amr = vec![Amr::Password];
        let seed = SessionSeed { hash: token.hash(), amr, address: None, user_agent: String::new() };
        let new = NewSession { seed, old: None, device: [0; 16] };
        let proof = Proof { verified: true, rehash: None };
        let done = self.memory.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            signin::complete(tx, &realm, &attempt, &proof, &new, &nobody)
        });
        done.unwrap().unwrap();
        format!("__Host-woad={}", token.reveal())
    }

    /// What Anna says on the consent page.
    pub(crate) fn consent(&self, cookie: &str, query: &str, scopes: &str, remember: Remember) -> String {
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let request = AuthorizationRequest::parse(&pairs).unwrap().request;
        let hash = TokenHash::of_presented(cookie.split_once('=').unwrap().1).unwrap();
        let approval = Approval { shown: ScopeList::parse(scopes).unwrap(), remember };
        let revision = self.memory.look(|view| Ok(raft_store_core::Read::revision(view).0.to_be_bytes())).unwrap();
        let seed = CodeSeed {
            code: [revision; 4].concat().try_into().unwrap(),
            grant: [revision; 2].concat().try_into().unwrap(),
        };
        let done = self.memory.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            let session = session::live(tx, &vo(), &hash)?.unwrap();
            let arrival = Arrival { request: &request, session: Some(&session), login_after_ms: None };
            match approve(tx, &realm, &arrival, Consented::Now(&approval), &seed, &Actor::system())? {
                Outcome::Commit(done) => Ok(Outcome::Commit(done)),
                Outcome::Answer(done) => Ok(Outcome::Answer(done)),
            }
        });
        done.unwrap().unwrap().as_str().to_owned()
    }

    /// Follows a client's link.
    pub(crate) async fn authorize(&self, query: &str, cookie: Option<&str>) -> Answer {
        let headers: Vec<(&str, &str)> = cookie.map(|cookie| (COOKIE.as_str(), cookie)).into_iter().collect();
        self.call("GET", &format!("/authorize?{query}"), &headers, "").await
    }

    /// A code for `web` or `app`, by a remembered approval.
    pub(crate) async fn code(&self, cookie: &str, query: &str, scopes: &str) -> String {
        self.consent(cookie, query, scopes, Remember::UntilRevoked);
        self.authorize(query, Some(cookie)).await.parameter("code").unwrap()
    }

    /// Redeems a code of `web`.
    pub(crate) async fn redeem(&self, code: &str, more: &str) -> Answer {
        let redirect = "redirect_uri=https%3A%2F%2Frp.example%2Fcb";
        self.form("/token", "web", &format!("grant_type=authorization_code&code={code}&{redirect}{more}")).await
    }

    /// Redeems a code of `app`.
    pub(crate) async fn redeem_public(&self, code: &str) -> Answer {
        let form = format!(
            "grant_type=authorization_code&code={code}&client_id=app&code_verifier={VERIFIER}\
             &redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
        );
        self.call("POST", "/token", &[(CONTENT_TYPE.as_str(), FORM)], &form).await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str, more: &str) -> Answer {
        let form = format!("grant_type=refresh_token&refresh_token={token}{more}");
        if client == "app" {
            return self
                .call("POST", "/token", &[(CONTENT_TYPE.as_str(), FORM)], &format!("{form}&client_id=app"))
                .await;
        }
        self.form("/token", client, &form).await
    }

    /// Everything that a sign-in at `web` gives.
    pub(crate) async fn tokens(&self) -> Value {
        let cookie = self.sign_in();
        let answer = self.redeem(&self.code(&cookie, WEB, WEB_SCOPES).await, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        self.call("GET", "/userinfo", &[("authorization", &format!("Bearer {token}"))], "").await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Value {
        self.form("/introspect", "watcher", &format!("token={token}")).await.json()
    }
}

/// The Basic credentials of `web`.
pub(crate) fn web_basic() -> String {
    basic("web", &secret("web"))
}
