//! The fields of a client, as options.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use crate::commands::input;
use crate::failure::Failure;

/// What may be said of a client. An empty text unsets, as the only one of a list too; a list is replaced whole.
#[derive(Args)]
pub(crate) struct Fields {
    /// JSON file with any fields of INDIGO's client object; - for standard input. Options override it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Its name for people.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// All its scopes, separated by spaces.
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// A grant type; may repeat.
    #[arg(long = "grant-type", value_name = "TYPE")]
    grant_types: Vec<String>,
    /// How it authenticates: `client_secret_basic`, `client_secret_post`, `private_key_jwt`, none and others.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// A redirect URI; may repeat.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where a browser may be sent after logging out; may repeat.
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Mail address of someone responsible; may repeat.
    #[arg(long = "contact", value_name = "MAIL")]
    contacts: Vec<String>,
    /// Lifetime of its access tokens, s; 0 for the realm's.
    #[arg(long, value_name = "SECONDS")]
    access_token_seconds: Option<u32>,
    /// Whether it may introspect tokens.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_introspection: Option<bool>,
}

impl Fields {
    /// The fields by INDIGO's names.
    pub(super) fn read(&self) -> Result<Map<String, Value>, Failure> {
        let mut fields = self.from.as_deref().map(input::object).transpose()?.unwrap_or_default();
        let list = |values: &[String]| match values {
            [] => None,
            [none] if none.is_empty() => Some(Value::Array(Vec::new())),
            values => Some(Value::from(values.to_vec())),
        };
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let options = [
            ("client_name", text(&self.name)),
            ("client_description", text(&self.description)),
            ("scope", text(&self.scope)),
            ("grant_types", list(&self.grant_types)),
            ("token_endpoint_auth_method", text(&self.auth_method)),
            ("redirect_uris", list(&self.redirect_uris)),
            ("post_logout_redirect_uris", list(&self.post_logout_redirect_uris)),
            ("contacts", list(&self.contacts)),
            ("access_token_validity_seconds", self.access_token_seconds.map(Value::from)),
            ("allow_introspection", self.allow_introspection.map(Value::from)),
        ];
        fields.extend(options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fields: Fields,
    }

    fn read(words: &[&str]) -> Result<Value, Failure> {
        let line = Line::try_parse_from(["x"].iter().chain(words)).unwrap();
        line.fields.read().map(Value::Object)
    }

    #[test]
    fn options_name_fields() {
        let words = ["--name", "a", "--grant-type", "client_credentials", "--allow-introspection", "--scope", ""];
        let expected = json!({
            "client_name": "a", "scope": "", "grant_types": ["client_credentials"], "allow_introspection": true
        });
        assert_eq!(read(&words).unwrap(), expected);
        let words = [
            "--redirect-uri",
            "",
            "--post-logout-redirect-uri",
            "https://a/1",
            "--post-logout-redirect-uri",
            "https://a/2",
        ];
        let expected = json!({"redirect_uris": [], "post_logout_redirect_uris": ["https://a/1", "https://a/2"]});
        assert_eq!(read(&words).unwrap(), expected);
    }

    #[test]
    fn options_override_the_file_and_a_bad_file_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.json");
        std::fs::write(&path, r#"{"client_name":"a","default_max_age":5}"#).unwrap();
        let path = path.to_str().unwrap();
        let fields = read(&["--from", path, "--name", "b"]).unwrap();
        assert_eq!(fields, json!({"client_name": "b", "default_max_age": 5}));

        std::fs::write(path, r#"{"client_secret": s3cret}"#).unwrap();
        let text = read(&["--from", path]).unwrap_err().to_string();
        assert!(text.contains("line 1") && !text.contains("s3cret"), "{text}");
    }
}
