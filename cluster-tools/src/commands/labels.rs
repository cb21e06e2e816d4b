//! Labels and attributes on the command line.

use serde_json::{Value, json};

use crate::table::list;

/// A name with what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    prefix: String,
    name: String,
    value: String,
}

impl Label {
    /// What it is called, with its prefix.
    pub(crate) fn key(&self) -> String {
        if self.prefix.is_empty() { self.name.clone() } else { format!("{}/{}", self.prefix, self.name) }
    }

    /// What it says.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// As the API writes a label.
    pub(crate) fn to_label(&self) -> Value {
        json!({ "prefix": self.prefix, "name": self.name, "value": self.value })
    }

    /// As the API writes an attribute.
    pub(crate) fn to_attribute(&self) -> Value {
        json!({ "name": self.name, "value": self.value })
    }
}

/// The labels or attributes of an object of the API, as the command line writes them.
pub(crate) fn written(object: &Value, member: &str) -> Vec<String> {
    let text = |label: &Value, name: &str| label.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let pair = |label: &Value| {
        let (prefix, name, value) = (text(label, "prefix"), text(label, "name"), text(label, "value"));
        let prefix = if prefix.is_empty() { prefix } else { format!("{prefix}/") };
        let value = if value.is_empty() { value } else { format!("={value}") };
        format!("{prefix}{name}{value}")
    };
    list(object, member).iter().map(pair).collect()
}

/// `NAME=VALUE`.
pub(crate) fn attribute(text: &str) -> Result<Label, String> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("NAME=VALUE is needed")?;
    Ok(Label { prefix: String::new(), name: name.to_owned(), value: value.to_owned() })
}

/// `[PREFIX/]NAME[=VALUE]`.
pub(crate) fn label(text: &str) -> Result<Label, String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    if name.is_empty() {
        return Err("[PREFIX/]NAME[=VALUE] is needed".to_owned());
    }
    Ok(Label { prefix: prefix.to_owned(), name: name.to_owned(), value: value.to_owned() })
}
