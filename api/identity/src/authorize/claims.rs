//! The `claims` parameter (OpenID Connect Core §5.5), as far as it changes anything here: claims are released by
//! scope, so that what remains is who is meant, and whether the time of the sign-in is wanted.

use serde_json::{Map, Value};

/// Longest value that is looked at, in bytes.
const MAX_LEN: usize = 8 * 1024;
/// Deepest nesting: the parameter's own form has three levels, and a claim's `values` may be structured.
const MAX_DEPTH: usize = 8;

/// What a request's `claims` ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AskedClaims {
    /// The one person it is for.
    pub(super) subject: Option<String>,
    /// Whether `auth_time` is wanted.
    pub(super) auth_time: bool,
}

impl AskedClaims {
    /// Parses the parameter; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_LEN || depth(text) > MAX_DEPTH {
            return None;
        }
        let Value::Object(all) = serde_json::from_str(text).ok()? else { return None };
        let (id_token, userinfo) = (section(&all, "id_token")?, section(&all, "userinfo")?);
        let subject = [&id_token, &userinfo].into_iter().find_map(|claims| claims.get("sub")?.get("value")?.as_str());
        Some(Self { subject: subject.map(str::to_owned), auth_time: id_token.contains_key("auth_time") })
    }
}

/// One member: an object whose members are null or objects. `None` when it is anything else.
fn section(all: &Map<String, Value>, name: &str) -> Option<Map<String, Value>> {
    match all.get(name) {
        None | Some(Value::Null) => Some(Map::new()),
        Some(Value::Object(claims)) if claims.values().all(|claim| claim.is_null() || claim.is_object()) => {
            Some(claims.clone())
        }
        Some(_) => None,
    }
}

/// The deepest nesting that a text could have, before anyone parses it.
fn depth(text: &str) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'{' | b'[' => now += 1,
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_and_sign_in_time_are_found() {
        let asked = AskedClaims::parse(r#"{"id_token":{"sub":{"value":"u"},"auth_time":{"essential":true},"x":null}}"#);
        assert_eq!(asked, Some(AskedClaims { subject: Some("u".into()), auth_time: true }));
        assert_eq!(AskedClaims::parse(r#"{"userinfo":{"email":null},"other":1}"#), Some(AskedClaims::default()));
    }

    #[test]
    fn what_is_no_claims_request_is_refused() {
        let deep = format!(r#"{{"id_token":{{"a":{{"values":{}1{}}}}}}}"#, "[".repeat(200), "]".repeat(200));
        let long = format!(r#"{{"id_token":{{"a{}":null}}}}"#, "x".repeat(MAX_LEN));
        for bad in ["", "1", "[]", "{", r#"{"id_token":[]}"#, r#"{"id_token":{"sub":"x"}}"#, &deep, &long] {
            assert_eq!(AskedClaims::parse(bad), None, "{bad:.60}");
        }
    }
}
