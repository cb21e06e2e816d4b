//! Records of both types, alike.

use std::collections::BTreeSet;

use raft_store_core::{Abort, Stored, View};
use woad_identity::group::{self, Groups};
use woad_identity::user::{self, Users};
use woad_identity::{GroupId, RealmId, UserId};

use crate::filter::Lookup;
use crate::limits::MAX_SCANNED;
use crate::render::{Renderer, Shown, TooManyMembers};
use crate::schema::{GROUPS, ResourceType};

/// A record.
pub(super) enum Record {
    User(Box<Stored<Users>>),
    Group(Stored<Groups>),
}

impl Record {
    /// Its id.
    pub(super) const fn id(&self) -> [u8; 16] {
        match self {
            Self::User(stored) => stored.key.1.0,
            Self::Group(stored) => stored.key.1.0,
        }
    }

    /// As it is shown.
    pub(super) fn show(&self, renderer: &Renderer<'_>) -> Result<Result<Shown, TooManyMembers>, Abort> {
        match self {
            Self::User(stored) => renderer.user(stored),
            Self::Group(stored) => renderer.group(stored),
        }
    }
}

/// The records of one type in one realm.
pub(super) struct Records<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) realm: &'a RealmId,
    pub(super) kind: &'static ResourceType,
}

impl Records<'_> {
    fn is_group(&self) -> bool {
        self.kind.name == GROUPS.name
    }

    /// One.
    pub(super) fn get(&self, id: [u8; 16]) -> Result<Option<Record>, Abort> {
        Ok(if self.is_group() {
            group::get(self.view, self.realm, GroupId(id))?.map(Record::Group)
        } else {
            user::get(self.view, self.realm, UserId(id))?.map(Box::new).map(Record::User)
        })
    }

    /// At most `limit` by id, after `after`.
    pub(super) fn after(&self, after: Option<[u8; 16]>, limit: usize) -> Result<Vec<Record>, Abort> {
        Ok(if self.is_group() {
            let page = group::list(self.view, self.realm, after.map(GroupId), limit)?;
            page.into_iter().map(Record::Group).collect()
        } else {
            let page = user::list(self.view, self.realm, after.map(UserId), limit)?;
            page.into_iter().map(Box::new).map(Record::User).collect()
        })
    }

    /// At most `limit` users in one group by id, after `after`.
    pub(super) fn in_group(&self, group: &str, after: Option<[u8; 16]>, limit: usize) -> Result<Vec<Record>, Abort> {
        let Ok(group) = GroupId::parse(group) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for member in group::members(self.view, self.realm, group, after.map(UserId), limit)? {
            out.extend(self.get(member.key.1.0)?);
        }
        Ok(out)
    }

    /// Those that indexes find, each once; more than [`MAX_SCANNED`] are not all there.
    pub(super) fn found(&self, lookups: &[Lookup]) -> Result<Vec<Record>, Abort> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for lookup in lookups {
            let found = if self.is_group() { self.groups(lookup)? } else { self.users(lookup)? };
            out.extend(found.into_iter().filter(|record| seen.insert(record.id())));
        }
        Ok(out)
    }

    fn users(&self, lookup: &Lookup) -> Result<Vec<Record>, Abort> {
        let (view, realm) = (self.view, self.realm);
        let found = match lookup {
            Lookup::Id(text) => match UserId::parse(text) {
                Ok(id) => user::get(view, realm, id)?.into_iter().collect(),
                Err(_) => Vec::new(),
            },
            Lookup::UserName(name) => user::by_name(view, realm, name)?.into_iter().collect(),
            Lookup::Email(email) => user::by_email(view, realm, email)?,
            Lookup::ExternalId(id) => user::by_external_id(view, realm, id)?,
            Lookup::InGroup(text) => match GroupId::parse(text) {
                Ok(id) => {
                    let members = group::members(view, realm, id, None, MAX_SCANNED + 1)?;
                    let mut users = Vec::with_capacity(members.len());
                    for member in members {
                        users.extend(user::get(view, realm, member.key.1)?);
                    }
                    users
                }
                Err(_) => Vec::new(),
            },
            Lookup::WithMember(_) => Vec::new(),
        };
        Ok(found.into_iter().map(Box::new).map(Record::User).collect())
    }

    fn groups(&self, lookup: &Lookup) -> Result<Vec<Record>, Abort> {
        let (view, realm) = (self.view, self.realm);
        let found = match lookup {
            Lookup::Id(text) => match GroupId::parse(text) {
                Ok(id) => group::get(view, realm, id)?.into_iter().collect(),
                Err(_) => Vec::new(),
            },
            Lookup::ExternalId(id) => group::by_external_id(view, realm, id)?,
            Lookup::WithMember(text) => match UserId::parse(text) {
                Ok(id) => {
                    let mut groups = Vec::new();
                    for membership in group::memberships_of(view, realm, id)? {
                        groups.extend(group::get(view, realm, membership.key.2)?);
                    }
                    groups
                }
                Err(_) => Vec::new(),
            },
            Lookup::UserName(_) | Lookup::Email(_) | Lookup::InGroup(_) => Vec::new(),
        };
        Ok(found.into_iter().map(Record::Group).collect())
    }
}
