//! Entity tags (RFC 7644 §3.14): `W/"<revision>"`, the revision at which a resource or its memberships last changed.

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use raft_store_core::Revision;

/// A condition can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} must be * or a list of entity tags")]
pub(crate) struct MalformedCondition(&'static str);

/// What a conditional header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Whatever there is.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

/// The tag of a revision.
pub(crate) fn tag(revision: Revision) -> String {
    format!("W/\"{}\"", revision.0)
}

impl Condition {
    /// `If-Match`, if there is one.
    ///
    /// # Errors
    /// See [`MalformedCondition`].
    pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<Self>, MalformedCondition> {
        Self::of(headers, &IF_MATCH, "If-Match")
    }

    /// `If-None-Match`, if there is one.
    ///
    /// # Errors
    /// See [`MalformedCondition`].
    pub(crate) fn if_none_match(headers: &HeaderMap) -> Result<Option<Self>, MalformedCondition> {
        Self::of(headers, &IF_NONE_MATCH, "If-None-Match")
    }

    fn of(headers: &HeaderMap, header: &HeaderName, name: &'static str) -> Result<Option<Self>, MalformedCondition> {
        let mut tags = Vec::new();
        let lines: Vec<_> = headers.get_all(header).iter().collect();
        if lines.is_empty() {
            return Ok(None);
        }
        for line in &lines {
            let text = line.to_str().map_err(|_| MalformedCondition(name))?;
            if text.trim() == "*" && lines.len() == 1 {
                return Ok(Some(Self::Any));
            }
            for tag in text.split(',').map(str::trim) {
                tags.push(opaque(tag).ok_or(MalformedCondition(name))?.to_owned());
            }
        }
        Ok(Some(Self::OneOf(tags)))
    }

    /// Whether a resource of this revision is named. Weak comparison: we have no other tags.
    pub(crate) fn holds(&self, revision: Revision) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| *tag == revision.0.to_string()),
        }
    }
}

/// What stands between the quotes of a tag.
fn opaque(tag: &str) -> Option<&str> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('"') && inner.bytes().all(|byte| byte.is_ascii_graphic())).then_some(inner)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn condition(lines: &[&'static str]) -> Result<Option<Condition>, MalformedCondition> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(IF_MATCH, HeaderValue::from_static(line));
        }
        Condition::if_match(&headers)
    }

    #[test]
    fn conditions_name_any_or_some() {
        assert_eq!(condition(&[]), Ok(None));
        assert_eq!(condition(&["*"]), Ok(Some(Condition::Any)));
        for (lines, holds) in [
            (&["W/\"7\""][..], true),
            (&["\"7\""], true),
            (&["\"6\", W/\"7\""], true),
            (&["\"6\"", "\"7\""], true),
            (&["\"6\""], false),
            (&["\"07\""], false),
            (&["\"\""], false),
        ] {
            assert_eq!(condition(lines).unwrap().unwrap().holds(Revision(7)), holds, "{lines:?}");
        }
        for bad in [&["7"][..], &[""], &["W/7"], &["\"7"], &["\"7\","], &["*", "\"7\""], &["w/\"7\""], &["\"7\" \"8\""]]
        {
            assert!(condition(bad).is_err(), "{bad:?}");
        }
    }
}
