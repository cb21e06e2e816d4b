//! What a list request asks for, from a query or from a `.search` body.

use serde_json::{Map, Value};
use woad_http::ScimType;

use super::cursor::Cursor;
use crate::call::Call;
use crate::fault::Fault;
use crate::filter::{self, Syntax};
use crate::limits::MAX_COUNT;
use crate::projection::Names;

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// A list request.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// Which resources.
    pub(super) filter: Option<Syntax>,
    /// The attribute to order by.
    pub(super) sort_by: Option<String>,
    /// From last to first.
    pub(super) descending: bool,
    /// Which of them.
    pub(super) page: Page,
    /// How much of each.
    pub(super) names: Names,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// From this one on, counted from 1.
    Index {
        /// The first.
        start: usize,
        /// How many at most.
        count: usize,
    },
    /// From a place on.
    Cursor {
        /// The place; `None`: the beginning.
        from: Option<Cursor>,
        /// How many at most; at least one.
        count: usize,
    },
}

impl Query {
    /// From the parameters of a GET.
    pub(crate) fn of_call(call: &Call) -> Result<Self, Fault> {
        let number = |name| call.query.get(name).map(|text| whole(text).ok_or_else(|| wrong(name))).transpose();
        let cursor = call.has_parameter("cursor").then(|| call.query.get("cursor").unwrap_or_default().to_owned());
        Self::new(Parts {
            filter: call.query.get("filter").map(str::to_owned),
            sort_by: call.query.get("sortBy").map(str::to_owned),
            sort_order: call.query.get("sortOrder").map(str::to_owned),
            start: number("startIndex")?,
            count: number("count")?,
            cursor,
            names: call.names(),
        })
    }

    /// From the body of a `.search`.
    pub(crate) fn of_body(body: Map<String, Value>) -> Result<Self, Fault> {
        let mut parts = Parts::default();
        let mut named = false;
        for (name, value) in body {
            let wrong = || wrong(&name);
            match (name.to_ascii_lowercase().as_str(), value) {
                ("schemas", Value::Array(schemas)) => named = *schemas == [Value::from(MESSAGE)],
                (_, Value::Null) => {}
                ("filter", Value::String(text)) => parts.filter = Some(text),
                ("sortby", Value::String(text)) => parts.sort_by = Some(text),
                ("sortorder", Value::String(text)) => parts.sort_order = Some(text),
                ("cursor", Value::String(text)) => parts.cursor = Some(text),
                ("startindex", Value::Number(number)) => {
                    parts.start = Some(whole(&number.to_string()).ok_or_else(wrong)?);
                }
                ("count", Value::Number(number)) => parts.count = Some(whole(&number.to_string()).ok_or_else(wrong)?),
                ("attributes", value) => parts.names.only = strings(value).ok_or_else(wrong)?,
                ("excludedattributes", value) => parts.names.without = strings(value).ok_or_else(wrong)?,
                ("filter" | "sortby" | "sortorder" | "cursor" | "startindex" | "count", _) => return Err(wrong()),
                _ => return Err(Fault::bad(ScimType::InvalidSyntax, "The search request has a member it can't have")),
            }
        }
        if !named {
            let detail = "schemas must name the SearchRequest message alone";
            return Err(Fault::bad(ScimType::InvalidSyntax, detail));
        }
        Self::new(parts)
    }

    fn new(parts: Parts) -> Result<Self, Fault> {
        let filter = parts.filter.map(|text| filter::parse(&text)).transpose()?;
        let descending = match parts.sort_order {
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(order) if !order.eq_ignore_ascii_case("ascending") => return Err(wrong("sortOrder")),
            _ => false,
        };
        let page = match parts.cursor {
            Some(_) if parts.start.is_some() => {
                return Err(Fault::bad(ScimType::InvalidValue, "startIndex and cursor exclude each other"));
            }
            Some(text) => {
                let from = if text.is_empty() { None } else { Some(Cursor::parse(&text).ok_or_else(invalid_cursor)?) };
                let count = parts.count.map_or(Ok(MAX_COUNT), |count| match usize::try_from(count) {
                    Ok(0) | Err(_) if count < 1 => {
                        Err(Fault::bad(ScimType::InvalidCount, "With a cursor, count is at least 1"))
                    }
                    Ok(count) => Ok(count.min(MAX_COUNT)),
                    Err(_) => Ok(MAX_COUNT),
                })?;
                Page::Cursor { from, count }
            }
            None => {
                let clamp = |number: i64| usize::try_from(number.max(0)).unwrap_or(usize::MAX);
                let start = parts.start.map_or(1, clamp).max(1);
                let count = parts.count.map_or(MAX_COUNT, clamp).min(MAX_COUNT);
                Page::Index { start, count }
            }
        };
        Ok(Self { filter, sort_by: parts.sort_by, descending, page, names: parts.names })
    }
}

#[derive(Default)]
struct Parts {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start: Option<i64>,
    count: Option<i64>,
    cursor: Option<String>,
    names: Names,
}

fn wrong(name: &str) -> Fault {
    Fault::bad(ScimType::InvalidValue, format!("{name} has no value that it can have"))
}

fn invalid_cursor() -> Fault {
    Fault::bad(ScimType::InvalidCursor, "The cursor is not one that was given here")
}

/// A whole number. One beyond what we count to is as good as the last.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bound = if digits.len() < text.len() { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(bound))
}

/// A list of texts, or one of comma-separated ones as in a query.
fn strings(value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        Value::String(text) => Some(Names::of_query(Some(&text), None).only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_any_size() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("18446744073709551616", Some(i64::MAX)),
            ("-18446744073709551616", Some(i64::MIN)),
            ("", None),
            ("-", None),
            ("1.5", None),
            ("1e3", None),
            ("+1", None),
            ("ten", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }
}
