//! Text into HTML.

use askama::filters::{Html, Safe, escape};

use fluent_bundle::FluentArgs;

use crate::text::Lang;

/// Stand for arguments while a message is put together; no message of ours holds them.
const PLACES: [char; 2] = ['\u{e000}', '\u{e001}'];

/// Escaped for an element's content or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    escape(text, Html).map_or_else(|_| String::new(), |safe| safe.to_string())
}

/// A message with somebody's text in it, which stands in an element of its own: its direction is its own and does not
/// reach the words around it.
pub(crate) fn around(lang: Lang, key: &str, name: &'static str, value: &str) -> Safe<String> {
    fill(lang, key, &[(name, value)])
}

/// The same with two texts.
pub(crate) fn around_two(
    lang: Lang,
    key: &str,
    one: (&'static str, &str),
    other: (&'static str, &str),
) -> Safe<String> {
    fill(lang, key, &[one, other])
}

fn fill(lang: Lang, key: &str, values: &[(&'static str, &str)]) -> Safe<String> {
    let mut args = FluentArgs::new();
    for ((name, _), place) in values.iter().zip(PLACES) {
        args.set(*name, place.to_string());
    }
    let mut out = escaped(&lang.format(key, &args));
    // No value is put in before all places are known: one that holds a place's character stays as it is.
    let mut parts = vec![(String::new(), None)];
    for c in out.drain(..) {
        match PLACES.iter().zip(values).find(|(place, _)| **place == c) {
            Some((_, (_, value))) => parts.push((String::new(), Some(*value))),
            None => parts.last_mut().into_iter().for_each(|(text, _)| text.push(c)),
        }
    }
    let whole = parts.into_iter().map(|(text, value)| {
        value.map_or_else(String::new, |value| format!("<bdi dir=\"auto\">{}</bdi>", escaped(value))) + &text
    });
    Safe(whole.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_message_is_escaped_and_isolated() {
        let said = around(Lang::En, "login-for", "client", "<b>\u{202e}x");
        assert_eq!(said.0, "to continue to <bdi dir=\"auto\">&#60;b&#62;\u{202e}x</bdi>");
        let both = around_two(Lang::En, "link-words", ("user", "\u{e001}<"), ("organisation", "b"));
        let start = "The account <bdi dir=\"auto\">\u{e001}&#60;</bdi> at <bdi dir=\"auto\">b</bdi> gets";
        assert!(both.0.starts_with(start), "{}", both.0);
    }
}
