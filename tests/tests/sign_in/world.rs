//! Three nodes behind one name, a person, and an application that signs people in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use woad_tests::{Client, Cluster, Gate, Person, Realm};

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) gate: Gate,
    pub(crate) realm: Realm,
    pub(crate) person: Person,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let cluster = Cluster::three().await?;
        let gate = cluster.gate().await?;
        let realm = cluster.realm_behind(&gate, 0, json!({})).await?;
        let person = Person::create(&cluster.nodes[1].admin, &realm, "alice").await?;
        cluster.secret(&person.password);
        let folder = TempDir::with_prefix("woad-applications-")?;
        // Apache leaves root's rights behind and reads its pages as somebody else.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        fs::write(folder.path().join("authority.pem"), cluster.authority.pem())?;
        Ok(Self { cluster, gate, realm, person, folder })
    }

    /// The file with the certificate of the authority that foreign programs trust.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// An application's client.
    pub(crate) async fn application(&self, id: &str, redirect_uri: &str, goodbye: &str) -> Result<Client> {
        let body = json!({"client_id": id, "client": {
            "client_name": "Data portal",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [goodbye],
            "token_endpoint_auth_method": "client_secret_basic",
            "scope": "openid profile email offline_access",
            "reuse_refresh_token": false,
        }});
        let client = self.realm.client_of(&self.cluster.nodes[1].admin, &body).await?;
        self.cluster.secret(&client.secret);
        Ok(client)
    }

    /// What a script has to know to sign the person in at that application.
    pub(crate) fn asked(&self, client: &Client, redirect_uri: &str, goodbye: &str) -> Value {
        json!({
            "authority": self.authority(),
            "issuer": self.realm.issuer,
            "client_id": client.id,
            "client_secret": client.secret,
            "redirect_uri": redirect_uri,
            "post_logout_redirect_uri": goodbye,
            "scope": "openid profile email offline_access",
            "user": self.person.user_name,
            "password": self.person.password,
        })
    }

    /// Checks that claims are the person's.
    pub(crate) fn is_the_person(&self, claims: &Value) -> Result<()> {
        let sub = claims.get("sub").and_then(Value::as_str).context("no sub")?;
        ensure!(sub == self.person.id, "another person: {claims}");
        ensure!(claims.get("preferred_username") == Some(&json!(self.person.user_name)), "another name: {claims}");
        ensure!(claims.get("email") == Some(&json!("alice@example.org")), "another address: {claims}");
        Ok(())
    }

    /// Ends a test in which every node must have had a part.
    pub(crate) async fn finish(self) -> Result<()> {
        let carried = self.gate.carried();
        ensure!(carried.iter().all(|count| *count > 0), "a node had no part: {carried:?}");
        self.cluster.finish().await
    }
}
