//! People, made as an operator makes them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::realm::Realm;

/// The password of people whose test does not care.
pub const PASSWORD: &str = "gentle winter 47 harbour";

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id, `sub` in tokens.
    pub id: String,
    /// What is typed at the login page.
    pub user_name: String,
    /// The password.
    pub password: String,
}

impl Person {
    /// Makes one who can sign in with [`PASSWORD`].
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create(admin: &Admin, realm: &Realm, user_name: &str) -> Result<Self> {
        let body = json!({
            "user_name": user_name,
            "name": {"given": "Test", "family": user_name},
            "emails": [{"value": format!("{user_name}@example.org"), "primary": true}],
            "active": true,
            "password": PASSWORD,
        });
        let made = admin.post(&format!("/v1/realms/{}/users", realm.id), &body).await?.expect(201)?.json()?;
        let id = made.get("id").and_then(Value::as_str).context("no id")?.to_owned();
        Ok(Self { id, user_name: user_name.to_owned(), password: PASSWORD.to_owned() })
    }
}
