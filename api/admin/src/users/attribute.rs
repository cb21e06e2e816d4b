//! `PUT …/users/{user}/attributes/{name}`, `PUT …/labels/{label}`, and `DELETE` of both: one of them, where an update
//! replaces them all. A label is named as `[prefix/]name`. Taking away what is not there is no error.

use serde::Deserialize;
use woad_identity::user::{self, Attribute, Label, Provenance};

use super::change_and_show;
use super::update::problem;
use crate::Admin;
use crate::call::{Answer, ClusterCall};
use crate::outcome::refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    value: String,
}

/// The label's prefix, empty if it has none, and its name.
fn label(call: &ClusterCall) -> (&str, &str) {
    let text = call.parameter(2);
    text.rsplit_once('/').unwrap_or(("", text))
}

pub(crate) async fn set(_: Admin, call: ClusterCall) -> Answer {
    let Wanted { value } = call.json()?;
    let attribute = Attribute { name: call.parameter(2).to_owned(), value, ..Attribute::default() };
    let changed = change_and_show(&call, |tx, realm, id| {
        let set = user::set_attribute(tx, realm, id, &attribute, Provenance::Administrator, &call.actor)?;
        Ok(refused(set, problem))
    });
    changed.await
}

pub(crate) async fn remove(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::remove_attribute(tx, realm, id, call.parameter(2), &call.actor)?, problem))
    });
    changed.await
}

pub(crate) async fn set_label(_: Admin, call: ClusterCall) -> Answer {
    let Wanted { value } = call.json()?;
    let (prefix, name) = label(&call);
    let label = Label { prefix: prefix.to_owned(), name: name.to_owned(), value };
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::set_label(tx, realm, id, &label, &call.actor)?, problem))
    });
    changed.await
}

pub(crate) async fn remove_label(_: Admin, call: ClusterCall) -> Answer {
    call.without_body()?;
    let (prefix, name) = label(&call);
    let changed = change_and_show(&call, |tx, realm, id| {
        Ok(refused(user::remove_label(tx, realm, id, prefix, name, &call.actor)?, problem))
    });
    changed.await
}
