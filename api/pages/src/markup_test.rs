//! A strict look at our own HTML: well-formed, labelled, and nothing in it that acts.

use std::collections::BTreeSet;

/// An element's start, as a test asks about it.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

const VOID: [&str; 5] = ["meta", "link", "img", "input", "br"];
/// All that our templates use.
const KNOWN: [&str; 32] = [
    "html", "head", "meta", "title", "link", "body", "header", "img", "span", "main", "h1", "h2", "p", "a", "div",
    "ul", "li", "form", "input", "label", "button", "fieldset", "legend", "dl", "dt", "dd", "code", "strong", "bdi",
    "br", "time", "section",
];

pub(crate) fn unescape(text: &str) -> String {
    text.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
}

/// Every element of a page.
///
/// # Panics
/// When it is not well-formed, or holds what our pages don't.
pub(crate) fn parse(html: &str) -> Vec<Element> {
    let mut rest = html.strip_prefix("<!DOCTYPE html>").expect("a doctype");
    let (mut open, mut out) = (Vec::new(), Vec::new());
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>'), "a stray '>' in {text:?}");
        for reference in text.split('&').skip(1) {
            assert!(reference.starts_with('#') && reference.contains(';'), "a stray '&' before {reference:?}");
        }
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('/') {
            let (name, after) = after.split_once('>').expect("an end");
            assert_eq!(open.pop().as_deref(), Some(name), "ends in their order");
            rest = after;
            continue;
        }
        let (element, after) = element(rest);
        assert!(KNOWN.contains(&element.name.as_str()), "<{}> is none of ours", element.name);
        if !VOID.contains(&element.name.as_str()) {
            open.push(element.name.clone());
        }
        out.push(element);
        rest = after;
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(rest.trim().is_empty(), "after the end: {rest:?}");
    out
}

fn element(text: &str) -> (Element, &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>').expect("a tag that ends");
    let name = text[..end].to_owned();
    let (mut attributes, mut rest) = (Vec::<(String, String)>::new(), &text[end..]);
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return (Element { name, attributes }, after);
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>')).expect("an attribute");
        let attribute = rest[..end].to_owned();
        assert!(!attribute.is_empty() && attribute.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{attribute}");
        assert!(!attributes.iter().any(|(known, _)| *known == attribute), "{attribute} stands twice");
        assert!(!attribute.starts_with("on") && attribute != "style", "{attribute} acts");
        rest = &rest[end..];
        let value = rest.strip_prefix("=\"").map_or(String::new(), |after| {
            let (value, after) = after.split_once('"').expect("a quoted value");
            assert!(!value.contains('<'), "an unescaped '<' in {value:?}");
            rest = after;
            unescape(value)
        });
        attributes.push((attribute, value));
    }
}

/// Checks what every page must be, and gives its elements.
pub(crate) fn check(html: &str) -> Vec<Element> {
    let elements = parse(html);
    let named = |name: &'static str| elements.iter().filter(move |element| element.name == name);
    assert_eq!(named("h1").count(), 1, "one h1");
    assert_eq!(named("main").count(), 1, "one main");
    assert_eq!(named("title").count(), 1, "one title");
    assert!(!html.contains("<title></title>") && !html.contains("<title> "), "a title that says something");
    let lang = named("html").next().and_then(|html| html.get("lang").map(str::to_owned));
    assert!(matches!(lang.as_deref(), Some("en" | "de")), "a language: {lang:?}");
    let ids: Vec<&str> = elements.iter().filter_map(|element| element.get("id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "ids stand once: {ids:?}");
    let labelled: Vec<&str> = named("label").filter_map(|label| label.get("for")).collect();
    for input in named("input") {
        let kind = input.get("type").expect("an input has a type");
        let shown = kind != "hidden" && kind != "radio" && input.get("hidden").is_none();
        if shown {
            let id = input.get("id").expect("a shown input has an id");
            assert!(labelled.contains(&id), "{id} has a label");
            assert!(input.get("autocomplete").is_some(), "{id} says what completes it");
        }
    }
    for element in &elements {
        for refers in ["aria-describedby", "aria-labelledby"] {
            for id in element.get(refers).unwrap_or_default().split_ascii_whitespace() {
                assert!(ids.contains(&id), "{refers} names {id}");
            }
        }
        for url in ["src", "href", "action"].into_iter().filter_map(|name| element.get(name)) {
            let ours = url.starts_with('/') && !url.starts_with("//") || url.starts_with('#');
            let link = element.name == "a" && (url.starts_with("https://") || url.starts_with("http://"));
            assert!(ours || link, "{url} is ours, or a link");
        }
        if let Some(fragment) = element.get("href").and_then(|href| href.strip_prefix('#')) {
            assert!(ids.contains(&fragment), "#{fragment} is there");
        }
        if element.name == "img" {
            assert!(element.get("alt").is_some_and(|alt| !alt.is_empty()), "pictures say what they show");
        }
    }
    elements
}

/// The value of the hidden (or any) input of this name.
pub(crate) fn input(elements: &[Element], name: &str) -> Option<String> {
    let found = elements.iter().find(|element| element.name == "input" && element.get("name") == Some(name))?;
    Some(found.get("value").unwrap_or_default().to_owned())
}
