//! Three nodes whose realm has a follower's address as its issuer, and a program's token there.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::json;
use tempfile::TempDir;
use woad_tests::{Cluster, Foreign, HOST, Realm, Scim};

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    /// At the follower.
    pub(crate) scim: Scim,
    /// `https://localhost:...` of the follower.
    pub(crate) origin: String,
    pub(crate) folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let cluster = Cluster::three().await?;
        let leader = cluster.leader(&[0, 1, 2]).await?;
        let follower = cluster.node((leader + 1) % 3)?;
        let ports = cluster.nodes.iter().map(|node| node.https_address.port());
        let mut hosts = vec![format!("localhost:{}", follower.https_address.port())];
        hosts.extend(ports.map(|port| format!("{HOST}:{port}")));
        let origin = format!("https://{}", hosts.first().context("no host")?);
        let realm = Realm::create(&follower.admin, "main", &hosts, json!({})).await?;
        let client = Scim::client(&cluster.node(leader)?.admin, &realm).await?;
        cluster.secret(&client.secret);
        let scim = Scim::connect(&follower.https, &client).await?;
        cluster.secret(scim.token());
        let folder = TempDir::with_prefix("woad-provisioning-")?;
        std::fs::write(folder.path().join("authority.pem"), cluster.authority.pem())?;
        Ok(Self { cluster, scim, origin, folder })
    }

    /// The file with the certificate of the authority that foreign programs trust.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A program beside that Python, trusting the authority.
    pub(crate) fn program(&self, python: &Path, name: &str) -> Foreign {
        Foreign::new(&python.with_file_name(name))
            .env("SSL_CERT_FILE", self.authority())
            .env("REQUESTS_CA_BUNDLE", self.authority())
            .env("NO_COLOR", "1")
            .current_dir(self.folder.path())
    }
}
