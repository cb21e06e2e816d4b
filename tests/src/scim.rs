//! People and groups, made as a provisioning program makes them.

use anyhow::{Context as _, Result};
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::answer::Answer;
use crate::endpoint::Endpoint;
use crate::person::{PASSWORD, Person};
use crate::realm::{Client, Realm};

const MEDIA: &str = "application/scim+json";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A provisioning program at a node, with its token.
#[derive(Clone, Debug)]
pub struct Scim {
    at: Endpoint,
    token: String,
}

impl Scim {
    /// Its client, which may read and write.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn client(admin: &Admin, realm: &Realm) -> Result<Client> {
        let body = json!({"client_id": "provisioner", "client": {
            "client_name": "provisioner",
            "grant_types": ["client_credentials"],
            "scope": "scim:read scim:write",
        }});
        realm.client_of(admin, &body).await
    }

    /// Gets a token at that node.
    ///
    /// # Errors
    /// When there is none.
    pub async fn connect(at: &Endpoint, client: &Client) -> Result<Self> {
        let answer = at.ask_token(client, "scim:read scim:write").await?.expect(200)?.json()?;
        let token = answer.get("access_token").and_then(Value::as_str).context("no access_token")?;
        Ok(Self { at: at.clone(), token: token.to_owned() })
    }

    /// The same program at another node.
    #[must_use]
    pub fn at(&self, node: &Endpoint) -> Self {
        Self { at: node.clone(), token: self.token.clone() }
    }

    /// Its token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a request; `path` is below `/scim/v2`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.at.request(method, &format!("/scim/v2{path}")).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, MEDIA).body(body.to_string());
        }
        self.at.send(request).await
    }

    /// The body that makes a person.
    #[must_use]
    pub fn person_body(user_name: &str) -> Value {
        json!({
            "schemas": [USER],
            "userName": user_name,
            "name": {"givenName": "Test", "familyName": user_name},
            "displayName": format!("Test {user_name}"),
            "emails": [{"value": format!("{user_name}@example.org"), "type": "work", "primary": true}],
            "active": true,
            "password": PASSWORD,
        })
    }

    /// Makes a person who can sign in with [`PASSWORD`].
    ///
    /// # Errors
    /// When it is refused.
    pub async fn person(&self, user_name: &str) -> Result<Person> {
        let made = self.send(Method::POST, "/Users", Some(&Self::person_body(user_name))).await?.expect(201)?.json()?;
        let id = made.get("id").and_then(Value::as_str).context("no id")?.to_owned();
        Ok(Person { id, user_name: user_name.to_owned(), password: PASSWORD.to_owned() })
    }

    /// Makes a group; its id.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn group(&self, name: &str) -> Result<String> {
        let body = json!({"schemas": [GROUP], "displayName": name});
        let made = self.send(Method::POST, "/Groups", Some(&body)).await?.expect(201)?.json()?;
        Ok(made.get("id").and_then(Value::as_str).context("no id")?.to_owned())
    }

    /// Changes a resource by one operation; `path` is below `/scim/v2`.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn patch(&self, path: &str, operation: Value) -> Result<Answer> {
        let body = json!({"schemas": [PATCH], "Operations": [operation]});
        let answer = self.send(Method::PATCH, path, Some(&body)).await?;
        if answer.status == 204 { Ok(answer) } else { answer.expect(200) }
    }

    /// Suspends or restores a person.
    ///
    /// # Errors
    /// As [`Self::patch`].
    pub async fn set_active(&self, person: &Person, active: bool) -> Result<()> {
        let operation = json!({"op": "replace", "path": "active", "value": active});
        self.patch(&format!("/Users/{}", person.id), operation).await.map(drop)
    }

    /// Gives a person another password.
    ///
    /// # Errors
    /// As [`Self::patch`].
    pub async fn set_password(&self, person: &Person, password: &str) -> Result<()> {
        let operation = json!({"op": "replace", "path": "password", "value": password});
        self.patch(&format!("/Users/{}", person.id), operation).await.map(drop)
    }

    /// Puts a person into a group, or takes them out.
    ///
    /// # Errors
    /// As [`Self::patch`].
    pub async fn set_member(&self, group: &str, person: &Person, member: bool) -> Result<()> {
        let operation = if member {
            json!({"op": "add", "path": "members", "value": [{"value": person.id}]})
        } else {
            json!({"op": "remove", "path": format!("members[value eq \"{}\"]", person.id)})
        };
        self.patch(&format!("/Groups/{group}"), operation).await.map(drop)
    }

    /// Deletes a person.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn delete(&self, person: &Person) -> Result<()> {
        self.send(Method::DELETE, &format!("/Users/{}", person.id), None).await?.expect(204).map(drop)
    }
}
