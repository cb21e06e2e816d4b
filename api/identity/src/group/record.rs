//! What is stored of groups and of who is in them.

use raft_store_core::{Index, IndexId, Set, SetId, Table, TableId, Through, Timestamp, Unique};

use crate::ids::{GroupId, RealmId, UserId};
use crate::tables;
use crate::text::fold;
use crate::user::Label;

/// Stands for "no parent" in keys: no group has this id.
pub const ROOT: GroupId = GroupId([0; 16]);

/// A group: its leaf name and its parent. The full name is never stored.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Group {
    /// The leaf, NFC; unique among its siblings when folded.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The parent's id; empty: none.
    #[prost(bytes = "vec", tag = "2")]
    pub parent: Vec<u8>,
    /// For people.
    #[prost(string, tag = "3")]
    pub description: String,
    /// By prefix and name. `wlcg.optional-group` makes it optional.
    #[prost(message, repeated, tag = "4")]
    pub labels: Vec<Label>,
    /// The provisioning client's own id of it.
    #[prost(string, tag = "5")]
    pub external_id: String,
    /// Cluster time in ms.
    #[prost(uint64, tag = "6")]
    pub created_ms: u64,
    /// When a field last changed, cluster time in ms. Not its members: people join side by side.
    #[prost(uint64, tag = "7")]
    pub modified_ms: u64,
}

impl Group {
    /// The parent, if it has one.
    #[must_use]
    pub fn parent(&self) -> Option<GroupId> {
        <[u8; 16]>::try_from(self.parent.as_slice()).ok().map(GroupId)
    }

    /// Whether tokens carry it only when it is asked for by name.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.labels.iter().any(|label| label.prefix.is_empty() && label.name == "wlcg.optional-group")
    }
}

/// Groups by realm and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups;

impl Table for Groups {
    type Key = (RealmId, GroupId);
    type Row = Group;
    type Indexes = (GroupByName, GroupByExternalId);
    type Sets = (Subgroups,);
    const ID: TableId = tables::GROUPS;
    const NAME: &'static str = "groups";
}

/// A group by its parent ([`ROOT`]: none) and folded leaf name.
#[derive(Clone, Copy, Debug)]
pub struct GroupByName;

impl Index for GroupByName {
    type Of = Groups;
    type Key = (RealmId, GroupId, String);
    const ID: IndexId = tables::GROUP_BY_NAME;
    const NAME: &'static str = "group name";
    const UNIQUE: bool = true;
    fn keys((realm, _): &(RealmId, GroupId), row: &Group) -> Vec<(RealmId, GroupId, String)> {
        vec![(realm.clone(), row.parent().unwrap_or(ROOT), fold::group_name(&row.name))]
    }
}

impl Unique for GroupByName {}

/// Groups by the provisioning client's id.
#[derive(Clone, Copy, Debug)]
pub struct GroupByExternalId;

impl Index for GroupByExternalId {
    type Of = Groups;
    type Key = (RealmId, String);
    const ID: IndexId = tables::GROUP_BY_EXTERNAL_ID;
    const NAME: &'static str = "externalId";
    const UNIQUE: bool = false;
    fn keys((realm, _): &(RealmId, GroupId), row: &Group) -> Vec<(RealmId, String)> {
        if row.external_id.is_empty() { Vec::new() } else { vec![(realm.clone(), row.external_id.clone())] }
    }
}

/// The direct subgroups of a group ([`ROOT`]: the groups without parent), by name.
#[derive(Clone, Copy, Debug)]
pub struct Subgroups;

impl Set for Subgroups {
    type Of = Groups;
    type Prefix = (RealmId, GroupId);
    const ID: SetId = tables::SUBGROUPS;
    const THROUGH: Through = Through::Index(tables::GROUP_BY_NAME);
    fn prefixes((realm, _): &(RealmId, GroupId), row: &Group) -> Vec<(RealmId, GroupId)> {
        vec![(realm.clone(), row.parent().unwrap_or(ROOT))]
    }
}

/// That somebody is in a group. Counts only while they are in every group above it as well.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Membership {
    /// When it was made, cluster time in ms.
    #[prost(uint64, tag = "1")]
    pub created_ms: u64,
    /// From when it counts, cluster time in ms; zero: from its making.
    #[prost(uint64, tag = "2")]
    pub starts_ms: u64,
    /// When it ends, cluster time in ms; zero: never.
    #[prost(uint64, tag = "3")]
    pub ends_ms: u64,
    /// A [`crate::user::Provenance`].
    #[prost(int32, tag = "4")]
    pub provenance: i32,
}

/// Memberships by realm, user and group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memberships;

impl Table for Memberships {
    type Key = (RealmId, UserId, GroupId);
    type Row = Membership;
    type Indexes = (MembersByGroup,);
    type Sets = (GroupsOfUser, MembersOfGroup);
    const ID: TableId = tables::MEMBERSHIPS;
    const NAME: &'static str = "memberships";
    fn expires(row: &Membership) -> Option<Timestamp> {
        (row.ends_ms != 0).then_some(Timestamp(row.ends_ms))
    }
}

/// Memberships by group.
#[derive(Clone, Copy, Debug)]
pub struct MembersByGroup;

impl Index for MembersByGroup {
    type Of = Memberships;
    type Key = (RealmId, GroupId, UserId);
    const ID: IndexId = tables::MEMBERS_BY_GROUP;
    const NAME: &'static str = "members";
    const UNIQUE: bool = false;
    fn keys((realm, user, group): &(RealmId, UserId, GroupId), _: &Membership) -> Vec<(RealmId, GroupId, UserId)> {
        vec![(realm.clone(), *group, *user)]
    }
}

/// Every membership of somebody.
#[derive(Clone, Copy, Debug)]
pub struct GroupsOfUser;

impl Set for GroupsOfUser {
    type Of = Memberships;
    type Prefix = (RealmId, UserId);
    const ID: SetId = tables::GROUPS_OF_USER;
    const THROUGH: Through = Through::Primary;
    fn prefixes((realm, user, _): &(RealmId, UserId, GroupId), _: &Membership) -> Vec<(RealmId, UserId)> {
        vec![(realm.clone(), *user)]
    }
}

/// Every membership in a group.
#[derive(Clone, Copy, Debug)]
pub struct MembersOfGroup;

impl Set for MembersOfGroup {
    type Of = Memberships;
    type Prefix = (RealmId, GroupId);
    const ID: SetId = tables::MEMBERS_OF_GROUP;
    const THROUGH: Through = Through::Index(tables::MEMBERS_BY_GROUP);
    fn prefixes((realm, _, group): &(RealmId, UserId, GroupId), _: &Membership) -> Vec<(RealmId, GroupId)> {
        vec![(realm.clone(), *group)]
    }
}

/// That somebody manages a group.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Management {
    /// Since when, cluster time in ms.
    #[prost(uint64, tag = "1")]
    pub created_ms: u64,
}

/// Managers by realm, group and user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupManagers;

impl Table for GroupManagers {
    type Key = (RealmId, GroupId, UserId);
    type Row = Management;
    type Indexes = (ManagedByUser,);
    type Sets = (ManagersOfGroup, GroupsManagedBy);
    const ID: TableId = tables::GROUP_MANAGERS;
    const NAME: &'static str = "group managers";
}

/// Managed groups by user.
#[derive(Clone, Copy, Debug)]
pub struct ManagedByUser;

impl Index for ManagedByUser {
    type Of = GroupManagers;
    type Key = (RealmId, UserId, GroupId);
    const ID: IndexId = tables::MANAGED_BY_USER;
    const NAME: &'static str = "managed groups";
    const UNIQUE: bool = false;
    fn keys((realm, group, user): &(RealmId, GroupId, UserId), _: &Management) -> Vec<(RealmId, UserId, GroupId)> {
        vec![(realm.clone(), *user, *group)]
    }
}

/// Who manages a group.
#[derive(Clone, Copy, Debug)]
pub struct ManagersOfGroup;

impl Set for ManagersOfGroup {
    type Of = GroupManagers;
    type Prefix = (RealmId, GroupId);
    const ID: SetId = tables::MANAGERS_OF_GROUP;
    const THROUGH: Through = Through::Primary;
    fn prefixes((realm, group, _): &(RealmId, GroupId, UserId), _: &Management) -> Vec<(RealmId, GroupId)> {
        vec![(realm.clone(), *group)]
    }
}

/// What somebody manages.
#[derive(Clone, Copy, Debug)]
pub struct GroupsManagedBy;

impl Set for GroupsManagedBy {
    type Of = GroupManagers;
    type Prefix = (RealmId, UserId);
    const ID: SetId = tables::GROUPS_MANAGED_BY;
    const THROUGH: Through = Through::Index(tables::MANAGED_BY_USER);
    fn prefixes((realm, _, user): &(RealmId, GroupId, UserId), _: &Management) -> Vec<(RealmId, UserId)> {
        vec![(realm.clone(), *user)]
    }
}
