//! Filters (RFC 7644 §3.4.2.2): text to [`Syntax`], and with a resource type's attributes to a [`Filter`].

mod eval;
mod index;
mod lexer;
mod parser;
mod resolve;
mod syntax;

#[cfg(test)]
mod tests;

pub(crate) use eval::{folded, moment};
pub(crate) use index::{Lookup, lookups, members_named};
pub(crate) use parser::{parse, parse_value_path};
pub(crate) use resolve::Filter;
pub(crate) use syntax::Syntax;

/// Why a filter was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    /// Longer than [`crate::limits::MAX_FILTER_BYTES`].
    #[error("the filter has more than 8192 bytes")]
    TooLong,
    /// Deeper than [`crate::limits::MAX_FILTER_DEPTH`].
    #[error("the filter is more than 32 levels deep")]
    TooDeep,
    /// More comparisons than [`crate::limits::MAX_FILTER_TERMS`].
    #[error("the filter has more than 64 comparisons")]
    TooManyTerms,
    /// It does not follow the grammar.
    #[error("the filter is malformed at byte {0}")]
    Syntax(usize),
    /// It names what there is not.
    #[error("the filter names an attribute that there is not")]
    UnknownAttribute,
    /// The operator or the value does not fit the attribute.
    #[error("the operator or the value does not fit the attribute {0}")]
    WrongType(&'static str),
    /// It asks for a secret.
    #[error("the attribute can't be asked for")]
    Sensitive,
}
