//! A cluster of three with a realm and a client, and a way to collect every wrong row of a table.

use anyhow::{Result, ensure};
use serde_json::json;
use woad_tests::raw::{Raw, RawAnswer};
use woad_tests::{Answer, Application, Browser, Client, Cluster, HOST, Kind, Node, PASSWORD, Person, Realm, Scim};

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) realm: Realm,
    pub(crate) client: Client,
    wrong: Vec<String>,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let cluster = Cluster::three().await?;
        let realm = cluster.realm(0, json!({})).await?;
        let client = cluster.client(1, &realm, "caller").await?;
        Ok(Self { cluster, realm, client, wrong: Vec::new() })
    }

    /// The node that gets the bad input.
    pub(crate) fn target(&self) -> &Node {
        &self.cluster.nodes[2]
    }

    /// The `Host` of the target.
    pub(crate) fn host(&self) -> String {
        format!("{HOST}:{}", self.target().https_address.port())
    }

    /// A connection to the target's https listener.
    pub(crate) async fn connect(&self) -> Result<Raw> {
        Raw::connect(self.target().https_address, self.cluster.authority.pem(), b"http/1.1").await
    }

    /// The provisioning program at the target.
    pub(crate) async fn scim(&self) -> Result<Scim> {
        let client = Scim::client(&self.cluster.nodes[0].admin, &self.realm).await?;
        self.cluster.secret(&client.secret);
        self.cluster.secret(PASSWORD);
        Scim::connect(&self.target().https, &client).await
    }

    /// A person who can sign in.
    pub(crate) async fn person(&self, user_name: &str) -> Result<Person> {
        self.cluster.secret(PASSWORD);
        Person::create(&self.cluster.nodes[0].admin, &self.realm, user_name).await
    }

    /// An application with a secret.
    pub(crate) async fn application(&self, id: &str) -> Result<Application> {
        let application =
            Application::register(&self.cluster.nodes[1].admin, &self.realm, id, Kind::Confidential).await?;
        self.cluster.secret(&application.client.secret);
        Ok(application)
    }

    /// A browser that goes to another node with each request.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.cluster.endpoints(), &self.realm.issuer)
    }

    /// Sends raw bytes on a connection of their own.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Result<(RawAnswer, Raw)> {
        let mut raw = self.connect().await?;
        raw.send(bytes).await?;
        Ok((raw.answer().await?, raw))
    }

    /// Notes a row whose answer is wrong.
    pub(crate) fn row(&mut self, name: &str, right: bool, got: &str) {
        if !right {
            self.wrong.push(format!("{name}: {}", got.chars().take(200).collect::<String>()));
        }
    }

    /// Notes a row unless the answer has that status and, where one is named, that error.
    pub(crate) fn answered(&mut self, name: &str, answer: &Answer, status: u16, error: &str) {
        let right = answer.status == status && (error.is_empty() || answer.error() == error);
        self.row(name, right, &format!("{status} {error} expected: {} {}", answer.status, answer.body));
    }

    /// Shows the wrong rows, if any; else the cluster must be as good as before: every node issues tokens that every
    /// node knows, and see [`Cluster::finish`].
    pub(crate) async fn finish(self) -> Result<()> {
        ensure!(self.wrong.is_empty(), "wrong answers:\n{}", self.wrong.join("\n"));
        for node in &self.cluster.nodes {
            let token = node.https.token(&self.client).await?;
            for other in &self.cluster.nodes {
                let answer = other.https.introspect(&self.client, &token).await?;
                ensure!(answer.active() == Some(true), "after the table: {}", answer.body);
            }
        }
        self.cluster.finish().await
    }
}
