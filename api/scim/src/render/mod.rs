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
use crate::limits::{MAX_MEMBERS, MAX_MEMBERSHIPS_SCANNED};
use crate::path::Place;
use crate::schema::ResourceType;

pub(crate) use group::fields as group_fields;
pub(crate) use needs::Needs;
pub(crate) use user::fields as user_fields;

/// A resource has more members or groups than can be shown, or looked at, in one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooManyMembers {
    /// This one alone.
    #[error("more than 10000 members: find them as Users by groups.value with a cursor")]
    OfOne,
    /// This one and those before it.
    #[error("too many memberships to look at: filter or order by something else, or by one group or member")]
    OfAll,
}

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
    /// The top-level attributes and extensions to show; `None`: all. Those that cost little are shown anyway.
    only: Option<Vec<&'static str>>,
    /// Members, and groups of users, that this answer may still look at.
    budget: Cell<usize>,
}

impl<'a> Renderer<'a> {
    /// For one answer.
    pub(crate) const fn new(view: &'a View<'a>, realm: &'a RealmId, base: &'a str, needs: Needs) -> Self {
        Self { view, realm, base, needs, only: None, budget: Cell::new(usize::MAX) }
    }

    /// For a page of a list.
    pub(crate) fn of_page(view: &'a View<'a>, realm: &'a RealmId, base: &'a str, needs: Needs) -> Self {
        Self { budget: Cell::new(MAX_MEMBERS), ..Self::new(view, realm, base, needs) }
    }

    /// To look at these attributes of many resources.
    pub(crate) fn of_places(view: &'a View<'a>, realm: &'a RealmId, base: &'a str, places: &[Place]) -> Self {
        let name = |place: &Place| place.extension.unwrap_or(place.attribute.name);
        let only = Some(places.iter().map(name).collect());
        let budget = Cell::new(MAX_MEMBERSHIPS_SCANNED);
        Self { only, budget, ..Self::new(view, realm, base, Needs::of_places(places)) }
    }

    /// The same where no other members are asked for.
    pub(crate) fn with_members(self, users: Vec<UserId>) -> Self {
        Self { needs: self.needs.with_members(users), ..self }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&name))
    }

    /// Counts what was looked at.
    fn spend(&self, count: usize) -> Result<(), TooManyMembers> {
        match self.budget.get().checked_sub(count) {
            Some(rest) => {
                self.budget.set(rest);
                Ok(())
            }
            None => Err(TooManyMembers::OfAll),
        }
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

/// Inserts an object that is not empty.
fn put_fields(out: &mut Map<String, Value>, name: &str, fields: Map<String, Value>) {
    if !fields.is_empty() {
        out.insert(name.to_owned(), fields.into());
    }
}
