//! Labels and attributes on the command line.

use serde_json::{Value, json};

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
