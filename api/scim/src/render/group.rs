//! A group's record.

use raft_store_core::{Abort, Read, Stored};
use serde_json::{Map, Value, json};
use woad_identity::group::{self, Group, Groups, Memberships};
use woad_identity::user::{self, Label};
use woad_identity::{GroupId, UserId};

use super::needs::Members;
use super::{Renderer, Shown, TooManyMembers, group_revision, put, put_all};
use crate::schema::{GROUPS, USERS};

impl Renderer<'_> {
    /// A group, before the projection.
    ///
    /// # Errors
    /// Inner: its members were asked for, and are too many. Outer: when storage fails.
    pub(crate) fn group(&self, stored: &Stored<Groups>) -> Result<Result<Shown, TooManyMembers>, Abort> {
        let (row, id) = (&stored.row, stored.key.1);
        let mut revision = stored.revision;
        let mut fields = fields(row);
        let mut extension = match fields.remove(GROUPS.extension.id) {
            Some(Value::Object(extension)) => extension,
            _ => Map::new(),
        };
        if let (Some(parent), Some(Value::Object(fields))) = (row.parent(), extension.get_mut("parentGroup")) {
            fields.insert("$ref".into(), self.location(&GROUPS, &parent.to_string()).into());
            if let (true, Some(name)) = (self.needs.full_names, group::full_name(self.view, self.realm, parent)?) {
                fields.insert("display".into(), name.into());
            }
        }
        if let (true, Some(name)) = (self.needs.full_names, group::full_name(self.view, self.realm, id)?) {
            extension.insert("fullName".into(), name.into());
        }
        let mut body = Map::new();
        body.insert("schemas".into(), vec![GROUPS.core.id, GROUPS.extension.id].into());
        body.insert("id".into(), id.to_string().into());
        body.append(&mut fields);
        match self.members(id)? {
            Ok(members) => put_all(&mut body, "members", members),
            Err(too_many) => return Ok(Err(too_many)),
        }
        if !extension.is_empty() {
            body.insert(GROUPS.extension.id.into(), extension.into());
        }
        if self.wants("meta") {
            revision = group_revision(self.view, self.realm, id, stored.revision)?;
            let meta = self.meta(&GROUPS, &id.to_string(), row.created_ms, row.modified_ms, revision);
            body.insert("meta".into(), meta);
        }
        Ok(Ok(Shown { body, revision }))
    }

    fn members(&self, id: GroupId) -> Result<Result<Vec<Value>, TooManyMembers>, Abort> {
        let users = match &self.needs.members {
            Members::No => return Ok(Ok(Vec::new())),
            Members::These(users) => {
                let mut found = Vec::new();
                for user in users {
                    let at = (self.realm.clone(), *user, id);
                    let there = self.view.get::<Memberships>(&at)?.is_some();
                    if there && user::get(self.view, self.realm, *user)?.is_some() {
                        found.push(*user);
                    }
                }
                found
            }
            Members::IfFew | Members::All => {
                let limit = self.needs.members.limit();
                let members = group::members(self.view, self.realm, id, None, limit + 1)?;
                if members.len() > limit {
                    let few = self.needs.members == Members::IfFew;
                    return Ok(if few { Ok(Vec::new()) } else { Err(TooManyMembers::OfOne) });
                }
                members.iter().map(|member| member.key.1).collect()
            }
        };
        if let Err(too_many) = self.spend(users.len()) {
            return Ok(Err(too_many));
        }
        Ok(Ok(users.into_iter().map(|user| self.member(user)).collect::<Result<Vec<_>, Abort>>()?))
    }

    fn member(&self, id: UserId) -> Result<Value, Abort> {
        let text = id.to_string();
        let mut member = json!({ "value": text, "$ref": self.location(&USERS, &text), "type": USERS.name });
        if let (true, Some(user)) = (self.needs.member_names, user::get(self.view, self.realm, id)?) {
            let row = user.row;
            let name = if row.display_name.is_empty() { row.user_name } else { row.display_name };
            if let Some(fields) = member.as_object_mut() {
                fields.insert("display".into(), name.into());
            }
        }
        Ok(member)
    }
}

/// What stands in the record itself.
pub(crate) fn fields(row: &Group) -> Map<String, Value> {
    let mut out = Map::new();
    put(&mut out, "externalId", &row.external_id);
    put(&mut out, "displayName", &row.name);
    let mut extension = Map::new();
    put(&mut extension, "description", &row.description);
    if let Some(parent) = row.parent() {
        extension.insert("parentGroup".into(), json!({ "value": parent.to_string() }));
    }
    put_all(&mut extension, "labels", row.labels.iter().map(label).collect());
    if !extension.is_empty() {
        out.insert(GROUPS.extension.id.into(), extension.into());
    }
    out
}

/// A label of a user or a group.
pub(super) fn label(label: &Label) -> Value {
    let mut out = Map::new();
    put(&mut out, "prefix", &label.prefix);
    put(&mut out, "name", &label.name);
    put(&mut out, "value", &label.value);
    out.into()
}
