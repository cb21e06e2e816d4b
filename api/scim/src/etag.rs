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
enum Condition {
    /// Whatever there is.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

/// What a request makes depend on a resource's tag (RFC 9110 §13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<Condition>,
    if_none_match: Option<Condition>,
}

impl Conditions {
    /// `If-Match` and `If-None-Match`.
    ///
    /// # Errors
    /// See [`MalformedCondition`].
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, MalformedCondition> {
        Ok(Self {
            if_match: Condition::of(headers, &IF_MATCH, "If-Match")?,
            if_none_match: Condition::of(headers, &IF_NONE_MATCH, "If-None-Match")?,
        })
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Whether `If-Match` lets a request go on.
    pub(crate) fn matches(&self, revision: Revision) -> bool {
        self.if_match.as_ref().is_none_or(|condition| condition.holds(revision))
    }

    /// Whether the caller has this already, by `If-None-Match`.
    pub(crate) fn is_known(&self, revision: Revision) -> bool {
        self.if_none_match.as_ref().is_some_and(|condition| condition.holds(revision))
    }

    /// Whether a change may be made.
    pub(crate) fn allow_change(&self, revision: Revision) -> bool {
        self.matches(revision) && !self.is_known(revision)
    }
}

/// The tag of a revision.
pub(crate) fn tag(revision: Revision) -> String {
    format!("W/\"{}\"", revision.0)
}

impl Condition {
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
            // A list may have empty elements (RFC 9110 §5.6.1.2).
            for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                tags.push(opaque(tag).ok_or(MalformedCondition(name))?.to_owned());
            }
        }
        if tags.is_empty() { Err(MalformedCondition(name)) } else { Ok(Some(Self::OneOf(tags))) }
    }

    /// Whether a resource of this revision is named. Weak comparison: we have no other tags.
    fn holds(&self, revision: Revision) -> bool {
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
        Ok(Conditions::of(&headers)?.if_match)
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
            (&[", \"7\","], true),
        ] {
            assert_eq!(condition(lines).unwrap().unwrap().holds(Revision(7)), holds, "{lines:?}");
        }
        for bad in [&["7"][..], &[""], &["W/7"], &["\"7"], &[","], &["*", "\"7\""], &["w/\"7\""], &["\"7\" \"8\""]] {
            assert!(condition(bad).is_err(), "{bad:?}");
        }
    }
}
