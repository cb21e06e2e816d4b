//! Groups: a tree of names, and who is in them.
//!
//! Who is in a group is in every group above it. Writing functions answer the record as it is then. Its revision is
//! zero when this transaction wrote it: it is then the commit's.

mod create;
mod delete;
mod lookup;
mod manager;
mod member;
mod name;
mod purge;
mod record;
mod remains;
mod set_parent;
mod update;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tree_test;

pub use create::{CreateGroupError, NewGroup, create};
pub use delete::{DeleteGroupError, delete};
pub use lookup::{
    GroupOf, by_external_id, by_full_name, full_name, get, groups_of, list, members, memberships_of, subgroups,
};
pub use manager::{MAX_MANAGERS, ManagerError, add_manager, managed_by, managers, manages, remove_manager};
pub use member::{MAX_MEMBERSHIPS, MemberError, Span, add_member, remove_member};
pub use name::{GroupName, InvalidGroup, MAX_DEPTH, MAX_FULL_NAME, MAX_LEAF};
pub(crate) use purge::{purge_managements, purge_memberships};
pub use record::{
    Group, GroupByExternalId, GroupByName, GroupManagers, Groups, GroupsManagedBy, GroupsOfUser, ManagedByUser,
    Management, ManagersOfGroup, MembersByGroup, MembersOfGroup, Membership, Memberships, ROOT, Subgroups,
};
pub use remains::{GroupRemains, Remains, being_removed, delete_with_members, remove_step};
pub use set_parent::{MAX_MOVED_MEMBERS, MAX_MOVED_MEMBERSHIPS, MoveGroupError, set_parent};
pub use update::{GroupPatch, UpdateGroupError, update};
