//! A realm and its clients, made as an operator makes them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::admin::Admin;

/// A client with its secret.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// A realm in which tests make clients.
#[derive(Clone, Debug)]
pub struct Realm {
    /// Its id.
    pub id: String,
    /// Its issuer.
    pub issuer: String,
}

impl Realm {
    /// Makes a realm that answers under these hosts; the first one is its issuer's.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create(admin: &Admin, id: &str, hosts: &[String], settings: Value) -> Result<Self> {
        let issuer = format!("https://{}", hosts.first().context("a realm needs a host")?);
        let body = json!({"id": id, "issuer": issuer, "hosts": hosts, "settings": settings});
        admin.post("/v1/realms", &body).await?.expect(201)?;
        Ok(Self { id: id.to_owned(), issuer })
    }

    /// The path of a client, or of what is below it.
    #[must_use]
    pub fn client_path(&self, id: &str) -> String {
        format!("/v1/realms/{}/clients/{id}", self.id)
    }

    /// The body that makes a client which may do what tests ask for.
    #[must_use]
    pub fn client_body(id: &str) -> Value {
        json!({"client_id": id, "client": {
            "client_name": format!("client {id}"),
            "grant_types": ["client_credentials"],
            "scope": "storage.read:/ storage.modify:/data wlcg",
            "allow_introspection": true,
        }})
    }

    /// Makes a client.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn client(&self, admin: &Admin, id: &str) -> Result<Client> {
        self.client_of(admin, &Self::client_body(id)).await
    }

    /// Makes the client that `body` describes; a public one has an empty secret.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn client_of(&self, admin: &Admin, body: &Value) -> Result<Client> {
        let path = format!("/v1/realms/{}/clients", self.id);
        let id = body.get("client_id").and_then(Value::as_str).context("no client_id")?;
        let made = admin.post(&path, body).await?.expect(201)?.json()?;
        let secret = made.get("client_secret").and_then(Value::as_str).unwrap_or_default();
        Ok(Client { id: id.to_owned(), secret: secret.to_owned() })
    }
}
