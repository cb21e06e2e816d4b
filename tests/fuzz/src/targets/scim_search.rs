//! `.search` bodies and the cursors in them.

use serde_json::json;
use woad_scim::fuzz::search;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scim_search",
    run: target,
    seeds,
    words: &["\"cursor\":\"", "\"count\":", "-1", "1e5", "99999999999999999999", "\"filter\":\"", "\"sortOrder\":\"descending\"", "\"attributes\":[", "null", "eyJ0IjowLCJpIjoi"],
    rounds: 8000,
};

fn seeds() -> Vec<Vec<u8>> {
    use base64::Engine;
    let cursor = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"k":"a","t":0,"i":"6ff87af9-4b38-4d1e-a1ea-2d6dd7d3bb0a","b":true}"#);
    let message = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    [
        json!({"schemas": [message], "filter": "userName pr", "sortBy": "userName", "sortOrder": "ascending", "startIndex": 1, "count": 10, "attributes": ["userName", "emails.value"]}),
        json!({"schemas": [message], "cursor": cursor, "count": 5, "excludedAttributes": "meta,groups"}),
        json!({"schemas": [message], "cursor": "", "startIndex": null, "count": -5}),
    ]
    .map(|value| value.to_string().into_bytes())
    .to_vec()
}

/// Any bytes: refused, or the same twice.
pub fn target(data: &[u8]) {
    assert_eq!(search(data), search(data));
}
