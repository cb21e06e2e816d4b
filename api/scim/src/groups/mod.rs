//! Groups: one operation a file.

mod create;
mod delete;
mod fields;
mod members;
mod patch;
mod read;
mod refused;
mod replace;
mod show;

pub(crate) use create::handle as create;
pub(crate) use delete::handle as delete_one;
pub(crate) use patch::handle as patch_one;
pub(crate) use read::handle as read_one;
pub(crate) use replace::handle as replace_one;

use woad_identity::GroupId;

use crate::call::Call;
use crate::fault::Fault;

/// The group in the path. What is no id is no group's.
fn named(call: &Call) -> Result<GroupId, Fault> {
    GroupId::parse(call.parameter()).map_err(|_| Fault::not_found())
}
