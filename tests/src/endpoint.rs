//! A program at a node's https listener.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::Certificate;

use crate::answer::Answer;
use crate::node::{HOST, OTHER_HOST};
use crate::realm::Client;

/// Callers give up after about this long.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long to wait for a connection: on loopback it is there at once or never.
const CONNECT: Duration = Duration::from_secs(2);

/// The https listener of a node, under a realm's host name.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: String,
    client: reqwest::Client,
}

impl Endpoint {
    /// Trusts that authority and nothing else.
    ///
    /// # Errors
    /// When the certificate is unusable.
    pub fn new(address: SocketAddr, authority: &str) -> Result<Self> {
        Self::with_patience(address, authority, PATIENCE)
    }

    /// One whose caller gives up after that long.
    ///
    /// # Errors
    /// When the certificate is unusable.
    pub fn with_patience(address: SocketAddr, authority: &str, patience: Duration) -> Result<Self> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .tls_certs_only([Certificate::from_pem(authority.as_bytes())?])
            .resolve(HOST, address)
            .resolve(OTHER_HOST, address)
            .timeout(patience)
            .connect_timeout(CONNECT.min(patience))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { base: format!("https://{HOST}:{}", address.port()), client })
    }

    /// The same listener under the other host name.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self { base: self.base.replace(HOST, OTHER_HOST), client: self.client.clone() }
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to be completed.
    pub fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        Ok(Answer { status, headers, body })
    }

    /// Asks.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.request(http::Method::GET, path)).await
    }

    /// Posts a form as a client (`client_secret_basic`).
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, client: &Client, form: &[(&str, &str)]) -> Result<Answer> {
        let request = self.request(http::Method::POST, path).basic_auth(&client.id, Some(&client.secret));
        self.send(request.form(form)).await
    }

    /// Posts a form as nobody.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Result<Answer> {
        self.send(self.request(http::Method::POST, path).form(form)).await
    }

    /// Asks with a bearer token.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_as(&self, path: &str, token: &str) -> Result<Answer> {
        self.send(self.request(http::Method::GET, path).bearer_auth(token)).await
    }

    /// Asks for a token.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn ask_token(&self, client: &Client, scope: &str) -> Result<Answer> {
        self.post("/token", client, &[("grant_type", "client_credentials"), ("scope", scope)]).await
    }

    /// A token.
    ///
    /// # Errors
    /// When there is none.
    pub async fn token(&self, client: &Client) -> Result<String> {
        let answer = self.ask_token(client, "storage.read:/").await?.expect(200)?.json()?;
        let token = answer.get("access_token").and_then(serde_json::Value::as_str);
        token.map(str::to_owned).context("no access_token")
    }

    /// Asks what a token is worth.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn introspect(&self, client: &Client, token: &str) -> Result<Answer> {
        self.post("/introspect", client, &[("token", token)]).await
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn revoke(&self, client: &Client, token: &str) -> Result<Answer> {
        self.post("/revoke", client, &[("token", token)]).await
    }
}
