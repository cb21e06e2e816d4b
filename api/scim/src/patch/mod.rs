//! PATCH (RFC 7644 §3.5.2): a body to [`Operation`]s, and those over a resource, all or none.

mod apply;
mod operation;
mod parse;

#[cfg(test)]
mod tests;

pub(crate) use apply::apply;
pub(crate) use operation::{Change, Operation, Target};
pub(crate) use parse::parse;

use crate::filter::FilterError;
use crate::input::InputError;

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    /// The body is no PATCH.
    #[error("a PATCH has schemas, which names the PatchOp message alone, and 1 to 200 Operations")]
    Syntax,
    /// `op` is none of the three.
    #[error("op must be add, remove or replace")]
    Operation,
    /// The path is no path, or leads to what there is not.
    #[error("the path is malformed, or leads to no attribute")]
    Path,
    /// The filter in the path.
    #[error("in the path: {0}")]
    Filter(FilterError),
    /// Nothing to remove is named, or nothing is where the path leads.
    #[error("the path leads to no value")]
    NoTarget,
    /// The attribute is not for clients to change, or not to be without value.
    #[error("{0} can't be changed so")]
    Mutability(&'static str),
    /// There is no value to add.
    #[error("value is required")]
    NoValue,
    /// The value does not fit.
    #[error(transparent)]
    Value(#[from] InputError),
}
