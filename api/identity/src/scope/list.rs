//! Scope lists (RFC 6749 §3.3).

use std::fmt;

/// Scopes in one list.
pub const MAX_SCOPES: usize = 512;
/// Bytes of one scope.
pub const MAX_SCOPE_LEN: usize = 2048;

/// Why text is no list of scopes. Echoes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// A character that RFC 6749 does not allow.
    #[error("scope holds a character that is not allowed")]
    Character,
    /// A scope longer than [`MAX_SCOPE_LEN`].
    #[error("scope too long")]
    TooLong,
    /// More than [`MAX_SCOPES`].
    #[error("too many scopes")]
    TooMany,
    /// A path scope whose path is missing, relative or not normal.
    #[error("scope path is missing, relative or not normal")]
    Path,
    /// A WLCG group scope that does not follow its form.
    #[error("invalid WLCG group scope")]
    Group,
}

/// One scope: `1*( %x21 / %x23-5B / %x5D-7E )`, at most [`MAX_SCOPE_LEN`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(String);

impl Scope {
    /// Checks one scope's characters. Its form is [`super::canonical`]'s to check.
    ///
    /// # Errors
    /// [`ScopeFault::Character`], [`ScopeFault::TooLong`].
    pub fn parse(text: &str) -> Result<Self, ScopeFault> {
        if text.len() > MAX_SCOPE_LEN {
            return Err(ScopeFault::TooLong);
        }
        let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(ScopeFault::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes in the order given, none twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeList(Vec<Scope>);

impl ScopeList {
    /// Parses scopes separated by spaces. Duplicates are dropped; no scope at all is an empty list.
    ///
    /// # Errors
    /// See [`ScopeFault`].
    pub fn parse(text: &str) -> Result<Self, ScopeFault> {
        let parts = text.split(' ').filter(|part| !part.is_empty());
        if parts.clone().take(MAX_SCOPES + 1).count() > MAX_SCOPES {
            return Err(ScopeFault::TooMany);
        }
        parts.map(Scope::parse).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The scopes in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Scope> {
        self.0.iter()
    }

    /// Whether exactly this scope is in it.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|held| held.as_str() == scope)
    }
}

impl FromIterator<Scope> for ScopeList {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        Self(scopes.into_iter().filter(|scope| seen.insert(scope.clone())).collect())
    }
}

impl<'a> IntoIterator for &'a ScopeList {
    type Item = &'a Scope;
    type IntoIter = std::slice::Iter<'a, Scope>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, scope) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{scope}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_stays_and_duplicates_go() {
        let list = ScopeList::parse(" b a  b c a ").unwrap();
        assert_eq!(list.to_string(), "b a c");
        assert!(ScopeList::parse("").unwrap().is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for bad in ["a\"", "a\\b", "a\tb", "a\nb", "ä", "a\0", "a\u{a0}b", "\u{7f}"] {
            assert_eq!(ScopeList::parse(bad), Err(ScopeFault::Character), "{bad:?}");
        }
    }

    #[test]
    fn limits_hold() {
        let text = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(ScopeList::parse(&text(MAX_SCOPES)).unwrap().len(), MAX_SCOPES);
        assert_eq!(ScopeList::parse(&text(MAX_SCOPES + 1)), Err(ScopeFault::TooMany));
        assert!(ScopeList::parse(&"a".repeat(MAX_SCOPE_LEN)).is_ok());
        assert_eq!(ScopeList::parse(&"a".repeat(MAX_SCOPE_LEN + 1)), Err(ScopeFault::TooLong));
    }

    proptest! {
        #[test]
        fn a_list_parses_from_its_own_text(text in "[!-~ ]{0,200}") {
            if let Ok(list) = ScopeList::parse(&text) {
                prop_assert_eq!(ScopeList::parse(&list.to_string()), Ok(list));
            }
        }

        #[test]
        fn any_text_parses_or_is_refused(text in ".*") {
            let _ = ScopeList::parse(&text);
        }
    }
}
