//! Provisioning by SCIM at a follower.

use std::cell::Cell;

use anyhow::Context as _;
use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::disk::Flush;
use crate::limit::Waits;
use crate::load::{self, Ask, Call, Mint, Once, Repeat};
use crate::measure::{self, READERS, RUNS, Runs, TIMES};
use crate::report::{Report, Row};
use crate::world::{Cluster, Node, encoded};

/// Where users are.
const USERS: &str = "/scim/v2/Users";
/// Clients where each answer counts everybody.
const COUNTERS: usize = 4;
/// More users than this are not counted: their pages are had by cursor.
const MOST_COUNTED: usize = 100_000;
/// Resources in a page: the most that is served.
const PAGE: usize = 100;
/// Names that are looked up, in turn.
const NAMES: usize = 100;

/// A provisioning program.
pub(crate) struct Provisioner {
    authorization: String,
    /// Users it has made.
    made: Cell<usize>,
}

impl Provisioner {
    /// Registers it, and gets its token.
    pub(crate) async fn register(cluster: &mut Cluster) -> anyhow::Result<Self> {
        let (realm, scope) = (cluster.realm.clone(), "scim:read scim:write");
        let client = json!({"client_name": "provisioner", "grant_types": ["client_credentials"], "scope": scope});
        let client = realm.client(cluster.any()?, &client).await?;
        let form = format!("grant_type=client_credentials&scope={}", encoded(scope));
        let work = Mint::new(Ask::post("/token", form.into()), 1);
        load::run(&Call::to_nodes(&cluster.nodes, &client)?, 1, &work).await?;
        let token = work.into_tokens().pop().context("no token")?;
        Ok(Self { authorization: format!("Bearer {token}"), made: Cell::new(0) })
    }

    pub(crate) fn made(&self) -> usize {
        self.made.get()
    }

    /// As this program asks these nodes.
    pub(crate) fn call<'a>(&self, nodes: impl IntoIterator<Item = &'a Node>, of: &Cluster) -> anyhow::Result<Call> {
        let call = Call::to_nodes(nodes, &of.client)?.with(AUTHORIZATION, &self.authorization)?;
        call.with(CONTENT_TYPE, "application/scim+json")
    }

    /// Makes one further user.
    pub(crate) fn create(&self) -> Ask {
        Ask::post(USERS, body(self.made.replace(self.made.get() + 1)))
    }

    /// Makes so many further users; none has a password, whose hash would be all that is measured.
    pub(crate) fn creates(&self, count: usize) -> Once {
        let first = self.made.replace(self.made.get() + count);
        Once::new((first..first + count).map(|number| Ask::post(USERS, body(number))).collect(), StatusCode::CREATED)
    }
}

fn user_name(number: usize) -> String {
    format!("user{number:07}")
}

fn body(number: usize) -> Bytes {
    let name = user_name(number);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "name": {"givenName": "Test", "familyName": name},
        "displayName": format!("Test {name}"),
        "emails": [{"value": format!("{name}@example.org"), "type": "work", "primary": true}],
        "active": true,
    });
    Bytes::from(body.to_string())
}

/// A row of creates.
pub(crate) async fn creates(
    cluster: &Cluster,
    by: &Provisioner,
    (in_flight, count): (usize, usize),
    flush: Flush,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [follower, _] = cluster.followers()?;
    let call = by.call([follower], cluster)?;
    let mut runs = Runs::default();
    for _ in 0..RUNS {
        runs.add(measure::once(cluster, &call, in_flight, &by.creates(count)).await?);
    }
    report.add(Row::durable(format!("SCIM: user made, {in_flight} in flight, follower of three"), &runs, flush, None)?);
    Ok(())
}

/// Gets of those whom the lookups find.
async fn by_id(call: &Call, lookups: &[Ask]) -> anyhow::Result<Vec<Ask>> {
    let mut gets = Vec::new();
    for lookup in lookups {
        let answer = call.answer(0, lookup).await?;
        let found: Value = serde_json::from_slice(answer.body())?;
        let id = found.pointer("/Resources/0/id").and_then(Value::as_str).context("nobody has that name")?;
        gets.push(Ask::get(format!("{USERS}/{id}")));
    }
    Ok(gets)
}

/// Rows of gets, of lookups by name, and of pages.
pub(crate) async fn reads(cluster: &Cluster, by: &Provisioner, report: &mut Report) -> anyhow::Result<()> {
    let users = by.made();
    let names = (0..NAMES).map(|at| user_name(at * users / NAMES));
    let lookups = names.map(|name| Ask::get(format!("{USERS}?filter={}", encoded(&format!("userName eq \"{name}\"")))));
    let lookups: Vec<Ask> = lookups.collect();
    let [follower, _] = cluster.followers()?;
    let call = by.call([follower], cluster)?;
    let gets = by_id(&call, &lookups).await?;
    let page = |paging: &str| vec![Ask::get(format!("{USERS}?count={PAGE}{paging}"))];
    let mut rows = vec![
        ("get by id".to_owned(), "\"userName\":", gets, READERS),
        ("`userName eq`".to_owned(), "\"totalResults\":1", lookups, READERS),
        (format!("page of {PAGE} by cursor"), "\"nextCursor\":", page("&cursor="), READERS),
    ];
    if users <= MOST_COUNTED {
        rows.push((format!("page of {PAGE} with their total"), "\"totalResults\":", page(""), COUNTERS));
    }
    for (name, needle, asks, clients) in rows {
        let work = |within| Repeat::new(&asks, within, needle);
        let runs = measure::all(cluster, &call, clients, work, TIMES).await?;
        let name = format!("SCIM: {name}, {clients} clients, follower of three, {users} users loaded");
        report.add(Row::runs(name, &runs, Waits::Peers)?);
    }
    Ok(())
}
