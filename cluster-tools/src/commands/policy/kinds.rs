//! What a policy does, and how it compares.

use clap::ValueEnum;
use serde_json::Value;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Rule {
    Permit,
    Deny,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Matching {
    Eq,
    Path,
    Regexp,
}

/// The API's names, which are INDIGO's.
pub(super) fn upper(value: &impl ValueEnum) -> Value {
    let name = value.to_possible_value().map(|value| value.get_name().to_ascii_uppercase());
    Value::from(name.unwrap_or_default())
}
