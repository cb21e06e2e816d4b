//! Settings by environment: `WOAD_<SECTION>_<KEY>`.

use std::ffi::OsString;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;
use toml::Value;

use super::Config;

/// What names of variables of ours begin with.
pub const PREFIX: &str = "WOAD_";

/// Names with our prefix that are no settings: the path of the file itself, what `woadctl demo --env-file` writes for a
/// shell in which a node may also be started, and the switch of the test suites.
const NOT_SETTINGS: [&str; 23] = [
    "WOAD_CONFIG",
    "WOAD_URL_1",
    "WOAD_URL_2",
    "WOAD_URL_3",
    "WOAD_CA",
    "WOAD_REALM",
    "WOAD_CLIENT_ID",
    "WOAD_CLIENT_SECRET",
    "WOAD_ADMIN_TOKEN",
    "WOAD_OPERATOR_TOKEN",
    "WOAD_APPLICATION_ID",
    "WOAD_TEST_USER",
    "WOAD_TEST_PASSWORD",
    "WOAD_SIGN_IN_URL",
    "WOAD_DIR",
    "WOAD_PID_1",
    "WOAD_PID_2",
    "WOAD_PID_3",
    "WOAD_REQUIRE_ALL",
    "WOAD_BIN_DIR",
    "WOAD_PYTHON",
    "WOAD_SOCKET",
    "WOAD_CACHE",
];

/// The schema of [`Config`] with every reference resolved, read once.
pub(crate) static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Config>().to_value()
});

/// One setting found in the environment.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The variable.
    pub(super) name: String,
    /// Its section.
    pub(super) section: String,
    /// Its key.
    pub(super) key: String,
    /// Its value, of the type that the key wants if the text allows it.
    pub(super) value: Value,
}

/// A variable that can't be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Environment {
    /// It names no setting.
    #[error("{0} names no setting (see `woad config-reference`)")]
    Unknown(String),
    /// Its value isn't text.
    #[error("{0} is not UTF-8")]
    NotText(String),
}

/// All settings of an environment, by name; other programs' variables are left alone.
pub(super) fn settings(env: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Vec<Setting>, Environment> {
    let mut found = Vec::new();
    for (name, text) in env {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(PREFIX) || NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        let text = text.into_string().map_err(|_| Environment::NotText(name.clone()))?;
        let (section, key, schema) = target(&name).ok_or_else(|| Environment::Unknown(name.clone()))?;
        found.push(Setting { value: value(schema, &text), name, section, key });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The variable that sets a key.
pub(crate) fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}_{}", section.to_uppercase(), key.to_uppercase())
}

fn target(name: &str) -> Option<(String, String, &'static Json)> {
    let sections = SCHEMA.get("properties")?.as_object()?;
    sections.iter().find_map(|(section, schema)| {
        let keys = schema.get("properties")?.as_object()?;
        let (key, schema) = keys.iter().find(|(key, _)| variable(section, key) == name)?;
        Some((section.clone(), key.clone(), schema))
    })
}

/// Whether a key's schema admits a JSON type.
pub(crate) fn admits(schema: &Json, kind: &str) -> bool {
    let of = |value: &Json| match value {
        Json::String(one) => one == kind,
        Json::Array(several) => several.iter().any(|one| one == kind),
        _ => false,
    };
    let nested = ["anyOf", "oneOf"].iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    schema.get("type").is_some_and(of)
        || (kind == "string" && schema.get("enum").is_some())
        || nested.into_iter().any(|inner| admits(inner, kind))
}

/// A text as TOML, or as a string where it is none. A key that wants a string gets the text as it stands (a token of
/// digits stays text), one that wants a list may be given its only element.
fn value(schema: &Json, text: &str) -> Value {
    let parsed = format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("value"));
    let parsed = match parsed {
        Some(value) if value.is_str() || !admits(schema, "string") => value,
        _ => Value::String(text.to_owned()),
    };
    if admits(schema, "array") && !parsed.is_array() { Value::Array(vec![parsed]) } else { parsed }
}
