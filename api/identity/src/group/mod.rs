//! Groups: a tree of names, and who is in them.

mod record;

pub use record::{
    Group, GroupByExternalId, GroupByName, GroupManagers, Groups, GroupsManagedBy, GroupsOfUser, ManagedByUser,
    Management, ManagersOfGroup, MembersByGroup, MembersOfGroup, Membership, Memberships, ROOT, Subgroups,
};
