//! A web application at which people sign in: the code flow with PKCE, step by step.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::answer::Answer;
use crate::browser::{Browser, Page};
use crate::endpoint::Endpoint;
use crate::person::Person;
use crate::realm::{Client, Realm};

/// A verifier and its challenge (RFC 7636, appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The challenge of [`VERIFIER`].
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What an application may ask for.
const SCOPE: &str = "openid profile email offline_access wlcg.groups";

/// What kind of client an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a secret, and its refresh tokens are rotated with a grace.
    Confidential,
    /// It has none, and its refresh tokens are rotated strictly.
    Public,
}

/// What a grant gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token, empty where there is none.
    pub refresh: String,
    /// The ID token, empty where there is none.
    pub id: String,
}

impl Tokens {
    /// The tokens of an answer of `/token`.
    ///
    /// # Errors
    /// When it is a refusal.
    pub fn of(answer: Answer) -> Result<Self> {
        let body = answer.expect(200)?.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        ensure!(body.get("access_token").is_some(), "no access_token");
        Ok(Self { access: text("access_token"), refresh: text("refresh_token"), id: text("id_token") })
    }
}

/// An application with its registration.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its client.
    pub client: Client,
    /// Where people come back to.
    pub redirect_uri: String,
    kind: Kind,
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://x/", pairs)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

impl Application {
    /// The body that makes such a client.
    #[must_use]
    pub fn body(id: &str, kind: Kind, redirect_uri: &str) -> Value {
        let method = if kind == Kind::Public { "none" } else { "client_secret_basic" };
        json!({"client_id": id, "client": {
            "client_name": format!("application {id}"),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [redirect_uri],
            "token_endpoint_auth_method": method,
            "scope": SCOPE,
            "reuse_refresh_token": false,
        }})
    }

    /// Registers one.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn register(admin: &Admin, realm: &Realm, id: &str, kind: Kind) -> Result<Self> {
        let redirect_uri = format!("https://{id}.test/callback");
        let client = realm.client_of(admin, &Self::body(id, kind, &redirect_uri)).await?;
        Ok(Self::of(client, &redirect_uri, kind))
    }

    /// One that is registered.
    #[must_use]
    pub fn of(client: Client, redirect_uri: &str, kind: Kind) -> Self {
        Self { client, redirect_uri: redirect_uri.to_owned(), kind }
    }

    /// The address that starts a sign-in, with further or other parameters.
    #[must_use]
    pub fn authorize(&self, scope: &str, further: &[(&str, &str)]) -> String {
        let mut all = vec![
            ("response_type", "code"),
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("scope", scope),
            ("state", "s t&ate"),
            ("nonce", "nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        all.retain(|(name, _)| further.iter().all(|(other, _)| other != name));
        all.extend(further.iter().filter(|(_, value)| !value.is_empty()));
        format!("/authorize?{}", encoded(&all))
    }

    /// Signs a person in, with consent where it is asked; the address to which the browser is sent back.
    ///
    /// # Errors
    /// When a page stands in the way.
    pub async fn visit(&self, browser: &mut Browser, person: &Person, scope: &str) -> Result<Page> {
        let page = browser.open(&self.authorize(scope, &[])).await?;
        let page = browser.log_in(page, &person.user_name, &person.password).await?;
        browser.approve(page).await
    }

    /// A code for that person.
    ///
    /// # Errors
    /// When the browser does not come back with one.
    pub async fn code(&self, browser: &mut Browser, person: &Person, scope: &str) -> Result<String> {
        let page = self.visit(browser, person, scope).await?;
        ensure!(page.left()?.starts_with(&self.redirect_uri), "sent to {}", page.left()?);
        ensure!(page.parameter("state") == "s t&ate", "another state: {}", page.left()?);
        Some(page.parameter("code")).filter(|code| !code.is_empty()).with_context(|| format!("no code: {page:?}"))
    }

    /// Posts to `/token` as this client.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn token(&self, at: &Endpoint, form: &[(&str, &str)]) -> Result<Answer> {
        match self.kind {
            Kind::Confidential => at.post("/token", &self.client, form).await,
            Kind::Public => at.post_form("/token", &[form, &[("client_id", &self.client.id)]].concat()).await,
        }
    }

    /// Redeems a code.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn redeem(&self, at: &Endpoint, code: &str) -> Result<Answer> {
        let form = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
        self.token(at, &[form.as_slice(), &[("redirect_uri", &self.redirect_uri)]].concat()).await
    }

    /// Presents a refresh token.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn refresh(&self, at: &Endpoint, token: &str) -> Result<Answer> {
        self.token(at, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Signs a person in and redeems the code at that node.
    ///
    /// # Errors
    /// When the flow ends elsewhere.
    pub async fn sign_in(&self, browser: &mut Browser, at: &Endpoint, person: &Person, scope: &str) -> Result<Tokens> {
        let code = self.code(browser, person, scope).await?;
        Tokens::of(self.redeem(at, &code).await?)
    }
}
