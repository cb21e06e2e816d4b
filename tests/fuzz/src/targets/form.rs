//! Forms (`application/x-www-form-urlencoded`), against a parser of somebody else.

use woad_http::form::{Form, pairs};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "form",
    run: target,
    seeds: || crate::texts(&["grant_type=client_credentials&scope=openid+profile&client_id=a%3Ab", "a=1+2%2B3&b=%C3%A9&empty=&flag&resource=x&resource=y&=z", "a=1&a=2", "audience=a&audience=b&x=%E2%82%AC"]),
    words: &["&", "=", "+", "%", "%00", "%26", "%3D", "%C3%A9", "%FF", "%ED%A0%80", "a=", "resource=", "&&", "%25", ";"],
    rounds: 20_000,
};

/// Any bytes: refused, or read as the URL standard reads them.
pub fn target(data: &[u8]) {
    let Ok(ours) = pairs(data) else {
        assert!(Form::parse(data).is_err(), "what has no pairs is no form");
        return;
    };
    let theirs: Vec<(String, String)> = url::form_urlencoded::parse(data).into_owned().collect();
    assert_eq!(ours, theirs, "two parsers agree");
    let Ok(form) = Form::parse(data) else { return };
    for (name, value) in &ours {
        assert!(!name.chars().chain(value.chars()).any(char::is_control), "a form holds no control character");
        let all = form.all(name);
        assert_eq!(form.get(name), all.first().copied());
        assert!(all.len() <= 1 || ["resource", "audience"].contains(&name.as_str()), "{name} stands once");
        assert!(value.is_empty() || all.contains(&value.as_str()));
    }
}
