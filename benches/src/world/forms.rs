//! What a person's browser would send from one of our own pages.

/// A form's inputs and buttons that have a name and a value, as they stand there; of a choice the one that is made.
/// Our pages write each tag with its attributes in double quotes, and what is read here needs no decoding.
pub(crate) fn fields<'a>(page: &'a str, action: &str) -> Vec<(&'a str, &'a str)> {
    let start = format!("<form method=\"post\" action=\"{action}\"");
    let Some((_, form)) = page.split_once(&start) else { return Vec::new() };
    let form = form.split("</form>").next().unwrap_or_default();
    let tags = form.split('<').filter(|tag| tag.starts_with("input ") || tag.starts_with("button "));
    let tags = tags.filter(|tag| !tag.contains("type=\"radio\"") || tag.contains(" checked"));
    tags.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    Some(value.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn the_form_that_is_meant_gives_what_was_chosen() {
        let page = r#"<form method="post" action="/logout"><input type="hidden" name="csrf" value="x"></form>
            <form method="post" action="/consent"><input type="hidden" name="csrf" value="a-b_c">
            <input type="radio" name="remember" value="until-revoked" checked><input type="radio" name="remember" value="none">
            <button type="submit" name="authorize" value="true">Yes</button><button type="submit">?</button></form>"#;
        assert_eq!(fields(page, "/consent"), [("csrf", "a-b_c"), ("remember", "until-revoked"), ("authorize", "true")]);
        assert!(fields(page, "/login").is_empty());
    }
}
