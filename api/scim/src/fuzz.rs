//! What the fuzz targets of `tests/fuzz` reach beyond this crate's interface. It changes with them.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::etag::Conditions;
use crate::filter::{self, Filter};
use crate::list::Query;
use crate::schema::{GROUPS, ResourceType, USERS};
use crate::{input, json, patch, path};

/// Bytes that a filter may have.
pub const MAX_FILTER_BYTES: usize = crate::limits::MAX_FILTER_BYTES;

/// A type of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// A person.
    User,
    /// A group.
    Group,
}

impl Resource {
    fn kind(self) -> &'static ResourceType {
        match self {
            Self::User => &USERS,
            Self::Group => &GROUPS,
        }
    }
}

/// A filter as it is written again.
#[must_use]
pub fn filter(text: &str) -> Option<String> {
    filter::parse(text).ok().map(|syntax| syntax.to_string())
}

/// Whether the filter holds of a resource; `None` when it is none over this type.
#[must_use]
pub fn filter_matches(of: Resource, text: &str, resource: &Map<String, Value>) -> Option<bool> {
    let filter = Filter::resolve(&filter::parse(text).ok()?, of.kind()).ok()?;
    Some(filter.matches(resource))
}

/// The type of resource that a body stands for.
///
/// # Errors
/// Why it was refused.
pub fn resource(of: Resource, body: &[u8]) -> Result<Map<String, Value>, String> {
    let body = json::parse(body).map_err(|error| error.to_string())?;
    input::resource(of.kind(), body).map_err(|error| error.to_string())
}

/// A resource after a PATCH.
///
/// # Errors
/// Why it was refused.
pub fn patched(of: Resource, body: &[u8], mut resource: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let body = json::parse(body).map_err(|error| error.to_string())?;
    let operations = patch::parse(of.kind(), body).map_err(|error| error.to_string())?;
    patch::apply(operations, &mut resource).map_err(|error| error.to_string())?;
    Ok(resource)
}

/// Attributes that no client may write, by name.
#[must_use]
pub fn read_only(of: Resource) -> Vec<&'static str> {
    of.kind().attributes().filter(|attribute| attribute.is_read_only()).map(|attribute| attribute.name).collect()
}

/// Whether a name leads to an attribute.
#[must_use]
pub fn names_attribute(of: Resource, text: &str) -> bool {
    path::resolve(of.kind(), text).is_ok()
}

/// Whether a `.search` body is understood.
#[must_use]
pub fn search(body: &[u8]) -> bool {
    json::parse(body).is_ok_and(|body| Query::of_body(body).is_ok())
}

/// Whether the conditions of a request are understood, and let this revision be changed.
#[must_use]
pub fn conditions(headers: &HeaderMap, revision: u64) -> Option<bool> {
    Conditions::of(headers).ok().map(|conditions| conditions.allow_change(raft_store_core::Revision(revision)))
}
