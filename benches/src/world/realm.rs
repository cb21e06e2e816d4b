//! A realm with clients, made as an operator makes them.

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Node;
use crate::load::Ask;

/// Asks for a token of the `wlcg` profile with one path scope, as data transfers do.
const TOKEN_FORM: &[u8] = b"grant_type=client_credentials&scope=storage.read%3A%2Fdata%2Frun3";

/// Text as a form or a query holds it.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A realm and the host by which it is found.
#[derive(Clone, Debug)]
pub(crate) struct Realm {
    pub(crate) id: String,
    pub(crate) host: String,
}

impl Realm {
    /// Makes one that signs with `alg`.
    pub(crate) async fn make(node: &mut Node, alg: &str) -> anyhow::Result<Self> {
        Self::named(node, &alg.to_ascii_lowercase(), alg).await
    }

    /// The same under this name.
    pub(crate) async fn named(node: &mut Node, id: &str, alg: &str) -> anyhow::Result<Self> {
        let host = format!("{id}.example.org");
        let settings = json!({"access_token_alg": alg, "default_profile": "wlcg"});
        let realm = json!({"id": id, "issuer": format!("https://{host}"), "hosts": [host], "settings": settings});
        node.operate("POST", "/v1/realms", Some(&realm)).await?;
        Ok(Self { id: id.to_owned(), host })
    }

    /// Registers a client.
    pub(crate) async fn client(&self, node: &mut Node, client: &Value) -> anyhow::Result<Client> {
        let path = format!("/v1/realms/{}/clients", self.id);
        let made = node.operate("POST", &path, Some(&json!({ "client": client }))).await?;
        let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
        let id = text(made.pointer("/client/client_id")).context("no client_id")?;
        let secret = text(made.get("client_secret")).context("no client_secret")?;
        Ok(Client::basic(&self.host, (&id, &secret)))
    }

    /// Registers one that gets tokens for itself and may look into any.
    pub(crate) async fn machine(&self, node: &mut Node) -> anyhow::Result<Client> {
        let client = json!({
            "client_name": "bench",
            "grant_types": ["client_credentials"],
            "scope": "wlcg storage.read:/ storage.create:/ compute.read",
            "allow_introspection": true,
        });
        self.client(node, &client).await
    }
}

/// What a request needs to come from the client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) host: String,
    pub(crate) authorization: String,
}

impl Client {
    /// What [`Client::ask_token`] asks for.
    pub(crate) const SCOPE: &str = "storage.read:/data/run3";

    /// Of another server.
    pub(crate) fn basic(host: &str, (id, secret): (&str, &str)) -> Self {
        let basic = BASE64_STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
        Self { id: id.to_owned(), host: host.to_owned(), authorization: format!("Basic {basic}") }
    }

    /// Asks for a token of a [`Realm::machine`].
    pub(crate) const fn ask_token() -> Ask {
        Ask::post("/token", Bytes::from_static(TOKEN_FORM))
    }

    /// Sends a token there.
    pub(crate) fn send_token(path: &'static str, token: &str) -> Ask {
        Ask::post(path, Bytes::from(format!("token={token}")))
    }
}
