//! SCIM filters: parsed, written, parsed again, and tried on people and groups.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use woad_scim::fuzz::{MAX_FILTER_BYTES, Resource, filter, filter_matches};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scim_filter",
    run: target,
    seeds: || crate::texts(&[
        r#"userName eq "ada" and (emails[type eq "work" and value co "@example.org"] or not (active eq true))"#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName sw "L" or meta.lastModified gt "2026-01-01T00:00:00Z""#,
        r#"displayName pr and members.value eq "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a""#,
        r#"title ne null or userName ew "\u0041\"" or externalId le "x" and groups pr"#,
        "not (not (not (userName pr)))",
        r#"urn:indigo-dc:scim:schemas:IndigoUser:sshKeys.fingerprint eq "a""#,
    ]),
    words: &["(", ")", "[", "]", "not (", " and ", " or ", "((((((((", "emails[", "\"", "\\u0000", "\\ud800", " eq ", " pr", "userName", "true", "null", "1e999", "password", "members", "$ref", "."],
    rounds: 6000,
};

fn people() -> &'static [(Resource, Map<String, Value>); 4] {
    static PEOPLE: OnceLock<[(Resource, Map<String, Value>); 4]> = OnceLock::new();
    PEOPLE.get_or_init(|| {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let ada = json!({
            "userName": "ada", "active": true, "name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "",
            "emails": [{"value": "ada@example.org", "type": "work", "primary": true}, {"value": "a@x.org"}],
            "meta": {"created": "2026-01-01T00:00:00Z", "lastModified": "2026-02-01T00:00:00.5Z"},
            "urn:indigo-dc:scim:schemas:IndigoUser": {"affiliation": "x"},
        });
        let group = json!({"displayName": "cms", "members": [{"value": "6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a"}]});
        [(Resource::User, object(ada)), (Resource::User, Map::new()), (Resource::Group, object(group)), (Resource::Group, Map::new())]
    })
}

/// Any text: refused, or a filter that is the same after a journey, and holds of the same resources.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let Some(once) = filter(text) else { return };
    // A fraction is read to the last digit but one; no attribute is compared with one.
    let fraction = |word: &str| word.parse::<f64>().is_ok() && word.parse::<i64>().is_err();
    if once.len() > MAX_FILTER_BYTES || once.split([' ', '(', ')', '[', ']']).any(fraction) {
        return;
    }
    assert_eq!(filter(&once).as_ref(), Some(&once), "a filter is its own text");
    for (kind, resource) in people() {
        let held = filter_matches(*kind, text, resource);
        assert_eq!(filter_matches(*kind, &once, resource), held, "{once}");
        let denied = format!("not ({once})");
        if let (Some(held), Some(denied)) = (held, filter_matches(*kind, &denied, resource)) {
            assert_ne!(held, denied, "not ({once})");
        }
    }
}
