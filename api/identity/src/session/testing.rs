//! People of a world, for this crate's tests of sessions, sign-ins and links.

use crate::ids::UserId;
use crate::password::PasswordHash;
use crate::testing::{World, actor, vo};
use crate::user::{self, NewUser, Provenance, UserPatch};

/// Makes an active person with this name and the address `<name>@example.org`.
pub(crate) fn person(world: &World, id: UserId, name: &str, password: Option<&PasswordHash>) {
    let realm = world.realm();
    let email = user::Email { value: format!("{name}@example.org"), primary: true, ..user::Email::default() };
    let fields = UserPatch {
        user_name: Some(name.into()),
        emails: Some(vec![email]),
        active: Some(true),
        ..UserPatch::default()
    };
    let new = NewUser { id, fields, provenance: Provenance::Administrator };
    world.decided(|tx| user::create(tx, &realm, &new, password, &actor())).unwrap();
}

/// Suspends or restores somebody.
pub(crate) fn set_active(world: &World, id: UserId, active: bool) {
    world.decided(|tx| user::set_status(tx, &vo(), id, active, &actor())).unwrap();
}
