//! Whether a filter holds of a resource.

use std::cmp::Ordering;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use woad_identity::text::fold;

use super::resolve::{Filter, Term};
use super::syntax::Op;
use crate::path::Place;
use crate::schema::Attribute;

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// Compared as it is.
    Exact(String),
    /// Compared in any case, width and normal form.
    Folded {
        /// As it is compared.
        folded: String,
        /// As it was written.
        written: String,
    },
    /// True or false.
    Boolean(bool),
    /// A time.
    Moment(OffsetDateTime),
}

impl Wanted {
    /// Text to compare with an attribute.
    pub(super) fn text(attribute: &Attribute, text: &str) -> Self {
        if attribute.case_exact {
            Self::Exact(text.to_owned())
        } else {
            Self::Folded { folded: folded(text), written: text.to_owned() }
        }
    }

    /// As a resource has it; not of a time.
    pub(super) fn as_value(&self) -> Option<Value> {
        match self {
            Self::Exact(text) | Self::Folded { written: text, .. } => Some(text.as_str().into()),
            Self::Boolean(value) => Some((*value).into()),
            Self::Moment(_) => None,
        }
    }

    /// The text itself, where it is some.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Exact(text) | Self::Folded { folded: text, .. } => Some(text),
            Self::Boolean(_) | Self::Moment(_) => None,
        }
    }
}

/// Text as it is compared without regard to case.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { fold::word(text) }
}

/// A time in RFC 3339's form.
pub(crate) fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

impl Filter {
    /// Whether it holds of a resource.
    pub(crate) fn matches(&self, resource: &Map<String, Value>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(resource)),
            Self::Or(all) => all.iter().any(|one| one.matches(resource)),
            Self::Not(one) => !one.matches(resource),
            Self::Compare(term, op, wanted) => compare(&values(term, resource), *op, wanted),
            Self::Present(term) => values(term, resource).into_iter().any(is_present),
            Self::Within(place, inner) => {
                let values = at(place, resource);
                values.into_iter().filter_map(Value::as_object).any(|value| inner.matches(value))
            }
            Self::Never => false,
        }
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(fields) => fields.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The values of an attribute, each alone.
fn at<'a>(place: &Place, resource: &'a Map<String, Value>) -> Vec<&'a Value> {
    let under = match place.extension {
        Some(extension) => resource.get(extension).and_then(Value::as_object),
        None => Some(resource),
    };
    match under.and_then(|under| under.get(place.attribute.name)) {
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// The values that a term looks at. Within a value path `resource` is the value.
fn values<'a>(term: &Term, resource: &'a Map<String, Value>) -> Vec<&'a Value> {
    match (&term.place, term.sub) {
        (Some(place), None) => at(place, resource),
        (Some(place), Some(sub)) => at(place, resource).into_iter().filter_map(|value| value.get(sub.name)).collect(),
        (None, Some(sub)) => resource.get(sub.name).into_iter().collect(),
        (None, None) => Vec::new(),
    }
}

/// Any value; `ne`: none that is equal.
fn compare(values: &[&Value], op: Op, wanted: &Wanted) -> bool {
    if op == Op::Ne {
        return !compare(values, Op::Eq, wanted);
    }
    values.iter().any(|value| match (wanted, value) {
        (Wanted::Exact(wanted), Value::String(text)) => text_is(text, op, wanted),
        (Wanted::Folded { folded: wanted, .. }, Value::String(text)) => text_is(&folded(text), op, wanted),
        (Wanted::Boolean(wanted), Value::Bool(value)) => value == wanted,
        (Wanted::Moment(wanted), Value::String(text)) => moment(text).is_some_and(|moment| is(moment.cmp(wanted), op)),
        _ => false,
    })
}

fn text_is(text: &str, op: Op, wanted: &str) -> bool {
    match op {
        Op::Co => text.contains(wanted),
        Op::Sw => text.starts_with(wanted),
        Op::Ew => text.ends_with(wanted),
        _ => is(text.cmp(wanted), op),
    }
}

fn is(order: Ordering, op: Op) -> bool {
    match op {
        Op::Eq => order.is_eq(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Ne | Op::Co | Op::Sw | Op::Ew => false,
    }
}
