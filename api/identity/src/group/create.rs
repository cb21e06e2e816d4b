//! Making a group.

use raft_store_core::{Outcome, Read, Revision, Stored, Tx};
use serde_json::json;

use super::lookup::{chain, joined};
use super::name::{GroupName, InvalidGroup, MAX_DEPTH, MAX_FULL_NAME, check_description, check_external_id};
use super::record::{Group, Groups, ROOT};
use super::remains::GroupRemains;
use crate::event::{self, Actor};
use crate::ids::{GroupId, RealmId};
use crate::user::{Label, check_labels};
use crate::{Decided, refuse};

/// A group to be.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its id, for ever.
    pub id: GroupId,
    /// Its leaf name.
    pub name: String,
    /// The group it is in.
    pub parent: Option<GroupId>,
    /// For people; may be empty.
    pub description: String,
    /// By prefix and name.
    pub labels: Vec<Label>,
    /// The provisioning client's own id of it; may be empty.
    pub external_id: String,
}

impl Default for NewGroup {
    /// Nothing is set; an id and a name are needed.
    fn default() -> Self {
        Self {
            id: ROOT,
            name: String::new(),
            parent: None,
            description: String::new(),
            labels: Vec::new(),
            external_id: String::new(),
        }
    }
}

/// Why no group was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateGroupError {
    /// A group has this id.
    #[error("the id is in use")]
    IdInUse,
    /// A sibling has this name.
    #[error("a group with this name exists there")]
    NameTaken,
    /// There is no such parent.
    #[error("no such parent group")]
    NoSuchParent,
    /// More than [`MAX_DEPTH`] groups in a chain.
    #[error("more than {MAX_DEPTH} groups in a chain")]
    TooDeep,
    /// The full name has more than [`MAX_FULL_NAME`] characters.
    #[error("the full name has more than {MAX_FULL_NAME} characters")]
    NameTooLong,
    /// A field is at fault.
    #[error(transparent)]
    Invalid(#[from] InvalidGroup),
}

/// Makes a group without members.
///
/// # Errors
/// Inner: see [`CreateGroupError`]; nothing is written then.
pub fn create(
    tx: &mut Tx<'_>,
    realm: &RealmId,
    new: &NewGroup,
    actor: &Actor,
) -> Decided<Stored<Groups>, CreateGroupError> {
    let name = match checked(new) {
        Ok(name) => name,
        Err(invalid) => return refuse(invalid.into()),
    };
    let at = (realm.clone(), new.id);
    // The root's id stands for "no parent" in keys.
    if new.id == ROOT || tx.get::<Groups>(&at)?.is_some() || tx.get::<GroupRemains>(&at)?.is_some() {
        return refuse(CreateGroupError::IdInUse);
    }
    if let Some(parent) = new.parent {
        let Some(above) = chain(tx, realm, parent)? else { return refuse(CreateGroupError::NoSuchParent) };
        if above.len() >= MAX_DEPTH {
            return refuse(CreateGroupError::TooDeep);
        }
        if joined(&above).chars().count() + 1 + name.as_str().chars().count() > MAX_FULL_NAME {
            return refuse(CreateGroupError::NameTooLong);
        }
    }
    let now = tx.now().0;
    let row = Group {
        name: name.as_str().to_owned(),
        parent: new.parent.map(|parent| parent.0.to_vec()).unwrap_or_default(),
        description: new.description.clone(),
        labels: new.labels.clone(),
        external_id: new.external_id.clone(),
        created_ms: now,
        modified_ms: now,
    };
    // Of the unique indexes there is only the name's.
    if tx.insert::<Groups>(at.clone(), row.clone())?.is_err() {
        return refuse(CreateGroupError::NameTaken);
    }
    let changes = json!({ "name": row.name, "parent": new.parent.map(|parent| parent.to_string()) });
    event::record(tx, realm, "group.create", &new.id.to_string(), changes, actor)?;
    Ok(Outcome::Commit(Ok(Stored { key: at, row, revision: Revision(0) })))
}

fn checked(new: &NewGroup) -> Result<GroupName, InvalidGroup> {
    check_description(&new.description)?;
    check_external_id(&new.external_id)?;
    check_labels(&new.labels).map_err(|invalid| InvalidGroup { field: invalid.field, why: invalid.why })?;
    GroupName::parse(&new.name)
}
