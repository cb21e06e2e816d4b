//! People: who they are, whether they may act, how they are told apart.

mod parts;
mod record;

pub use parts::{
    Address, Attribute, Certificate, Email, Label, LinkedIdentity, Name, Phone, Photo, Provenance, SshKey,
};
pub use record::{
    Administrators, RealmAdministrators, Status, User, UserByEmail, UserByExternalId, UserByLinkedIdentity, UserByName,
    UserNotBefore, Users, UsersBeingDeleted, UsersWithEmail,
};
