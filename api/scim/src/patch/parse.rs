//! From a body to operations. One without a path becomes one for each attribute in its value.

use serde_json::{Map, Value};

use super::PatchError;
use super::operation::{Change, Operation, Target};
use crate::filter::{Filter, parse_value_path};
use crate::input::InputError;
use crate::limits::{MAX_OPERATIONS, MAX_PATH_BYTES};
use crate::path::{self, Named, Place};
use crate::schema::{Attribute, Kind, Mutability, ResourceType};

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Parses a PATCH body.
///
/// # Errors
/// See [`PatchError`].
pub(crate) fn parse(kind: &'static ResourceType, body: Map<String, Value>) -> Result<Vec<Operation>, PatchError> {
    let (mut schemas, mut operations) = (None, None);
    for (name, value) in body {
        match name.to_ascii_lowercase().as_str() {
            "schemas" => schemas = Some(value),
            "operations" => operations = Some(value),
            _ => return Err(PatchError::Syntax),
        }
    }
    let named = |schemas: &Value| matches!(schemas.as_array().map(Vec::as_slice), Some([Value::String(one)]) if one.eq_ignore_ascii_case(MESSAGE));
    let Some(Value::Array(operations)) = operations else { return Err(PatchError::Syntax) };
    if !schemas.as_ref().is_some_and(named) || !(1..=MAX_OPERATIONS).contains(&operations.len()) {
        return Err(PatchError::Syntax);
    }
    let mut out = Vec::new();
    for operation in operations {
        expand(kind, operation, &mut out)?;
    }
    Ok(out)
}

fn expand(kind: &'static ResourceType, operation: Value, out: &mut Vec<Operation>) -> Result<(), PatchError> {
    let Value::Object(fields) = operation else { return Err(PatchError::Syntax) };
    let (mut change, mut path, mut value) = (None, None, Value::Null);
    for (name, field) in fields {
        match (name.to_ascii_lowercase().as_str(), field) {
            ("op", Value::String(op)) => change = Some(change_of(&op)?),
            ("op", _) => return Err(PatchError::Operation),
            ("path", Value::String(text)) => path = Some(text),
            ("path", Value::Null) => {}
            ("path", _) => return Err(PatchError::Path),
            ("value", field) => value = field,
            _ => return Err(PatchError::Syntax),
        }
    }
    let change = change.ok_or(PatchError::Operation)?;
    if change != Change::Remove && value.is_null() && path.is_none() {
        return Err(PatchError::NoValue);
    }
    match path {
        Some(path) => at_path(kind, change, &path, value, out),
        None if change == Change::Remove => Err(PatchError::NoTarget),
        None => everywhere(kind, change, value, out),
    }
}

fn change_of(op: &str) -> Result<Change, PatchError> {
    // Some clients write them with a capital.
    match op.to_ascii_lowercase().as_str() {
        "add" => Ok(Change::Add),
        "remove" => Ok(Change::Remove),
        "replace" => Ok(Change::Replace),
        _ => Err(PatchError::Operation),
    }
}

/// Each attribute of the value by its name. A copy of the resource's own id, `meta` and `schemas` changes nothing.
fn everywhere(
    kind: &'static ResourceType,
    change: Change,
    value: Value,
    out: &mut Vec<Operation>,
) -> Result<(), PatchError> {
    let Value::Object(fields) = value else { return Err(InputError::Type("value").into()) };
    for (name, value) in fields {
        // Some clients write paths where the RFC has names.
        if name.contains('[') {
            at_path(kind, change, &name, value, out)?;
            continue;
        }
        match path::resolve(kind, &name).map_err(|_| PatchError::Path)? {
            Named::Extension(_) => whole_extension(kind, change, value, out)?,
            Named::Attribute { place, sub: None } if is_common(&place) => {}
            Named::Attribute { place, sub } => push(change, Target { place, filter: None, sub }, value, out)?,
        }
    }
    Ok(())
}

fn is_common(place: &Place) -> bool {
    ["id", "meta", "schemas"].into_iter().any(|name| place.is(name))
}

fn at_path(
    kind: &'static ResourceType,
    change: Change,
    text: &str,
    value: Value,
    out: &mut Vec<Operation>,
) -> Result<(), PatchError> {
    if text.len() > MAX_PATH_BYTES {
        return Err(PatchError::Path);
    }
    // The grammar is a filter's: only what stands in the brackets has errors of its own.
    let bracketed = text.contains('[');
    let (name, filter, sub) = parse_value_path(text).map_err(|_| PatchError::Path)?;
    match (path::resolve(kind, &name).map_err(|_| PatchError::Path)?, filter) {
        (Named::Extension(_), None) => whole_extension(kind, change, value, out),
        (Named::Attribute { place, sub: None }, Some(filter)) if place.attribute.multi && bracketed => {
            if place.attribute.subs().is_empty() {
                return Err(PatchError::Path);
            }
            let filter = Filter::resolve_within(&filter, kind, place.attribute).map_err(PatchError::Filter)?;
            let sub = sub.map(|sub| place.attribute.sub(&sub).ok_or(PatchError::Path)).transpose()?;
            push(change, Target { place, filter: Some(filter), sub }, value, out)
        }
        (Named::Attribute { place, sub }, None) => push(change, Target { place, filter: None, sub }, value, out),
        _ => Err(PatchError::Path),
    }
}

/// A bare URN stands for the attributes of the extension: those in the value, or to remove all of them.
fn whole_extension(
    kind: &'static ResourceType,
    change: Change,
    value: Value,
    out: &mut Vec<Operation>,
) -> Result<(), PatchError> {
    let place = |attribute| Place { extension: Some(kind.extension.id), attribute };
    if change == Change::Remove {
        for attribute in kind.extension.attributes.iter().filter(|attribute| !attribute.is_read_only()) {
            push(change, Target { place: place(attribute), filter: None, sub: None }, Value::Null, out)?;
        }
        return Ok(());
    }
    let Value::Object(fields) = value else { return Err(InputError::Type(kind.extension.id).into()) };
    for (name, value) in fields {
        // Some clients take the extension for a resource of its own.
        if name.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let attribute = kind.extension.attribute(&name).ok_or(PatchError::Path)?;
        push(change, Target { place: place(attribute), filter: None, sub: None }, value, out)?;
    }
    Ok(())
}

/// Refuses what clients may not change, and what must have a value.
fn push(change: Change, target: Target, value: Value, out: &mut Vec<Operation>) -> Result<(), PatchError> {
    let attribute = target.place.attribute;
    let fixed = |of: &Attribute| of.is_read_only() || of.mutability == Mutability::Immutable;
    if attribute.is_read_only() || target.place.is("schemas") || target.sub.is_some_and(fixed) {
        return Err(PatchError::Mutability(target.sub.unwrap_or(attribute).name));
    }
    let unassigns = change == Change::Remove || value.is_null();
    let required = target.sub.map_or(attribute.required && target.filter.is_none(), |sub| sub.required);
    if unassigns && required {
        return Err(PatchError::Mutability(target.sub.unwrap_or(attribute).name));
    }
    if change == Change::Add && value.is_null() {
        return Err(PatchError::NoValue);
    }
    let value = with_booleans(target.sub.unwrap_or(attribute), value);
    // Replaced by nothing is removed.
    let change = if change == Change::Replace && value.is_null() { Change::Remove } else { change };
    if out.len() == MAX_OPERATIONS * 2 {
        return Err(PatchError::Syntax);
    }
    out.push(Operation { change, target, value });
    Ok(())
}

/// Some clients send "True" and "False" in quotes. They can mean only one thing, and only a PATCH says them so.
fn with_booleans(attribute: &'static Attribute, value: Value) -> Value {
    match (attribute.kind, value) {
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        (Kind::Complex(_), Value::Array(values)) => {
            values.into_iter().map(|value| with_booleans(attribute, value)).collect()
        }
        (Kind::Complex(_), Value::Object(fields)) => {
            let field = |(name, value): (String, Value)| match attribute.sub(&name) {
                Some(sub) => (name, with_booleans(sub, value)),
                None => (name, value),
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        (_, value) => value,
    }
}
