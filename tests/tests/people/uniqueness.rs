use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use woad_tests::Scim;

use crate::world::World;

/// Names that are fought for, one after another.
const ROUNDS: usize = 12;
/// Programs at each node that want the same name at once.
const AT_EACH: usize = 3;

/// Creates all of these at once, each at its node; the ids by what was answered.
async fn race(world: &World, kind: &str, bodies: Vec<Value>) -> Result<BTreeMap<u16, Vec<Value>>> {
    let mut racing = JoinSet::new();
    for (number, body) in bodies.into_iter().enumerate() {
        let (scim, path) = (world.scim_at(number), format!("/{kind}"));
        racing.spawn(async move { scim.send(Method::POST, &path, Some(&body)).await });
    }
    let mut answers: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
    while let Some(answer) = racing.join_next().await {
        let answer = answer??;
        answers.entry(answer.status).or_default().push(answer.json()?);
    }
    Ok(answers)
}

/// One was made, and every other one was told that the name is taken.
fn one_won(what: &str, wanted: usize, answers: &BTreeMap<u16, Vec<Value>>) -> Result<String> {
    let of = |status: u16| answers.get(&status).map_or(&[][..], Vec::as_slice);
    let (made, refused) = (of(201), of(409));
    ensure!(made.len() == 1 && refused.len() == wanted - 1, "{what}: {answers:?}");
    for body in refused {
        ensure!(body["scimType"] == "uniqueness" && body["status"] == "409", "{what}: {body}");
    }
    Ok(made[0]["id"].as_str().unwrap_or_default().to_owned())
}

async fn found_everywhere(world: &World, filter: &str, id: &str) -> Result<()> {
    for place in 0..3 {
        let scim: Scim = world.scim_at(place);
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
        let found = scim.send(Method::POST, "/Users/.search", Some(&search)).await?.expect(200)?.json()?;
        let only = found["totalResults"] == 1 && found["Resources"][0]["id"] == id;
        ensure!(only, "node {}: {filter}: {found}", place + 1);
    }
    Ok(())
}

/// A user name in spellings that are one name, none of them with an e-mail address.
fn spelt(number: usize, round: usize) -> Value {
    let name = match number % 3 {
        0 => format!("Straße{round}"),
        1 => format!("STRASSE{round}"),
        _ => format!("strasse{round}"),
    };
    let mut body = Scim::person_body(&name);
    body["emails"] = json!([{"value": format!("{number}-{round}@example.org")}]);
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_creates_of_one_name_at_three_nodes_one_succeeds() -> Result<()> {
    let world = World::new().await?;
    let wanted = 3 * AT_EACH;
    for round in 0..ROUNDS {
        let bodies = (0..wanted).map(|number| spelt(number, round)).collect();
        let id = one_won("user name", wanted, &race(&world, "Users", bodies).await?)?;
        found_everywhere(&world, &format!("userName eq \"sTRASSE{round}\""), &id).await?;

        let address = format!("shared{round}@example.org");
        let bodies = (0..wanted).map(|number| {
            let mut body = Scim::person_body(&format!("person-{round}-{number}"));
            body["emails"] = json!([{"value": address, "primary": true}]);
            body
        });
        let id = one_won("e-mail address", wanted, &race(&world, "Users", bodies.collect()).await?)?;
        found_everywhere(&world, &format!("emails.value eq \"{address}\""), &id).await?;

        let schema = "urn:ietf:params:scim:schemas:core:2.0:Group";
        let bodies = (0..wanted).map(|_| json!({"schemas": [schema], "displayName": format!("group{round}")}));
        one_won("group name", wanted, &race(&world, "Groups", bodies.collect()).await?)?;
    }
    world.cluster.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_concurrent_changes_under_one_version_one_succeeds() -> Result<()> {
    let world = World::new().await?;
    let person = world.scim_at(0).person("alice").await?;
    let path = format!("/scim/v2/Users/{}", person.id);
    let token = world.scim_at(0).token().to_owned();
    let version = world.https(1).get_as(&path, &token).await?.expect(200)?.header("etag").to_owned();
    let answers = world.at_once(9, |at| {
        let (path, token, version) = (path.clone(), token.clone(), version.clone());
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": format!("title of {}", at.base())}],
        });
        async move {
            let request = at.request(Method::PATCH, &path).bearer_auth(token).header("if-match", version);
            at.send(request.header("content-type", "application/scim+json").body(body.to_string())).await
        }
    });
    let mut statuses: Vec<u16> = answers.await?.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    let right = [&[200][..], &[412; 8]].concat();
    ensure!(statuses == right, "{statuses:?}");
    world.cluster.finish().await
}
