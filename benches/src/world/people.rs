//! People who can sign in, made as an operator makes them.

use anyhow::Context as _;
use futures::future::try_join_all;
use serde_json::{Value, json};

use super::http::Connection;
use super::{Node, Realm};

/// Everybody's.
pub(crate) const PASSWORD: &str = "gentle winter 47 harbour";
/// Requests under way: the hashes of their passwords take the machine.
const AT_ONCE: usize = 8;

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
}

async fn make(connection: &mut Connection, realm: &Realm, number: usize) -> anyhow::Result<Person> {
    let name = format!("person{number:05}");
    let body = json!({
        "user_name": name,
        "name": {"given": "Test", "family": "Person"},
        "emails": [{"value": format!("{name}@example.org"), "primary": true}],
        "password": PASSWORD,
    });
    let made = connection.call("POST", &format!("/v1/realms/{}/users", realm.id), Some(&body)).await?;
    let made: Value = serde_json::from_slice(&made)?;
    let id = made.get("id").and_then(Value::as_str).context("no id")?.to_owned();
    Ok(Person { id, name })
}

/// Makes so many.
pub(crate) async fn make_people(node: &Node, realm: &Realm, count: usize) -> anyhow::Result<Vec<Person>> {
    let worker = async |first: usize| {
        let mut connection = node.operations().await?;
        let mut made = Vec::new();
        for number in (first..count).step_by(AT_ONCE) {
            made.push(make(&mut connection, realm, number).await?);
        }
        anyhow::Ok(made)
    };
    Ok(try_join_all((0..AT_ONCE).map(worker)).await?.into_iter().flatten().collect())
}

/// Puts somebody into new groups, each below the one before it.
pub(crate) async fn join_groups(node: &mut Node, realm: &Realm, person: &Person, names: &[&str]) -> anyhow::Result<()> {
    let groups = format!("/v1/realms/{}/groups", realm.id);
    let mut full_name = String::new();
    for name in names {
        if !full_name.is_empty() {
            full_name.push('/');
        }
        full_name.push_str(name);
        let made = node.operate("POST", &groups, Some(&json!({ "full_name": full_name }))).await?;
        let group = made.get("id").and_then(Value::as_str).context("no id")?;
        node.operate("PUT", &format!("{groups}/{group}/members/{}", person.id), None).await?;
    }
    Ok(())
}
