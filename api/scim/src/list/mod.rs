//! Lists: filter, order and pages (RFC 7644 §3.4.2, RFC 9865).

mod cursor;
mod page;
mod query;
mod resources;
mod select;
mod sort;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use query::Query;
pub(crate) use select::{answer, is_long};
