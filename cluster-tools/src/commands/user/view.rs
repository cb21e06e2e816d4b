//! A person, as a table.

use serde_json::{Value, json};

use crate::commands::labels::written;
use crate::table::{self, cell, list};

const FIELDS: [(&str, &str); 17] = [
    ("id", "id"),
    ("user name", "user_name"),
    ("name", "name"),
    ("status", "status"),
    ("ends", "end_time_ms"),
    ("authorities", "authorities"),
    ("service account", "service_account"),
    ("e-mail", "emails"),
    ("external id", "external_id"),
    ("affiliation", "affiliation"),
    ("attributes", "attributes"),
    ("labels", "labels"),
    ("certificates", "certificates"),
    ("SSH keys", "ssh_keys"),
    ("linked", "linked"),
    ("groups", "groups"),
    ("created", "created_ms"),
];

/// The person's name for people: as it was given whole, or its parts.
pub(super) fn name(user: &Value) -> String {
    let part = |pointer: &str| user.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let whole = [part("/display_name"), part("/name/formatted")].into_iter().find(|whole| !whole.is_empty());
    whole.map_or_else(|| format!("{} {}", part("/name/given"), part("/name/family")).trim().to_owned(), str::to_owned)
}

fn members(user: &Value, member: &str, name: &str) -> Vec<String> {
    list(user, member).iter().map(|object| cell(object, name)).collect()
}

fn linked(user: &Value) -> Vec<String> {
    let account = |one: &Value| ["kind", "issuer", "subject"].map(|name| cell(one, name)).join(" ");
    list(user, "linked").iter().map(account).collect()
}

/// One row of a list.
pub(super) fn row(user: &Value) -> Vec<String> {
    let first = members(user, "emails", "value").into_iter().next().unwrap_or_default();
    vec![
        cell(user, "id"),
        cell(user, "user_name"),
        cell(&json!({ "name": name(user) }), "name"),
        cell(user, "status"),
        first,
    ]
}

/// All of them, a line each.
pub(super) fn table(user: &Value) -> String {
    let mut shown = user.clone();
    let held = |name: &str| user.get(name).and_then(Value::as_bool).unwrap_or_default();
    let authorities: Vec<&str> = ["administrator", "reader"].into_iter().filter(|name| held(name)).collect();
    if let Some(fields) = shown.as_object_mut() {
        for (member, value) in [
            ("name", json!(name(user))),
            ("authorities", json!(authorities.join(" "))),
            ("service_account", if held("service_account") { json!(true) } else { Value::Null }),
            ("emails", json!(members(user, "emails", "value").join(" "))),
            ("attributes", json!(written(user, "attributes").join(" "))),
            ("labels", json!(written(user, "labels").join(" "))),
            ("certificates", json!(members(user, "certificates", "subject").join(" · "))),
            ("ssh_keys", json!(members(user, "ssh_keys", "fingerprint").join(" "))),
            ("linked", json!(linked(user).join(" · "))),
            ("groups", json!(members(user, "groups", "full_name").join(" "))),
        ] {
            fields.insert(member.to_owned(), value);
        }
    }
    table::fields(&shown, &FIELDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_shown_a_line_a_field() {
        let user = json!({
            "id": "1", "user_name": "alice", "status": "active", "administrator": true, "service_account": false,
            "name": {"given": "Alice", "family": "Doe"}, "emails": [{"value": "a@example.org"}],
            "labels": [{"prefix": "hr.cern", "name": "status", "value": "ok"}, {"prefix": "", "name": "x", "value": ""}],
            "linked": [{"kind": "oidc", "issuer": "https://idp", "subject": "1"}],
            "groups": [{"full_name": "a"}, {"full_name": "a/b"}],
        });
        let expected = "id           1\nuser name    alice\nname         Alice Doe\nstatus       active\n\
            authorities  administrator\ne-mail       a@example.org\nlabels       hr.cern/status=ok x\n\
            linked       oidc https://idp 1\ngroups       a a/b\n";
        assert_eq!(table(&user), expected);
    }
}
