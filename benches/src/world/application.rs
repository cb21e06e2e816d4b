//! A web application with a secret, at which people sign in by the code flow.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::browser::{Browser, form};
use super::{Client, Node, Realm};

/// A verifier and its challenge (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Nobody listens there: the browser is only sent.
const REDIRECT_URI: &str = "https://application.example/callback";
/// What it asks for; a refresh gives an access token and an ID token.
const SCOPE: &str = "openid profile offline_access wlcg.groups";

/// What a refresh does to the token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// Another takes its place: one durable transaction.
    Rotates,
    /// It stays: no write.
    Keeps,
}

/// A registered application.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(crate) client: Client,
    authorize: String,
}

/// What a code gave.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    /// From an answer of `/token`.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
        Some(Self { access: text("access_token")?, refresh: text("refresh_token")? })
    }
}

impl Application {
    /// Registers one.
    pub(crate) async fn register(node: &mut Node, realm: &Realm, refresh: Refresh) -> anyhow::Result<Self> {
        let client = json!({
            "client_name": "application",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [REDIRECT_URI],
            "scope": SCOPE,
            "reuse_refresh_token": refresh == Refresh::Keeps,
        });
        let client = realm.client(node, &client).await?;
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPE),
            ("state", "state"),
            ("nonce", "nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Self { client, authorize: format!("/authorize?{query}") })
    }

    /// Gets a code for the person who is signed in.
    pub(crate) async fn code(&self, browser: &mut Browser) -> anyhow::Result<String> {
        let back = browser.visit(&self.authorize, REDIRECT_URI).await?;
        let mut pairs = back.split(['?', '&', '#']);
        let code = pairs.find_map(|pair| pair.strip_prefix("code=")).with_context(|| format!("no code: {back}"))?;
        Ok(code.to_owned())
    }

    /// The form by which it redeems a code.
    pub(crate) fn redemption(code: &str) -> String {
        form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ])
    }

    /// Gets tokens for the person who is signed in: a code through the browser, then its redemption.
    pub(crate) async fn tokens(&self, browser: &mut Browser) -> anyhow::Result<Tokens> {
        let body = Self::redemption(&self.code(browser).await?);
        let request = Request::post("/token")
            .header(HOST, &self.client.host)
            .header(AUTHORIZATION, &self.client.authorization)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = browser.connection().await?.send(request.body(Bytes::from(body).into())?).await?;
        let text = || String::from_utf8_lossy(answer.body());
        ensure!(answer.status() == StatusCode::OK, "/token: {} {}", answer.status(), text());
        Tokens::parse(answer.body()).context("no tokens")
    }
}
