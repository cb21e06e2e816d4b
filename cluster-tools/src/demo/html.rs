//! Just enough of HTML to fill in the forms of our own pages, which are well-formed.

/// A form that is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where to; empty: to the page itself.
    pub(super) action: String,
    /// Its inputs and buttons with names, as they stand there.
    pub(super) fields: Vec<(String, String)>,
}

/// The first form of a page that is posted.
pub(super) fn first_form(page: &str) -> Option<Form> {
    let mut rest = page;
    while let Some((tag, after)) = next_tag(rest, &["form"]) {
        let inside = after.split("</form>").next().unwrap_or_default();
        if attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post")) {
            return Some(Form { action: attribute(tag, "action").unwrap_or_default(), fields: fields(inside) });
        }
        rest = after;
    }
    None
}

fn fields(form: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut rest = form;
    while let Some((tag, after)) = next_tag(rest, &["input", "button"]) {
        rest = after;
        let kind = attribute(tag, "type").unwrap_or_default();
        let choice = kind == "radio" || kind == "checkbox";
        if let Some(name) = attribute(tag, "name")
            && (!choice || has_word(tag, "checked"))
        {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        }
    }
    fields
}

/// The inside of the next tag of these names, and what comes after it.
fn next_tag<'a>(text: &'a str, names: &[&str]) -> Option<(&'a str, &'a str)> {
    let mut rest = text;
    loop {
        rest = rest.split_once('<')?.1;
        let (tag, after) = rest.split_once('>')?;
        let name = tag.split([' ', '\n', '/']).next().unwrap_or_default();
        if names.contains(&name) {
            return Some((tag, after));
        }
    }
}

/// Whether an attribute without value is there.
fn has_word(tag: &str, word: &str) -> bool {
    tag.split([' ', '\n']).any(|part| part == word)
}

/// An attribute's value, decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (before, after) = rest.split_once("=\"")?;
        let (value, next) = after.split_once('"')?;
        if before.rsplit([' ', '\n']).next() == Some(name) {
            return Some(decode(value));
        }
        rest = next;
    }
}

/// The five characters that are written by name or number.
fn decode(text: &str) -> String {
    let mut out = text.to_owned();
    for (written, meant) in
        [("&quot;", "\""), ("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&lt;", "<"), ("&#60;", "<")]
    {
        out = out.replace(written, meant);
    }
    for (written, meant) in [("&gt;", ">"), ("&#62;", ">"), ("&#38;", "&"), ("&amp;", "&")] {
        out = out.replace(written, meant);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_would_send_it() {
        let page = r#"<!doctype html><form action="/search"><input name="q"></form>
            <form method="post" action="/consent?a=1&amp;b=2">
            <input type="hidden" name="csrf" value="a&#34;b&#38;lt;">
            <input type="text" name="username" value="" required>
            <input type="radio" name="remember" value="always" checked><input type="radio" name="remember" value="none">
            <input type="submit" value="unnamed"><button type="submit" name="abort" value="true">No</button>
            </form><form method="post"><input name="other"></form>"#;
        let form = first_form(page).unwrap();
        assert_eq!(form.action, "/consent?a=1&b=2");
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("csrf", "a\"b&lt;"), ("username", ""), ("remember", "always"), ("abort", "true")];
        assert_eq!(fields, expected);
        assert_eq!(first_form("<p>no form</p><form><input name=\"a\">"), None);
    }
}
