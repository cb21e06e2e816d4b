//! One change to one attribute.

use serde_json::Value;

use crate::filter::Filter;
use crate::path::Place;
use crate::schema::Attribute;

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A value joins those that are there, or replaces the only one.
    Add,
    /// Values go.
    Remove,
    /// Values go, and others come.
    Replace,
}

/// Where it is to happen.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The attribute.
    pub(crate) place: Place,
    /// Which of its values; `None`: all.
    pub(crate) filter: Option<Filter>,
    /// The sub-attribute of those; `None`: they themselves.
    pub(crate) sub: Option<&'static Attribute>,
}

/// A change. Its attribute is one that clients may change.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// What is to happen.
    pub(crate) change: Change,
    /// Where.
    pub(crate) target: Target,
    /// With which value, as it was sent; `Null`: none.
    pub(crate) value: Value,
}
