//! A person with a browser, clients, and the way from a link to tokens, for this crate's tests.

use std::cell::Cell;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::{Outcome, Tx};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::*;
use crate::audience::Audience;
use crate::client::{self, AuthMethod, AuthenticatedClient, ClientPatch};
use crate::code::{self, PresentedCode, RedeemError, Redeemed};
use crate::consent::Remember;
use crate::ids::UserId;
use crate::opaque::TokenHash;
use crate::realm::{self, NewRealm};
use crate::refresh::{self, PresentedRefresh, RefreshError, Refreshed};
use crate::scope::ScopeList;
use crate::session::testing::person;
use crate::session::{self, Amr, LiveSession, SessionSeed};
use crate::testing::{SECRET, World, actor, id, new_realm, vo};
use crate::token::{self, ConsentNotBefore};
use crate::user;

pub(crate) const ANNA: UserId = UserId([1; 16]);
pub(crate) const BEN: UserId = UserId([2; 16]);
pub(crate) const VERIFIER: &str = "abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEFG";
/// What the client `web` asks for.
pub(crate) const WEB: &str = "response_type=code&client_id=web&redirect_uri=https%3A%2F%2Frp.example%2Fcb&\
                              scope=openid%20profile%20offline_access&state=s1&nonce=n1";

/// The challenge of [`VERIFIER`].
pub(crate) fn challenge() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

/// What the clients `app` and `native` ask for.
pub(crate) fn public(client: &str, redirect_uri: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", redirect_uri),
            ("scope", "openid offline_access"),
            ("code_challenge", &challenge()),
            ("code_challenge_method", "S256"),
        ])
        .finish()
}

pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// Parameters of a redirect.
pub(crate) fn parameter(url: &RedirectUrl, name: &str) -> Option<String> {
    let url = Url::parse(url.as_str()).unwrap();
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The claims of a JWT.
pub(crate) fn claims(token: &str) -> Value {
    let body = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// See the module's documentation. Anna is signed in.
pub(crate) struct Flow {
    pub(crate) world: World,
    pub(crate) session: Cell<TokenHash>,
    drawn: Cell<u8>,
}

impl Flow {
    /// Clients: `web` proves who it is, `app` is public with an https redirect URI, `native` with a loopback one.
    pub(crate) fn new() -> Self {
        Self::with(&new_realm("vo"))
    }

    pub(crate) fn with(realm: &NewRealm) -> Self {
        let world = World::with(realm);
        person(&world, ANNA, "anna", None);
        person(&world, BEN, "ben", None);
        for (client, method, redirect) in [
            ("web", "client_secret_basic", "https://rp.example/cb"),
            ("other", "client_secret_basic", "https://rp.example/cb"),
            ("app", "none", "https://app.example/cb"),
            ("native", "none", "http://127.0.0.1/cb"),
        ] {
            let fields = ClientPatch {
                grant_types: Some(vec!["authorization_code".into(), "refresh_token".into()]),
                redirect_uris: Some(vec![redirect.into()]),
                token_endpoint_auth_method: Some(method.into()),
                reuse_refresh_token: Some(false),
                clear_access_tokens_on_refresh: Some(false),
                ..ClientPatch::default()
            };
            world.client(client, "openid profile email offline_access storage.read:/", fields);
        }
        let flow = Self { world, session: Cell::new(TokenHash::of(b"none")), drawn: Cell::new(0) };
        flow.sign_in(ANNA);
        flow
    }

    /// Different each time.
    pub(crate) fn draw<const N: usize>(&self) -> [u8; N] {
        self.drawn.set(self.drawn.get() + 1);
        [self.drawn.get(); N]
    }

    pub(crate) fn sign_in(&self, who: UserId) {
        let hash = TokenHash::of(&self.draw::<8>());
        let seed = SessionSeed { hash, amr: vec![Amr::Password], address: None, user_agent: String::new() };
        let begun = self.world.store.run(|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            let person = user::get(tx, &vo(), who)?.unwrap();
            session::start(tx, &realm, person, &seed, None).map(Outcome::Commit)
        });
        begun.unwrap();
        self.session.set(hash);
    }

    pub(crate) fn patch(&self, client: &str, patch: &ClientPatch) {
        let realm = self.world.realm();
        self.world.decided(|tx| client::update(tx, &realm, &id(client), patch, &actor())).unwrap();
    }

    pub(crate) fn live(&self, read: &impl raft_store_core::Read) -> Option<LiveSession> {
        session::live(read, &vo(), &self.session.get()).unwrap().ok()
    }

    pub(crate) fn request(&self, query: &str) -> AuthorizationRequest {
        let parsed = AuthorizationRequest::parse(&pairs(query)).unwrap();
        let realm = self.world.realm();
        self.world.store.look(|view| parsed.clone().resolve(view, &realm, &self.world.keys)).unwrap()
    }

    /// What comes of a link that is followed now.
    pub(crate) fn follow(&self, query: &str) -> Evaluation {
        self.come_back(query, None)
    }

    /// What comes of a request that was made at this time.
    pub(crate) fn come_back(&self, query: &str, login_after_ms: Option<u64>) -> Evaluation {
        let (realm, parsed) = (self.world.realm(), AuthorizationRequest::parse(&pairs(query)));
        let look = |view: &raft_store_core::View<'_>| match &parsed {
            Err(RequestFault::Page(fault)) => Ok(Evaluation::Refused(*fault)),
            Err(RequestFault::Redirect(fault)) => refused(view, &realm, fault),
            Ok(parsed) => {
                let request = parsed.clone().resolve(view, &realm, &self.world.keys)?;
                let session = self.live(view);
                evaluate(view, &realm, &Arrival { request: &request, session: session.as_ref(), login_after_ms })
            }
        };
        self.world.store.look(look).unwrap()
    }

    /// The `error` of a link that is followed now, and whether the client is told.
    pub(crate) fn error(&self, query: &str) -> String {
        match self.follow(query) {
            Evaluation::RedirectError { url, error } => {
                assert_eq!(parameter(&url, "error").as_deref(), Some(error.code()));
                assert_eq!(parameter(&url, "iss").as_deref(), Some("https://vo.example.org/"));
                assert_eq!(parameter(&url, "code"), None);
                error.code().to_owned()
            }
            Evaluation::Refused(fault) => format!("page: {fault}"),
            Evaluation::Login(_) => "login".to_owned(),
            Evaluation::Consent(_) => "consent".to_owned(),
            Evaluation::Grant(_) => "grant".to_owned(),
        }
    }

    /// Approves with what the page shows, or as remembered.
    pub(crate) fn approve(&self, query: &str, shown: Option<(&str, Remember)>) -> Result<RedirectUrl, Box<Evaluation>> {
        let request = self.request(query);
        let approval = shown.map(|(shown, remember)| Approval { shown: ScopeList::parse(shown).unwrap(), remember });
        let seed = CodeSeed { code: self.draw(), grant: self.draw() };
        self.world.decided(|tx: &mut Tx<'_>| {
            let realm = realm::get(tx, &vo())?.unwrap();
            let session = self.live(tx);
            let arrival = Arrival { request: &request, session: session.as_ref(), login_after_ms: None };
            let consented = approval.as_ref().map_or(Consented::Before, Consented::Now);
            approve(tx, &realm, &arrival, consented, &seed, &actor())
        })
    }

    /// A code for all that the request asks for, approved this once.
    pub(crate) fn code(&self, query: &str) -> String {
        let shown = pairs(query).into_iter().find(|(name, _)| name == "scope").unwrap().1;
        let url = self.approve(query, Some((&shown, Remember::No))).unwrap();
        parameter(&url, "code").unwrap()
    }

    pub(crate) fn client(&self, client: &str) -> AuthenticatedClient {
        match client {
            "app" | "native" => self.world.present(client, None, AuthMethod::None).unwrap(),
            _ => self.world.present(client, Some(SECRET), AuthMethod::ClientSecretBasic).unwrap(),
        }
    }

    /// Redeems a code; `change` changes what is presented.
    pub(crate) fn redeem_with(
        &self,
        client: &str,
        code: &str,
        change: impl for<'a> FnOnce(&mut PresentedCode<'a>),
    ) -> Result<Redeemed, RedeemError> {
        let (realm, client, audience, secret) =
            (self.world.realm(), self.client(client), Audience::default(), self.draw());
        let mut presented = PresentedCode {
            code,
            redirect_uri: Some("https://rp.example/cb"),
            verifier: None,
            audience: &audience,
            expires_in: None,
            secret: &secret,
        };
        change(&mut presented);
        self.world.decided(|tx| code::redeem(tx, &realm, &client, &presented, &actor()))
    }

    /// Redeems a code of `web` for these audiences.
    pub(crate) fn redeem_for(&self, code: &str, audience: &[&str]) -> Result<Redeemed, RedeemError> {
        let (realm, client, secret) = (self.world.realm(), self.client("web"), self.draw());
        let audience = Audience::choose(audience, &[], &[]).unwrap();
        let presented = PresentedCode {
            code,
            redirect_uri: Some("https://rp.example/cb"),
            verifier: None,
            audience: &audience,
            expires_in: None,
            secret: &secret,
        };
        self.world.decided(|tx| code::redeem(tx, &realm, &client, &presented, &actor()))
    }

    pub(crate) fn redeem(&self, code: &str) -> Result<Redeemed, RedeemError> {
        self.redeem_with("web", code, |_| {})
    }

    /// The first refresh token of a client.
    pub(crate) fn refresh_token(&self, client: &str) -> String {
        let redeemed = match client {
            "web" => self.redeem(&self.code(WEB)),
            "app" => {
                let code = self.code(&public("app", "https://app.example/cb"));
                self.redeem_with("app", &code, |presented| {
                    presented.redirect_uri = Some("https://app.example/cb");
                    presented.verifier = Some(VERIFIER);
                })
            }
            _ => panic!("no client for this"),
        };
        redeemed.unwrap().refresh.unwrap().reveal().to_owned()
    }

    pub(crate) fn refresh_with(
        &self,
        client: &str,
        token: &str,
        scopes: Option<&str>,
        audience: &[&str],
    ) -> Result<Refreshed, RefreshError> {
        let (realm, client, seed) = (self.world.realm(), self.client(client), self.draw());
        let scopes = scopes.map(|text| ScopeList::parse(text).unwrap());
        let audience = Audience::choose(&[], audience, &[]).unwrap();
        let presented =
            PresentedRefresh { token, scopes: scopes.as_ref(), audience: &audience, expires_in: None, seed: &seed };
        self.world.decided(|tx| refresh::redeem(tx, &realm, &client, &presented, &actor()))
    }

    pub(crate) fn refresh(&self, client: &str, token: &str) -> Result<String, RefreshError> {
        self.refresh_with(client, token, None, &[]).map(|refreshed| refreshed.token.reveal().to_owned())
    }

    /// The access token of a permit, issued at the last commit.
    pub(crate) fn access_token(&self, permit: &token::Permit) -> String {
        let alg = self.world.realm().row.access_token_alg().unwrap();
        let signer = self.world.store.look(|view| self.world.keys.signer(view, &vo(), alg)).unwrap().unwrap();
        token::issue(permit, &signer, self.draw(), Some(self.world.revision())).unwrap().sign(&signer).unwrap()
    }

    pub(crate) fn end_approvals(&self, client: &str) {
        self.world.commit(|tx| tx.touch::<ConsentNotBefore>(&(vo(), ANNA, id(client))));
    }

    /// What the last audit event says.
    pub(crate) fn last_event(&self) -> String {
        self.world.events().last().unwrap()["what"].as_str().unwrap().to_owned()
    }
}
