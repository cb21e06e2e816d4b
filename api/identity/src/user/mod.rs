//! People: who they are, whether they may act, how they are told apart.
//!
//! Writing functions answer the record as it is then. Its revision is zero when this transaction wrote it: it is then
//! the commit's.

mod administrators;
mod certificate;
mod create;
mod delete;
mod distinguished_name;
mod fields;
mod linked;
mod lookup;
mod name;
mod parts;
mod patch;
mod record;
mod ssh_key;
mod status;
mod update;

#[cfg(test)]
mod golden_test;
#[cfg(test)]
mod linked_test;
#[cfg(test)]
mod status_test;
#[cfg(test)]
mod tests;

pub use certificate::{CertificateFault, CertificateIdentity};
pub use create::{CreateUserError, NewUser, create};
pub use delete::{DeleteUserError, Purge, being_deleted, delete, purge_step};
pub use distinguished_name::{DistinguishedName, InvalidName};
pub use fields::{InvalidUser, limits};
pub(crate) use fields::{is_assigned, labels as check_labels};
pub use linked::{
    IdentityKind, LinkError, NewCertificate, NewSshKey, UnlinkError, add_certificate, add_ssh_key, link_identity,
    remove_certificate, remove_ssh_key, unlink_identity,
};
pub use lookup::{by_email, by_external_id, by_identity, by_name, get, is_active, list};
pub use name::UserName;
pub use parts::{
    Address, Attribute, Certificate, Email, Label, LinkedIdentity, Name, Phone, Photo, Provenance, SshKey,
};
pub use patch::UserPatch;
pub use record::{
    Administrators, RealmAdministrators, Status, User, UserByEmail, UserByExternalId, UserByLinkedIdentity, UserByName,
    UserNotBefore, Users, UsersBeingDeleted, UsersWithEmail,
};
pub use ssh_key::{PublicKey, SshKeyFault};
pub use status::{Authority, StatusError, set_authority, set_end_time, set_status};
pub use update::{UpdateUserError, remove_attribute, remove_label, set_attribute, set_label, update};
