//! The fields of a person, as options.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::commands::input;
use crate::commands::labels::{Label, attribute, label};
use crate::failure::Failure;

/// What may be said of a person. An empty text unsets; a list is replaced whole.
#[derive(Args)]
pub(super) struct Fields {
    /// JSON file with any fields, as user show --output json names them; - for standard input. Options override it.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// First name.
    #[arg(long, value_name = "TEXT")]
    given: Option<String>,
    /// Last name.
    #[arg(long, value_name = "TEXT")]
    family: Option<String>,
    /// The whole name as it is shown, where that is not the first and the last.
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// E-mail address; may repeat, the first counts.
    #[arg(long = "email", value_name = "MAIL")]
    emails: Vec<String>,
    /// The provisioning system's id of them.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,
    /// Institute.
    #[arg(long, value_name = "TEXT")]
    affiliation: Option<String>,
    /// An attribute; may repeat.
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<Label>,
    /// A label; may repeat.
    #[arg(long = "label", value_name = "[PREFIX/]NAME[=VALUE]", value_parser = label)]
    labels: Vec<Label>,
    /// Not a person but a program with an account.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    service_account: Option<bool>,
}

impl Fields {
    /// The fields by the API's names.
    pub(super) fn read(&self) -> Result<Map<String, Value>, Failure> {
        let mut fields = self.from.as_deref().map(input::object).transpose()?.unwrap_or_default();
        let parts: Map<String, Value> = [("given", &self.given), ("family", &self.family)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_deref()?.into())))
            .collect();
        if !parts.is_empty() {
            let name = fields.entry("name").or_insert_with(|| json!({}));
            let name =
                name.as_object_mut().ok_or_else(|| Failure::Usage("--from: name is not an object".to_owned()))?;
            name.extend(parts);
        }
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let list = |values: Vec<Value>| (!values.is_empty()).then_some(Value::from(values));
        let email = |(place, value): (usize, &String)| json!({ "value": value, "primary": place == 0 });
        let options = [
            ("display_name", text(&self.display_name)),
            ("emails", list(self.emails.iter().filter(|mail| !mail.is_empty()).enumerate().map(email).collect())),
            ("external_id", text(&self.external_id)),
            ("affiliation", text(&self.affiliation)),
            ("attributes", list(self.attributes.iter().map(Label::to_attribute).collect())),
            ("labels", list(self.labels.iter().map(Label::to_label).collect())),
            ("service_account", self.service_account.map(Value::from)),
        ];
        fields.extend(options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        if matches!(self.emails.as_slice(), [none] if none.is_empty()) {
            fields.insert("emails".to_owned(), json!([]));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fields: Fields,
    }

    fn read(words: &[&str]) -> Value {
        let line = Line::try_parse_from(["x"].iter().chain(words)).unwrap();
        Value::Object(line.fields.read().unwrap())
    }

    #[test]
    fn options_name_fields() {
        let words =
            ["--given", "Alice", "--email", "a@x", "--email", "b@x", "--attribute", "n=v=w", "--label", "p.q/n=v"];
        let expected = json!({
            "name": {"given": "Alice"},
            "emails": [{"value": "a@x", "primary": true}, {"value": "b@x", "primary": false}],
            "attributes": [{"name": "n", "value": "v=w"}],
            "labels": [{"prefix": "p.q", "name": "n", "value": "v"}],
        });
        assert_eq!(read(&words), expected);
        assert_eq!(read(&["--email", "", "--display-name", ""]), json!({"display_name": "", "emails": []}));
    }

    #[test]
    fn options_join_the_files_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.json");
        std::fs::write(&path, r#"{"name":{"given":"A","family":"B"},"title":"Dr"}"#).unwrap();
        let fields = read(&["--from", path.to_str().unwrap(), "--family", "C"]);
        assert_eq!(fields, json!({"name": {"given": "A", "family": "C"}, "title": "Dr"}));
    }
}
