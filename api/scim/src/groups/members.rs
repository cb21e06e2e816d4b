//! Changes of a group's members. A group may have more of them than a request can hold, so that they are changed one
//! by one, and read only where an operation is about all of them.

use std::collections::BTreeSet;

use raft_store_core::{Abort, Outcome, Read, Tx};
use serde_json::{Map, Value, json};
use woad_identity::group::{self, MemberError, MembersOfGroup, Memberships};
use woad_identity::user::Provenance;
use woad_identity::{GroupId, UserId, user};

use super::refused::Refused;
use crate::call::Call;
use crate::filter::{Filter, Lookup, lookups};
use crate::input;
use crate::limits::MAX_MEMBER_CHANGES;
use crate::patch::{Change, Operation, PatchError, Target};
use crate::render::location;
use crate::schema::{GROUPS, USERS};

/// One change.
#[derive(Clone, Debug)]
pub(super) enum MemberChange {
    /// These join.
    Join(Vec<UserId>),
    /// These leave, if they are in.
    Leave(Vec<UserId>),
    /// Those that the filter holds of leave; there must be one.
    LeaveWhere(Filter),
    /// These alone are in. Those that are in already count for nothing.
    Become(BTreeSet<UserId>),
}

/// The users that values name.
pub(super) fn ids(values: &[Value]) -> Result<BTreeSet<UserId>, Refused> {
    let mut out = BTreeSet::new();
    for value in values {
        if value.get("type").and_then(Value::as_str).is_some_and(|kind| !kind.eq_ignore_ascii_case(USERS.name)) {
            return Err(Refused::NoUser);
        }
        let id = value.get("value").and_then(Value::as_str).unwrap_or_default();
        out.insert(UserId::parse(id).map_err(|_| Refused::NoId("members"))?);
    }
    Ok(out)
}

/// The same, where each may be a change.
pub(super) fn few_ids(values: &[Value]) -> Result<Vec<UserId>, Refused> {
    let ids = ids(values)?;
    if ids.len() > MAX_MEMBER_CHANGES { Err(Refused::TooManyMembers) } else { Ok(ids.into_iter().collect()) }
}

impl MemberChange {
    /// From an operation on `members`.
    pub(super) fn of(operation: Operation) -> Result<Self, Refused> {
        let Operation { change, target: Target { place, filter, sub }, value } = operation;
        if sub.is_some() {
            // Of a membership nothing can be changed.
            return Err(PatchError::Mutability(place.attribute.name).into());
        }
        let named = |value: Value| input::values(place.attribute, value).map_err(PatchError::from);
        match (change, filter) {
            (Change::Add, None) => Ok(Self::Join(few_ids(&named(value)?)?)),
            (Change::Replace, None) => Ok(Self::Become(ids(&named(value)?)?)),
            (Change::Remove, None) if value.is_null() => Ok(Self::Become(BTreeSet::new())),
            // As some clients send it.
            (Change::Remove, None) => Ok(Self::Leave(few_ids(&named(value)?)?)),
            (Change::Remove, Some(filter)) => Ok(Self::LeaveWhere(filter)),
            (Change::Add | Change::Replace, Some(_)) => Err(PatchError::Mutability(place.attribute.name).into()),
        }
    }
}

/// Changes members in a transaction.
pub(super) struct Members<'c> {
    call: &'c Call,
    group: GroupId,
    changed: usize,
}

impl<'c> Members<'c> {
    pub(super) const fn new(call: &'c Call, group: GroupId) -> Self {
        Self { call, group, changed: 0 }
    }

    /// Whether anything was written.
    pub(super) const fn have_changed(&self) -> bool {
        self.changed > 0
    }

    /// Makes one change.
    pub(super) fn apply(&mut self, tx: &mut Tx<'_>, change: &MemberChange) -> Result<Result<(), Refused>, Abort> {
        match change {
            MemberChange::Join(users) => self.join(tx, users),
            MemberChange::Leave(users) => self.leave(tx, users),
            MemberChange::LeaveWhere(filter) => {
                let users = self.chosen(tx, filter)?;
                if users.is_empty() {
                    return Ok(Err(PatchError::NoTarget.into()));
                }
                self.leave(tx, &users)
            }
            MemberChange::Become(users) => {
                let old: BTreeSet<UserId> = self.all(tx)?.into_iter().collect();
                let gone: Vec<UserId> = old.difference(users).copied().collect();
                let new: Vec<UserId> = users.difference(&old).copied().collect();
                if gone.len() + new.len() > MAX_MEMBER_CHANGES {
                    return Ok(Err(Refused::TooManyMembers));
                }
                match self.leave(tx, &gone)? {
                    Ok(()) => self.join(tx, &new),
                    Err(refused) => Ok(Err(refused)),
                }
            }
        }
    }

    fn all(&self, tx: &Tx<'_>) -> Result<Vec<UserId>, Abort> {
        let members = tx.all::<MembersOfGroup>(&(self.call.realm.clone(), self.group))?;
        Ok(members.into_iter().map(|member| member.key.1).collect())
    }

    fn is_member(&self, tx: &Tx<'_>, user: UserId) -> Result<bool, Abort> {
        let at = (self.call.realm.clone(), user, self.group);
        Ok(tx.get::<Memberships>(&at)?.is_some() && user::get(tx, &self.call.realm, user)?.is_some())
    }

    /// The members that a filter holds of. One by id is found without reading all.
    fn chosen(&self, tx: &Tx<'_>, filter: &Filter) -> Result<Vec<UserId>, Abort> {
        let mut out = Vec::new();
        let named = by_id(filter);
        let candidates = match &named {
            Some(ids) => ids.iter().filter_map(|id| UserId::parse(id).ok()).collect(),
            None => self.all(tx)?,
        };
        for user in candidates {
            if filter.matches(&self.shown(user)) && (named.is_none() || self.is_member(tx, user)?) {
                out.push(user);
            }
        }
        Ok(out)
    }

    fn shown(&self, user: UserId) -> Map<String, Value> {
        let id = user.to_string();
        let at = location(&self.call.base, &USERS, &id);
        match json!({ "value": id, "$ref": at, "type": USERS.name }) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn count(&mut self) -> Result<(), Refused> {
        self.changed += 1;
        if self.changed > MAX_MEMBER_CHANGES { Err(Refused::TooManyMembers) } else { Ok(()) }
    }

    fn join(&mut self, tx: &mut Tx<'_>, users: &[UserId]) -> Result<Result<(), Refused>, Abort> {
        for user in users {
            let provenance = Provenance::Provisioning;
            let joined =
                group::add_member(tx, &self.call.realm, *user, self.group, None, provenance, &self.call.actor)?;
            let counted = match joined {
                Outcome::Commit(Ok(_)) => self.count(),
                Outcome::Answer(Ok(_)) => Ok(()),
                Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => Err(error.into()),
            };
            if let Err(refused) = counted {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(()))
    }

    fn leave(&mut self, tx: &mut Tx<'_>, users: &[UserId]) -> Result<Result<(), Refused>, Abort> {
        for user in users {
            let left = match group::remove_member(tx, &self.call.realm, *user, self.group, &self.call.actor)? {
                Outcome::Commit(Ok(())) => self.count(),
                // Not a member, or one that is being deleted.
                Outcome::Answer(Ok(()) | Err(MemberError::NoSuchUser)) => Ok(()),
                Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => Err(error.into()),
            };
            if let Err(refused) = left {
                return Ok(Err(refused));
            }
        }
        Ok(Ok(()))
    }
}

/// The ids of which one must be the member's.
fn by_id(filter: &Filter) -> Option<Vec<String>> {
    let members = GROUPS.attribute("members")?;
    let place = crate::path::Place { extension: None, attribute: members };
    let found = lookups(&Filter::Within(place, Box::new(filter.clone())))?;
    let id = |lookup| match lookup {
        Lookup::WithMember(id) => Some(id),
        _ => None,
    };
    found.into_iter().map(id).collect()
}
