//! What tokens and userinfo tell of a person, by scope (OpenID Connect Core §5.4, INDIGO's additions).

use raft_store_core::{Abort, Read, Stored, Timestamp};
use serde_json::{Map, Value, json};

use super::groups::TokenGroup;
use super::profile::Profile;
use crate::group;
use crate::ids::{GroupId, UserId};
use crate::policy::Policies;
use crate::realm::Realms;
use crate::scope::ScopeList;
use crate::user::{self, Address, Name, User, Users};

/// Claims of access and ID tokens and of introspection that depend on what the person is now.
pub(super) const PERSONAL: [&str; 7] =
    ["name", "preferred_username", "organisation_name", "groups", "email", "attr", WLCG_GROUPS];
/// The claim of a WLCG token that names groups.
pub(super) const WLCG_GROUPS: &str = "wlcg.groups";

/// A person with their groups, at one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    id: UserId,
    row: User,
    organisation: String,
    group_ids: Vec<GroupId>,
    groups: Vec<TokenGroup>,
}

impl Person {
    /// Reads them; `None`: there is no such person, or they are being deleted.
    pub(super) fn load(read: &impl Read, realm: &Stored<Realms>, id: UserId) -> Result<Option<Self>, Abort> {
        user::get(read, &realm.key, id)?.map(|user| Self::of(read, realm, user)).transpose()
    }

    /// Somebody whose record was read already.
    pub(super) fn of(read: &impl Read, realm: &Stored<Realms>, user: Stored<Users>) -> Result<Self, Abort> {
        let id = user.key.1;
        let mut person = Self {
            id,
            row: user.row,
            organisation: realm.row.display_name.clone(),
            group_ids: Vec::new(),
            groups: Vec::new(),
        };
        for group in group::groups_of(read, &realm.key, id)? {
            person.group_ids.push(group.id);
            person.groups.push(TokenGroup { full_name: group.full_name, optional: group.optional });
        }
        Ok(person)
    }

    pub(super) const fn id(&self) -> UserId {
        self.id
    }

    pub(super) const fn row(&self) -> &User {
        &self.row
    }

    /// Their groups by full name.
    pub(super) fn groups(&self) -> &[TokenGroup] {
        &self.groups
    }

    pub(super) fn is_active(&self, now: Timestamp) -> bool {
        user::is_active(&self.row, now)
    }

    pub(super) fn policies(&self, read: &impl Read, realm: &Stored<Realms>) -> Result<Policies, Abort> {
        Policies::of(read, &realm.key, self.id, &self.group_ids)
    }

    /// The few claims that tokens and introspection carry, by scope and profile; without WLCG groups.
    pub(super) fn brief(&self, scopes: &ScopeList, profile: Profile) -> Map<String, Value> {
        let mut out = Map::new();
        if scopes.has("profile") {
            put(&mut out, "name", &self.name());
            put(&mut out, "preferred_username", &self.row.user_name);
            put(&mut out, "organisation_name", &self.organisation);
            if profile == Profile::Iam && !self.groups.is_empty() {
                out.insert("groups".into(), self.group_names());
            }
        }
        if scopes.has("email")
            && let Some(email) = self.row.primary_email()
        {
            put(&mut out, "email", &email.value);
        }
        self.attributes(&mut out, scopes);
        out
    }

    /// All that userinfo tells, by scope; without WLCG groups.
    pub(super) fn whole(&self, scopes: &ScopeList, profile: Profile) -> Map<String, Value> {
        let mut out = Map::new();
        let row = &self.row;
        if scopes.has("profile") {
            let parts = row.name.clone().unwrap_or_default();
            let picture = row.photos.iter().find(|photo| photo.primary).or_else(|| row.photos.first());
            put(&mut out, "name", &self.name());
            put(&mut out, "preferred_username", &row.user_name);
            put(&mut out, "given_name", &parts.given);
            put(&mut out, "family_name", &parts.family);
            put(&mut out, "middle_name", &parts.middle);
            put(&mut out, "nickname", &row.nick_name);
            put(&mut out, "profile", &row.profile_url);
            put(&mut out, "picture", picture.map_or("", |photo| &photo.value));
            put(&mut out, "zoneinfo", &row.timezone);
            put(&mut out, "locale", &row.locale);
            out.insert("updated_at".into(), Timestamp(row.modified_ms).seconds().into());
            put(&mut out, "organisation_name", &self.organisation);
            if profile == Profile::Iam && !self.groups.is_empty() {
                out.insert("groups".into(), self.group_names());
            }
        }
        if scopes.has("email")
            && let Some(email) = row.primary_email()
        {
            put(&mut out, "email", &email.value);
            out.insert("email_verified".into(), email.verified.into());
        }
        if scopes.has("phone")
            && let Some(phone) = row.phones.iter().find(|phone| phone.primary).or_else(|| row.phones.first())
        {
            put(&mut out, "phone_number", &phone.value);
            // Nobody has called it.
            out.insert("phone_number_verified".into(), false.into());
        }
        if scopes.has("address")
            && let Some(home) = row.addresses.iter().find(|home| home.primary).or_else(|| row.addresses.first())
        {
            out.insert("address".into(), address(home));
        }
        self.attributes(&mut out, scopes);
        if scopes.has("ssh-keys") && !row.ssh_keys.is_empty() {
            let keys: Vec<&str> = row.ssh_keys.iter().map(|key| key.value.as_str()).collect();
            out.insert("ssh_keys".into(), keys.into());
        }
        out
    }

    fn attributes(&self, out: &mut Map<String, Value>, scopes: &ScopeList) {
        if scopes.has("attr") && !self.row.attributes.is_empty() {
            let attributes = self.row.attributes.iter();
            let named: Map<String, Value> =
                attributes.map(|one| (one.name.clone(), one.value.clone().into())).collect();
            out.insert("attr".into(), named.into());
        }
    }

    fn group_names(&self) -> Value {
        self.groups.iter().map(|group| group.full_name.as_str()).collect()
    }

    fn name(&self) -> String {
        if !self.row.display_name.is_empty() {
            return self.row.display_name.clone();
        }
        self.row.name.as_ref().map_or_else(String::new, whole_name)
    }
}

fn whole_name(name: &Name) -> String {
    if !name.formatted.is_empty() {
        return name.formatted.clone();
    }
    let parts = [name.given.as_str(), name.family.as_str()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn address(of: &Address) -> Value {
    let mut out = Map::new();
    put(&mut out, "formatted", &of.formatted);
    put(&mut out, "street_address", &of.street);
    put(&mut out, "locality", &of.locality);
    put(&mut out, "region", &of.region);
    put(&mut out, "postal_code", &of.postal_code);
    put(&mut out, "country", &of.country);
    json!(out)
}

/// What is not known is not told: no claim is an empty string.
fn put(out: &mut Map<String, Value>, name: &str, value: &str) {
    if !value.is_empty() {
        out.insert(name.to_owned(), value.into());
    }
}
