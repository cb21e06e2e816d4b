//! Operations over a resource in the form that [`crate::input`] gives.

use serde_json::{Map, Value};

use super::PatchError;
use super::operation::{Change, Operation, Target};
use crate::filter::folded;
use crate::input::{self, InputError};
use crate::limits::MAX_VALUES;
use crate::schema::{Attribute, Kind};

/// Applies the operations in their order. On an error the resource is not to be used.
///
/// # Errors
/// See [`PatchError`].
pub(crate) fn apply(operations: Vec<Operation>, resource: &mut Map<String, Value>) -> Result<(), PatchError> {
    operations.into_iter().try_for_each(|operation| apply_one(operation, resource))
}

fn apply_one(operation: Operation, resource: &mut Map<String, Value>) -> Result<(), PatchError> {
    let Operation { change, target, value } = operation;
    let Some(id) = target.place.extension else { return within(change, &target, value, resource) };
    let mut fields = match resource.remove(id) {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    within(change, &target, value, &mut fields)?;
    if !fields.is_empty() {
        resource.insert(id.to_owned(), fields.into());
    }
    Ok(())
}

fn within(change: Change, target: &Target, value: Value, fields: &mut Map<String, Value>) -> Result<(), PatchError> {
    let attribute = target.place.attribute;
    let old = fields.remove(attribute.name);
    let new = if attribute.multi {
        let old = match old {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        let values = many(change, target, value, old)?;
        (!values.is_empty()).then_some(Value::Array(values))
    } else {
        single(change, target, value, old)?
    };
    if let Some(new) = new {
        fields.insert(attribute.name.to_owned(), new);
    }
    Ok(())
}

fn single(change: Change, target: &Target, value: Value, old: Option<Value>) -> Result<Option<Value>, PatchError> {
    let attribute = target.place.attribute;
    let Kind::Complex(_) = attribute.kind else {
        return match change {
            Change::Remove => Ok(None),
            Change::Add | Change::Replace => Ok(input::assigned(attribute, value)?),
        };
    };
    let mut fields = match old {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    match (change, target.sub) {
        (Change::Remove, None) => return Ok(None),
        (Change::Remove, Some(sub)) => {
            fields.remove(sub.name);
        }
        (_, None) => merge(&mut fields, attribute, value)?,
        (_, Some(sub)) => set(&mut fields, sub, value)?,
    }
    // What the schema asks of a whole value, it asks of this one.
    if fields.is_empty() { Ok(None) } else { Ok(Some(input::one(attribute, Value::Object(fields))?)) }
}

/// Sub-attributes that are given replace those that are there; `null` removes one.
fn merge(fields: &mut Map<String, Value>, attribute: &'static Attribute, value: Value) -> Result<(), PatchError> {
    if let Value::Object(given) = &value {
        for name in given.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name) {
            let name = attribute.sub(name).map_or(name.as_str(), |sub| sub.name);
            fields.remove(name);
        }
    }
    fields.extend(input::fields(attribute, value)?);
    Ok(())
}

fn set(fields: &mut Map<String, Value>, sub: &'static Attribute, value: Value) -> Result<(), PatchError> {
    match input::assigned(sub, value)? {
        Some(value) => fields.insert(sub.name.to_owned(), value),
        None => fields.remove(sub.name),
    };
    Ok(())
}

fn many(change: Change, target: &Target, value: Value, old: Vec<Value>) -> Result<Vec<Value>, PatchError> {
    let attribute = target.place.attribute;
    if target.filter.is_none() && target.sub.is_none() {
        return whole(change, attribute, value, old);
    }
    let chosen = |value: &Value| match (&target.filter, value) {
        (Some(filter), Value::Object(fields)) => filter.matches(fields),
        (filter, _) => filter.is_none(),
    };
    let places: Vec<bool> = old.iter().map(chosen).collect();
    if !places.contains(&true) {
        let new = wanted(change, target, value).ok_or(PatchError::NoTarget)?;
        return whole(Change::Add, attribute, new, old);
    }
    let mut out = Vec::with_capacity(old.len());
    let mut primary = false;
    for (old, chosen) in old.into_iter().zip(&places) {
        match (chosen, old) {
            (true, Value::Object(fields)) => {
                let new = chosen_one(change, target, &value, fields)?;
                primary |= new.as_ref().is_some_and(is_primary);
                out.extend(new);
            }
            (_, old) => out.push(old),
        }
    }
    let mut kept = places.iter();
    if primary && places.contains(&false) && change != Change::Remove {
        for value in &mut out {
            if kept.next() == Some(&false) {
                unset_primary(value);
            }
        }
    }
    Ok(out)
}

/// The value that an addition where there is none stands for: of `emails[type eq "work"].value` an address for work.
/// RFC 7644 says nothing of it; clients count on it. `None`: the filter does not say what the value is to be like.
fn wanted(change: Change, target: &Target, value: Value) -> Option<Value> {
    let (Change::Add, Some(filter)) = (change, &target.filter) else { return None };
    let mut fields = filter.as_value()?;
    let given = match (target.sub, value) {
        (Some(sub), value) => Map::from_iter([(sub.name.to_owned(), value)]),
        (None, Value::Object(given)) => given,
        (None, _) => return None,
    };
    for (name, value) in given {
        if fields.insert(name, value).is_some() {
            return None;
        }
    }
    Some(fields.into())
}

fn chosen_one(
    change: Change,
    target: &Target,
    value: &Value,
    mut fields: Map<String, Value>,
) -> Result<Option<Value>, PatchError> {
    let attribute = target.place.attribute;
    match (change, target.sub) {
        (Change::Remove, None) => return Ok(None),
        (Change::Remove, Some(sub)) => {
            fields.remove(sub.name);
        }
        (Change::Replace, None) => return Ok(Some(input::one(attribute, value.clone())?)),
        (Change::Add, None) => merge(&mut fields, attribute, value.clone())?,
        (_, Some(sub)) => set(&mut fields, sub, value.clone())?,
    }
    Ok(Some(input::one(attribute, Value::Object(fields))?))
}

/// All values at once. A removal may name the values, as some clients do.
fn whole(
    change: Change,
    attribute: &'static Attribute,
    value: Value,
    mut old: Vec<Value>,
) -> Result<Vec<Value>, PatchError> {
    match change {
        Change::Remove if value.is_null() => Ok(Vec::new()),
        Change::Remove => {
            let gone = input::values(attribute, value)?;
            old.retain(|value| !gone.iter().any(|gone| is_same(attribute, gone, value)));
            Ok(old)
        }
        Change::Replace => Ok(input::values(attribute, value)?),
        Change::Add => {
            let new = input::values(attribute, value)?;
            if new.iter().any(is_primary) {
                old.iter_mut().for_each(unset_primary);
            }
            for value in new {
                let full = old.len() == MAX_VALUES;
                match old.iter_mut().find(|old| is_same(attribute, &value, old)) {
                    Some(same) => *same = value,
                    // Each is compared with all.
                    None if full => return Err(InputError::TooMany(attribute.name).into()),
                    None => old.push(value),
                }
            }
            Ok(old)
        }
    }
}

/// Whether two values stand for one: the same `value` and `type`, or all the same where there is no `value`.
fn is_same(attribute: &Attribute, one: &Value, other: &Value) -> bool {
    let same = |name: &str| match (one.get(name), other.get(name)) {
        (Some(Value::String(one)), Some(Value::String(other))) => {
            one == other || attribute.sub(name).is_some_and(|sub| !sub.case_exact) && folded(one) == folded(other)
        }
        (one, other) => one == other,
    };
    if one.get("value").is_some() && other.get("value").is_some() {
        same("value") && same("type")
    } else {
        one == other
    }
}

fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

fn unset_primary(value: &mut Value) {
    if let Some(primary) = value.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}
