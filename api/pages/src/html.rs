//! Text into HTML.

use askama::filters::{Html, Safe, escape};

use crate::text::Lang;

/// Stands for an argument while a message is put together; no message of ours holds it.
const PLACE: &str = "\u{e000}";

/// Escaped for an element's content or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    escape(text, Html).map_or_else(|_| String::new(), |safe| safe.to_string())
}

/// A message with somebody's text in it, which stands in an element of its own: its direction is its own and does not
/// reach the words around it.
pub(crate) fn around(lang: Lang, key: &str, name: &'static str, value: &str) -> Safe<String> {
    let message = lang.with(key, name, PLACE);
    let value = format!("<bdi dir=\"auto\">{}</bdi>", escaped(value));
    Safe(message.split(PLACE).map(escaped).collect::<Vec<_>>().join(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_message_is_escaped_and_isolated() {
        let said = around(Lang::En, "login-for", "client", "<b>\u{202e}x");
        assert_eq!(said.0, "to continue to <bdi dir=\"auto\">&#60;b&#62;\u{202e}x</bdi>");
    }
}
