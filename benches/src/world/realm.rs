//! A realm with one client, made as an operator makes it.

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Node;

/// Asks for a token of the `wlcg` profile with one path scope, as data transfers do.
const TOKEN_FORM: &str = "grant_type=client_credentials&scope=storage.read%3A%2Fdata%2Frun3";

/// What a request needs to come from the client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) host: String,
    pub(crate) authorization: String,
}

impl Client {
    /// Makes the realm, which signs with `alg`, and the client.
    pub(crate) async fn make(node: &mut Node, alg: &str) -> anyhow::Result<Self> {
        let id = alg.to_ascii_lowercase();
        let host = format!("{id}.example.org");
        let settings = json!({"access_token_alg": alg, "default_profile": "wlcg"});
        let realm = json!({"id": id, "issuer": format!("https://{host}"), "hosts": [host], "settings": settings});
        node.operate("POST", "/v1/realms", Some(&realm)).await?;
        let client = json!({"client": {
            "client_name": "bench",
            "grant_types": ["client_credentials"],
            "scope": "wlcg storage.read:/ storage.create:/ compute.read",
            "allow_introspection": true,
        }});
        let made = node.operate("POST", &format!("/v1/realms/{id}/clients"), Some(&client)).await?;
        let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
        let id = text(made.pointer("/client/client_id")).context("no client_id")?;
        let secret = text(made.get("client_secret")).context("no client_secret")?;
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encode(&id), encode(&secret))));
        Ok(Self { host, authorization })
    }

    /// The form that asks for a token.
    pub(crate) fn token_form() -> Bytes {
        Bytes::from_static(TOKEN_FORM.as_bytes())
    }

    /// The form that names a token.
    pub(crate) fn form_with(token: &str) -> Bytes {
        Bytes::from(format!("token={token}"))
    }
}
