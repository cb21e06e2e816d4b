//! Forms of a page, read as far as a form-following client needs them.

use std::sync::LazyLock;

use regex::Regex;

/// A form with what a browser would send when it is submitted untouched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it goes; empty: to the page's own address.
    pub action: String,
    /// Names and values of its inputs, selects left out; buttons that have a name are among them.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Whether it has such an input or button.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// The value of an input, empty where there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Fills an input, and adds it where the form has none.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves an input or button out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }
}

#[expect(clippy::unwrap_used, reason = "the patterns are constants, and a test compiles them")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static FORMS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<form\b([^>]*)>(.*?)</form>"));
static INPUTS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<(input|button|textarea)\b([^>]*)>"));
static ATTRIBUTES: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?is)([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?"#));
static ENTITIES: LazyLock<Regex> = LazyLock::new(|| pattern(r"&(?:#(\d+)|#[xX]([0-9a-fA-F]+)|([a-z]+));"));

/// Text with its character references replaced.
#[must_use]
pub fn unescaped(text: &str) -> String {
    let character = |number: &str, radix| u32::from_str_radix(number, radix).ok().and_then(char::from_u32);
    let replaced = ENTITIES.replace_all(text, |found: &regex::Captures<'_>| {
        let known = match (found.get(1), found.get(2), found.get(3).map(|name| name.as_str())) {
            (Some(decimal), _, _) => character(decimal.as_str(), 10),
            (_, Some(hex), _) => character(hex.as_str(), 16),
            (_, _, Some("amp")) => Some('&'),
            (_, _, Some("lt")) => Some('<'),
            (_, _, Some("gt")) => Some('>'),
            (_, _, Some("quot")) => Some('"'),
            (_, _, Some("apos")) => Some('\''),
            _ => None,
        };
        known.map_or_else(|| found.get(0).map_or("", |whole| whole.as_str()).to_owned(), String::from)
    });
    replaced.into_owned()
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let value = |found: &regex::Captures<'_>| {
        (2..=4).find_map(|group| found.get(group)).map_or("", |it| it.as_str()).to_owned()
    };
    let each = ATTRIBUTES.captures_iter(tag);
    each.filter_map(|found| Some((found.get(1)?.as_str().to_ascii_lowercase(), unescaped(&value(&found))))).collect()
}

fn named<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
}

/// What an input sends; `None`: nothing.
fn field(kind: &str, attributes: &[(String, String)]) -> Option<(String, String)> {
    let name = named(attributes, "name").filter(|name| !name.is_empty())?;
    let choice = kind == "input" && matches!(named(attributes, "type"), Some("checkbox" | "radio"));
    if choice && named(attributes, "checked").is_none() {
        return None;
    }
    let default = if choice { "on" } else { "" };
    Some((name.to_owned(), named(attributes, "value").unwrap_or(default).to_owned()))
}

/// The forms of a page that post.
#[must_use]
pub fn forms(page: &str) -> Vec<Form> {
    let mut all = Vec::new();
    for found in FORMS.captures_iter(page) {
        let (Some(tag), Some(inner)) = (found.get(1), found.get(2)) else { continue };
        let tag = attributes(tag.as_str());
        if !named(&tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
            continue;
        }
        let inputs = INPUTS.captures_iter(inner.as_str());
        let fields = inputs.filter_map(|input| {
            field(&input.get(1)?.as_str().to_ascii_lowercase(), &attributes(input.get(2)?.as_str()))
        });
        all.push(Form { action: named(&tag, "action").unwrap_or_default().to_owned(), fields: fields.collect() });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{forms, unescaped};

    #[test]
    fn a_form_is_what_a_browser_would_send() {
        let page = r#"<form action="/search"><input name=q></form>
            <FORM method=post action="/login?continue=a&amp;b&#61;c">
            <input type="hidden" name="csrf" value="x&quot;y"><input name='username' value=''>
            <input type=checkbox name=off><input type="radio" name="remember" value="none" checked>
            <button type="submit" name="abort" value="1">No</button><button>Yes</button></FORM>"#;
        let all = forms(page);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].action, "/login?continue=a&b=c");
        let fields: Vec<(&str, &str)> = all[0].fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(fields, [("csrf", "x\"y"), ("username", ""), ("remember", "none"), ("abort", "1")]);
        assert_eq!(all[0].clone().with("username", "a").without("abort").value("username"), "a");
    }

    #[test]
    fn character_references_are_replaced_once() {
        assert_eq!(unescaped("&lt;&#x27;&#39;&amp;lt;&unknown;&"), "<''&lt;&unknown;&");
    }
}
