//! Changing a group. A rename is one write: the groups below keep the parent's id.

use raft_store_core::{Abort, Outcome, Read, Revision, Stored, Tx};
use serde_json::{Map, Value, json};

use super::lookup::{chain, get, joined};
use super::name::{GroupName, InvalidGroup, MAX_FULL_NAME, check_description, check_external_id};
use super::record::{Group, Groups, Subgroups};
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId};
use crate::user::{Label, check_labels};
use crate::{Decided, refuse};

/// Groups below one that a longer name is tried on: each is a guard of the 512 that a transaction may hold.
const MAX_TRIED: usize = 200;

/// The fields to set; those that are `None` stay. An empty text or list unsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupPatch {
    /// The leaf name.
    pub name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// By prefix and name; replaced whole.
    pub labels: Option<Vec<Label>>,
    /// The provisioning client's own id of it.
    pub external_id: Option<String>,
}

/// Why a group was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateGroupError {
    /// There is no such group.
    #[error("no such group")]
    NotFound,
    /// Somebody changed it since the revision named.
    #[error("the group was changed meanwhile")]
    Changed,
    /// A sibling has this name.
    #[error("a group with this name exists there")]
    NameTaken,
    /// Its full name, or that of a group below, would have more than [`MAX_FULL_NAME`] characters.
    #[error("a full name would have more than {MAX_FULL_NAME} characters")]
    NameTooLong,
    /// There are more than can be looked at in one transaction.
    #[error("a group with more than {MAX_TRIED} groups below it cannot be given a longer name")]
    TooManyBelow,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidGroup),
}

/// Sets fields.
///
/// # Errors
/// Inner: see [`UpdateGroupError`]; nothing is written then.
pub fn update(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    id: GroupId,
    patch: &GroupPatch,
    if_revision: Option<Revision>,
    actor: &Actor,
) -> Decided<Stored<Groups>, UpdateGroupError> {
    let Some(stored) = get(tx, realm, id)? else { return refuse(UpdateGroupError::NotFound) };
    if if_revision.is_some_and(|revision| revision != stored.revision) {
        return refuse(UpdateGroupError::Changed);
    }
    let mut row = stored.row.clone();
    if let Err(invalid) = patch.apply(&mut row) {
        return refuse(invalid.into());
    }
    if row == stored.row {
        return Ok(Outcome::Answer(Ok(stored)));
    }
    let characters = |row: &Group| row.name.chars().count();
    if characters(&row) > characters(&stored.row) {
        let longer_by = characters(&row) - characters(&stored.row);
        if let Err(error) = fits(tx, realm, id, longer_by)? {
            return refuse(error);
        }
    }
    let changes = difference(&stored.row, &row);
    row.modified_ms = tx.now().0;
    if tx.put::<Groups>(stored.key.clone(), row.clone())?.is_err() {
        return refuse(UpdateGroupError::NameTaken);
    }
    event::record(tx, realm, "group.update", &id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(Stored { key: stored.key, row, revision: Revision(0) })))
}

impl GroupPatch {
    fn apply(&self, row: &mut Group) -> Result<(), InvalidGroup> {
        if let Some(name) = &self.name {
            GroupName::parse(name)?.as_str().clone_into(&mut row.name);
        }
        if let Some(description) = &self.description {
            check_description(description)?;
            row.description.clone_from(description);
        }
        if let Some(labels) = &self.labels {
            check_labels(labels).map_err(|invalid| InvalidGroup { field: invalid.field, why: invalid.why })?;
            row.labels.clone_from(labels);
        }
        if let Some(external_id) = &self.external_id {
            check_external_id(external_id)?;
            row.external_id.clone_from(external_id);
        }
        Ok(())
    }
}

/// Whether every full name in the subtree may grow by so many characters.
fn fits(tx: &Tx<'_>, realm: &RealmId, id: GroupId, longer_by: usize) -> Result<Result<(), UpdateGroupError>, Abort> {
    let Some(chain) = chain(tx, realm, id)? else { return Ok(Err(UpdateGroupError::NotFound)) };
    let mut rest = vec![(id, joined(&chain).chars().count() + longer_by)];
    let mut tried = 0;
    while let Some((id, length)) = rest.pop() {
        if length > MAX_FULL_NAME {
            return Ok(Err(UpdateGroupError::NameTooLong));
        }
        for below in tx.all::<Subgroups>(&(realm.clone(), id))? {
            tried += 1;
            if tried > MAX_TRIED {
                return Ok(Err(UpdateGroupError::TooManyBelow));
            }
            rest.push((below.key.1, length + 1 + below.row.name.chars().count()));
        }
    }
    Ok(Ok(()))
}

fn difference(old: &Group, new: &Group) -> Value {
    let mut changes = Map::new();
    if old.name != new.name {
        changes.insert("name".to_owned(), json!(new.name));
    }
    if old.description != new.description {
        changes.insert("description".to_owned(), json!(new.description));
    }
    if old.external_id != new.external_id {
        changes.insert("externalId".to_owned(), json!(new.external_id));
    }
    if old.labels != new.labels {
        let label = |label: &Label| json!({ "prefix": label.prefix, "name": label.name, "value": label.value });
        changes.insert("labels".to_owned(), new.labels.iter().map(label).collect());
    }
    Value::Object(changes)
}
