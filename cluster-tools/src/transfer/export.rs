//! People and groups become records, in the order in which they can be made again.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::line::Kind;
use super::progress::Progress;
use crate::admin::{Admin, Call, Pages, segment};
use crate::failure::Failure;

/// What only the cluster sets.
const ITS_OWN: [&str; 8] = ["status", "created_ms", "modified_ms", "revision", "parent", "leaf", "optional", "groups"];

/// The one member whose absence does not mean that it is not set.
const UNVERIFIED: &str = "verified";

/// How many records were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exported {
    pub(crate) groups: usize,
    pub(crate) users: usize,
    pub(crate) memberships: usize,
    pub(crate) managers: usize,
}

/// Why an export broke off.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The node.
    Node(Failure),
    /// Where it is written to.
    Writing(io::Error),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Node(failure)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

/// And of an SSH key: it follows from the key.
const ITS_OWN_OF_KEYS: &str = "fingerprint";

/// Writes all groups, people and memberships of a realm. Each page is read linearizably, the whole is no snapshot: what
/// changes meanwhile may be there or not.
pub(crate) async fn export(
    admin: &Admin,
    realm: &str,
    out: &mut impl Write,
    progress: &Progress,
) -> Result<Exported, Broken> {
    let base = format!("/v1/realms/{}", segment(realm));
    let mut exported = Exported::default();

    progress.begin(Kind::Group.plural(), None);
    let mut groups = Pages::new(admin, format!("{base}/groups"), "groups").all().await?;
    groups.sort_by_cached_key(|group| text(group, "full_name").to_owned());
    for group in &groups {
        write(out, Kind::Group, group)?;
    }
    exported.groups = groups.len();
    progress.advance(groups.len() as u64);
    progress.end();

    progress.begin(Kind::User.plural(), None);
    let mut names = HashMap::new();
    let mut pages = Pages::new(admin, format!("{base}/users"), "users");
    while let Some(users) = pages.next().await? {
        for user in &users {
            write(out, Kind::User, user)?;
            names.insert(text(user, "id").to_owned(), text(user, "user_name").to_owned());
        }
        exported.users += users.len();
        progress.advance(users.len() as u64);
    }
    progress.end();

    progress.begin(Kind::Membership.plural(), None);
    for group in &groups {
        let (path, name) = (format!("{base}/groups/{}", segment(text(group, "id"))), text(group, "full_name"));
        let mut pages = Pages::new(admin, format!("{path}/members"), "members");
        while let Some(members) = pages.next().await? {
            for member in &members {
                exported.memberships += usize::from(pair(out, Kind::Membership, member, name, &names)?);
            }
            progress.advance(members.len() as u64);
        }
        let answer = admin.call(Call::get(format!("{path}/managers"))).await?;
        for manager in crate::table::list(&answer, "managers") {
            exported.managers += usize::from(pair(out, Kind::Manager, manager, name, &names)?);
        }
    }
    progress.end();
    out.flush()?;
    Ok(exported)
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn line(out: &mut impl Write, kind: Kind, fields: Map<String, Value>) -> io::Result<()> {
    let mut record = Map::new();
    record.insert("kind".to_owned(), kind.name().into());
    record.extend(fields);
    writeln!(out, "{}", Value::Object(record))
}

/// A record of what was set; what was not is left out.
fn write(out: &mut impl Write, kind: Kind, object: &Value) -> io::Result<()> {
    let mut fields = Map::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        if name == "active" {
            // People are made active.
            fields.extend((value == &Value::Bool(false)).then(|| (name.clone(), value.clone())));
        } else if !ITS_OWN.contains(&name.as_str()) {
            fields.extend(set(value).map(|value| (name.clone(), value)));
        }
    }
    for key in fields.get_mut("ssh_keys").and_then(Value::as_array_mut).into_iter().flatten() {
        key.as_object_mut().map(|key| key.shift_remove(ITS_OWN_OF_KEYS));
    }
    line(out, kind, fields)
}

/// What is set of a value; `None`: nothing.
fn set(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(Value::Bool(true)),
        Value::Number(number) => (number.as_u64() != Some(0)).then(|| value.clone()),
        Value::String(text) => (!text.is_empty()).then(|| value.clone()),
        Value::Array(values) => {
            let values: Vec<Value> = values.iter().filter_map(set).collect();
            (!values.is_empty()).then(|| values.into())
        }
        Value::Object(fields) => {
            // An address that is not verified says so: one that says nothing is.
            let told = |name: &str, value: &Value| if name == UNVERIFIED { Some(value.clone()) } else { set(value) };
            let set = fields.iter().filter_map(|(name, value)| Some((name.clone(), told(name, value)?)));
            let fields: Map<String, Value> = set.collect();
            (!fields.is_empty()).then(|| fields.into())
        }
    }
}

/// A membership or management; `false` when the person came after the people were read.
fn pair(
    out: &mut impl Write,
    kind: Kind,
    entry: &Value,
    group: &str,
    names: &HashMap<String, String>,
) -> io::Result<bool> {
    let Some(user) = names.get(text(entry, "user")) else { return Ok(false) };
    let mut fields = Map::new();
    fields.insert("user".to_owned(), json!(user));
    fields.insert("group".to_owned(), json!(group));
    for name in ["starts_ms", "ends_ms"] {
        if let Some(moment) = entry.get(name).filter(|moment| moment.as_u64().is_some_and(|moment| moment > 0)) {
            fields.insert(name.to_owned(), moment.clone());
        }
    }
    line(out, kind, fields)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_what_was_set_and_not_what_the_cluster_sets() {
        let user = json!({
            "id": "1", "user_name": "a", "status": "suspended", "active": false, "name": {"given": "A", "family": ""},
            "emails": [{"value": "a@x", "kind": "", "primary": true, "verified": false}], "labels": [], "created_ms": 5,
            "ssh_keys": [{"value": "ssh-ed25519 AAAA", "fingerprint": "f"}], "end_time_ms": 7, "reader": false,
            "groups": [{"id": "g"}], "revision": 9, "nick_name": ""
        });
        let mut out = Vec::new();
        write(&mut out, Kind::User, &user).unwrap();
        let expected = r#"{"kind":"user","id":"1","user_name":"a","active":false,"name":{"given":"A"},"emails":[{"value":"a@x","primary":true,"verified":false}],"ssh_keys":[{"value":"ssh-ed25519 AAAA"}],"end_time_ms":7}"#;
        assert_eq!(String::from_utf8(out).unwrap(), format!("{expected}\n"));
    }
}
