//! Regular expressions of policies, kept between tokens: every token of a person asks all that concern them.
//!
//! They are kept by their text alone. Whatever changes in a policy, what is compiled of a text stays the same, so that
//! nothing here can be out of date.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use regex::Regex;

use super::limits::MAX_COMPILED;
use super::matcher::{InvalidPattern, pattern};

static KEPT: Kept = Kept::new();

/// The compiled form of a policy's regular expression.
pub(super) fn compiled(text: &str) -> Result<Arc<Regex>, InvalidPattern> {
    KEPT.get(text)
}

struct Kept(RwLock<BTreeMap<String, Arc<Regex>>>);

impl Kept {
    const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    fn get(&self, text: &str) -> Result<Arc<Regex>, InvalidPattern> {
        if let Some(known) = self.0.read().get(text) {
            return Ok(Arc::clone(known));
        }
        let compiled = Arc::new(pattern(text)?);
        let mut kept = self.0.write();
        if kept.len() >= MAX_COMPILED {
            kept.clear();
        }
        kept.insert(text.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_compiled_once_and_another_by_itself() {
        let kept = Kept::new();
        let one = kept.get("a.*").unwrap();
        assert!(Arc::ptr_eq(&one, &kept.get("a.*").unwrap()));
        let other = kept.get("b.*").unwrap();
        assert!(one.is_match("ab") && !one.is_match("ba") && other.is_match("ba") && !other.is_match("ab"));
    }

    #[test]
    fn what_is_none_is_not_kept() {
        let kept = Kept::new();
        assert_eq!(kept.get("a)|(b").unwrap_err(), InvalidPattern::Syntax);
        assert!(kept.0.read().is_empty());
    }

    #[test]
    fn so_many_are_kept_at_most() {
        let kept = Kept::new();
        for number in 0..3 * MAX_COMPILED {
            let found = kept.get(&format!("scope{number}")).unwrap();
            assert!(found.is_match(&format!("scope{number}")));
            assert!(kept.0.read().len() <= MAX_COMPILED);
        }
    }
}
