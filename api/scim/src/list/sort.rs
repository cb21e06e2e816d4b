//! Orders (RFC 7644 §3.4.2.3).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::filter::{folded, moment};
use crate::path::{self, Named, Place};
use crate::schema::{Attribute, Kind, ResourceType};

/// Why there is no such order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SortError {
    /// There is no such attribute, or its values have no order.
    #[error("sortBy names no attribute that can be ordered by")]
    Unknown,
    /// It would tell of a secret.
    #[error("the attribute can't be asked for")]
    Sensitive,
}

/// The attribute to order by.
#[derive(Clone, Copy, Debug)]
pub(super) struct SortBy {
    /// The attribute.
    pub(super) place: Place,
    sub: Option<&'static Attribute>,
}

impl SortBy {
    /// Finds it in a resource type.
    pub(super) fn resolve(kind: &ResourceType, text: &str) -> Result<Self, SortError> {
        let Ok(Named::Attribute { place, sub }) = path::resolve(kind, text) else { return Err(SortError::Unknown) };
        if place.attribute.is_secret() {
            return Err(SortError::Sensitive);
        }
        let sub = match (place.attribute.kind, sub) {
            (Kind::Complex(_), None) => Some(place.attribute.sub("value").ok_or(SortError::Unknown)?),
            (_, sub) => sub,
        };
        Ok(Self { place, sub })
    }

    /// What a resource is ordered by: of several values the primary, else the first.
    pub(super) fn key(&self, resource: &Map<String, Value>) -> Option<String> {
        let under = match self.place.extension {
            Some(extension) => resource.get(extension)?.as_object()?,
            None => resource,
        };
        let value = match under.get(self.place.attribute.name)? {
            Value::Array(values) => {
                let primary = |value: &&Value| value.get("primary") == Some(&Value::Bool(true));
                values.iter().find(primary).or_else(|| values.first())?
            }
            one => one,
        };
        let (value, attribute) = match self.sub {
            Some(sub) => (value.get(sub.name)?, sub),
            None => (value, self.place.attribute),
        };
        match (attribute.kind, value) {
            (Kind::DateTime, Value::String(text)) => {
                // Of one length, and none is before 1970.
                Some(format!("{:030}", moment(text)?.unix_timestamp_nanos().max(0)))
            }
            (_, Value::String(text)) if attribute.case_exact => Some(text.clone()),
            (_, Value::String(text)) => Some(folded(text)),
            (_, Value::Bool(value)) => Some(u8::from(*value).to_string()),
            _ => None,
        }
    }
}

/// Orders two keys. A resource without value is last, or first when the order is turned round.
pub(super) fn compare(one: Option<&String>, other: Option<&String>, descending: bool) -> Ordering {
    let order = one.is_none().cmp(&other.is_none()).then_with(|| one.cmp(&other));
    if descending { order.reverse() } else { order }
}
