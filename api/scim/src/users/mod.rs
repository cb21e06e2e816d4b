//! People: one operation a file. What they share is here.

mod create;
mod delete;
mod fields;
mod password;
mod patch;
mod read;
mod refused;
mod replace;
mod show;

pub(crate) use create::handle as create;
pub(crate) use delete::{delete, handle as delete_one};
pub(crate) use patch::{handle as patch_one, patch};
pub(crate) use read::{handle as read_one, read};
pub(crate) use replace::{handle as replace_one, replace};

use woad_identity::UserId;

use crate::call::Call;
use crate::fault::Fault;

/// Whose record, and how much of it may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Anybody's, as a provisioning client changes it.
    Anybodys(UserId),
    /// The caller's own: nothing that says who they are or what they may.
    Own(UserId),
}

impl Whose {
    pub(crate) const fn id(self) -> UserId {
        match self {
            Self::Anybodys(id) | Self::Own(id) => id,
        }
    }
}

/// The user in the path. What is no id is nobody's.
fn named(call: &Call) -> Result<Whose, Fault> {
    UserId::parse(call.parameter()).map(Whose::Anybodys).map_err(|_| Fault::not_found())
}
