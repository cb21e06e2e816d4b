//! Records as resources, with what an answer needs of them and nothing else read.

mod group;
mod needs;
mod user;

use std::cell::Cell;

use raft_store_core::{Abort, Read, Revision, View};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use woad_identity::group::GroupsOfUser;
use woad_identity::group::MembersOfGroup;
use woad_identity::{GroupId, RealmId, UserId};

use crate::etag::tag;
use crate::limits::MAX_MEMBERS;
use crate::schema::ResourceType;

pub(crate) use group::fields as group_fields;
pub(crate) use needs::Needs;
pub(crate) use user::fields as user_fields;

/// A group has more members than can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than 10000 members: find them as Users by groups.value")]
pub(crate) struct TooManyMembers;

/// A resource as it is shown, before the projection.
pub(crate) struct Shown {
    /// Its attributes.
    pub(crate) body: Map<String, Value>,
    /// When it, or its memberships, last changed.
    pub(crate) revision: Revision,
}

/// Shows resources of one realm at one state.
pub(crate) struct Renderer<'a> {
    view: &'a View<'a>,
    realm: &'a RealmId,
    base: &'a str,
    needs: Needs,
    /// Members that this answer may still show.
    budget: Cell<usize>,
}

impl<'a> Renderer<'a> {
    /// For one answer.
    pub(crate) const fn new(view: &'a View<'a>, realm: &'a RealmId, base: &'a str, needs: Needs) -> Self {
        Self { view, realm, base, needs, budget: Cell::new(MAX_MEMBERS) }
    }

    fn meta(&self, kind: &ResourceType, id: &str, created_ms: u64, modified_ms: u64, revision: Revision) -> Value {
        json!({
            "resourceType": kind.name,
            "created": moment(created_ms),
            "lastModified": moment(modified_ms),
            "location": self.location(kind, id),
            "version": tag(revision),
        })
    }

    fn location(&self, kind: &ResourceType, id: &str) -> String {
        location(self.base, kind, id)
    }
}

/// A resource's URI.
pub(crate) fn location(base: &str, kind: &ResourceType, id: &str) -> String {
    format!("{base}{}/{id}", kind.endpoint)
}

/// When a user's record or memberships last changed.
pub(crate) fn user_revision(read: &impl Read, realm: &RealmId, id: UserId, row: Revision) -> Result<Revision, Abort> {
    Ok(read.epoch::<GroupsOfUser>(&(realm.clone(), id))?.map_or(row, |epoch| epoch.max(row)))
}

/// When a group's record or members last changed.
pub(crate) fn group_revision(read: &impl Read, realm: &RealmId, id: GroupId, row: Revision) -> Result<Revision, Abort> {
    Ok(read.epoch::<MembersOfGroup>(&(realm.clone(), id))?.map_or(row, |epoch| epoch.max(row)))
}

/// Cluster time in RFC 3339's form.
fn moment(ms: u64) -> String {
    let nanos = i128::from(ms) * 1_000_000;
    // Cluster time is bounded; what lies beyond the year 9999 can't be written, and was never set.
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

/// Inserts text that is set.
fn put(out: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        out.insert(name.to_owned(), text.into());
    }
}

/// Inserts a list that is not empty.
fn put_all(out: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        out.insert(name.to_owned(), values.into());
    }
}
