//! Three nodes, a program that provisions people, and applications at which they sign in.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use woad_tests::{Answer, Application, Browser, Client, Cluster, Endpoint, Kind, Person, Realm, Scim, Tokens};

/// What the tests sign in for.
pub(crate) const SCOPE: &str = "openid profile offline_access";

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) realm: Realm,
    /// At the first node; see [`Self::scim_at`].
    scim: Scim,
    /// Has a secret; its refresh tokens have a grace.
    pub(crate) confidential: Application,
    /// Has none; its refresh tokens are strict.
    pub(crate) public: Application,
    /// May introspect.
    pub(crate) inspector: Client,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let cluster = Cluster::three().await?;
        let realm = cluster.realm(0, json!({})).await?;
        let inspector = cluster.client(1, &realm, "inspector").await?;
        let provisioner = Scim::client(&cluster.nodes[2].admin, &realm).await?;
        let scim = Scim::connect(&cluster.nodes[0].https, &provisioner).await?;
        let confidential = Application::register(&cluster.nodes[0].admin, &realm, "portal", Kind::Confidential).await?;
        let public = Application::register(&cluster.nodes[1].admin, &realm, "terminal", Kind::Public).await?;
        for secret in [&provisioner.secret, &confidential.client.secret, woad_tests::PASSWORD] {
            cluster.secret(secret);
        }
        Ok(Self { cluster, realm, scim, confidential, public, inspector })
    }

    /// The provisioning program at the node at that place.
    pub(crate) fn scim_at(&self, place: usize) -> Scim {
        self.scim.at(self.https(place))
    }

    /// A person, made through the node at that place.
    pub(crate) async fn person(&self, place: usize, user_name: &str) -> Result<Person> {
        Person::create(&self.cluster.nodes[place % 3].admin, &self.realm, user_name).await
    }

    /// The https listener of a node; places go round.
    pub(crate) fn https(&self, place: usize) -> &Endpoint {
        &self.cluster.nodes[place % 3].https
    }

    /// A browser that goes to another node with each request.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.cluster.endpoints(), &self.realm.issuer)
    }

    /// Sends the same at once many times, to the nodes in turn.
    pub(crate) async fn at_once<F>(&self, times: usize, send: impl Fn(Endpoint) -> F) -> Result<Vec<Answer>>
    where
        F: Future<Output = Result<Answer>> + Send + 'static,
    {
        let mut requests = JoinSet::new();
        for number in 0..times {
            requests.spawn(send(self.https(number).clone()));
        }
        let mut answers = Vec::new();
        while let Some(answer) = requests.join_next().await {
            answers.push(answer??);
        }
        Ok(answers)
    }

    /// What introspection says about a token at a node.
    pub(crate) async fn introspected(&self, place: usize, token: &str) -> Result<Value> {
        self.https(place).introspect(&self.inspector, token).await?.expect(200)?.json()
    }

    /// Checks that at every node, asked at once, these tokens are worth nothing any more.
    pub(crate) async fn dead_everywhere(&self, application: &Application, tokens: &Tokens) -> Result<()> {
        let each = (0..3).map(|place| self.dead_at(place, application, tokens));
        let [one, two, three] = each.collect::<Vec<_>>().try_into().ok().context("three nodes")?;
        let (one, two, three) = tokio::join!(one, two, three);
        one.and(two).and(three)
    }

    async fn dead_at(&self, place: usize, application: &Application, tokens: &Tokens) -> Result<()> {
        let at = self.https(place);
        let (refresh, access, userinfo, family) = tokio::join!(
            application.refresh(at, &tokens.refresh),
            self.introspected(place, &tokens.access),
            at.get_as("/userinfo", &tokens.access),
            self.introspected(place, &tokens.refresh),
        );
        let (refresh, userinfo, node) = (refresh?, userinfo?, place + 1);
        let refused = refresh.status == 400 && refresh.error() == "invalid_grant";
        ensure!(refused, "refresh at node {node}: {} {}", refresh.status, refresh.body);
        for (kind, seen) in [("access", access?), ("refresh", family?)] {
            ensure!(seen == json!({"active": false}), "introspection of the {kind} token at node {node}: {seen}");
        }
        let refused = userinfo.status == 401 && userinfo.header("www-authenticate").contains("invalid_token");
        ensure!(refused, "userinfo at node {node}: {} {}", userinfo.status, userinfo.body);
        Ok(())
    }

    /// Checks that an access token is worth something, at a node.
    pub(crate) async fn alive(&self, place: usize, person: &Person, tokens: &Tokens) -> Result<()> {
        let seen = self.introspected(place, &tokens.access).await?;
        ensure!(seen["active"] == true && seen["sub"] == person.id.as_str(), "node {}: {seen}", place % 3 + 1);
        let userinfo = self.https(place).get_as("/userinfo", &tokens.access).await?.expect(200)?.json()?;
        ensure!(userinfo["sub"] == person.id.as_str(), "node {}: {userinfo}", place % 3 + 1);
        Ok(())
    }
}
