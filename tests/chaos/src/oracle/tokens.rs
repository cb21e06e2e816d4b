//! I4: what was revoked is dead, at every replica, for good. And what nobody revoked is alive.

use super::{Known, Span};
use crate::verdict::Violation;

/// A token's life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    /// The token.
    pub(crate) token: String,
    /// Attempts to revoke it.
    pub(crate) revoked: Vec<(Span, Known)>,
    /// What nodes said: node, when, active or not.
    pub(crate) seen: Vec<(usize, Span, bool)>,
}

impl Life {
    /// The first acknowledged revocation.
    pub(crate) fn dead(&self) -> Option<Span> {
        let done = self.revoked.iter().filter(|(_, known)| *known == Known::Done);
        done.map(|(span, _)| *span).min_by_key(|span| span.end)
    }

    /// What was seen and may not be.
    pub(crate) fn check(&self, name: usize) -> Option<Violation> {
        let dead = self.dead();
        let tried = self.revoked.iter().filter(|(_, known)| *known != Known::Refused).map(|(span, _)| span.start).min();
        for (node, span, active) in &self.seen {
            let node = node + 1;
            if let (true, Some(dead)) = (*active, dead.filter(|dead| span.after(*dead))) {
                let late = span.start.duration_since(dead.end);
                return Some(Violation::new(
                    "I4",
                    format!("node {node} calls token {name} active {late:?} after it was revoked"),
                ));
            }
            if !active && tried.is_none_or(|tried| span.end < tried) {
                return Some(Violation::new(
                    "I3",
                    format!("node {node} calls token {name} inactive, which nobody revoked"),
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;

    fn life(revoked: &[(Span, Known)], seen: &[(Span, bool)]) -> Option<&'static str> {
        let seen = seen.iter().map(|(span, active)| (0, *span, *active)).collect();
        let life = Life { token: String::new(), revoked: revoked.to_vec(), seen };
        life.check(0).map(|violation| violation.invariant)
    }

    #[test]
    fn active_after_the_revocation_was_answered_is_a_violation_and_beside_it_is_none() {
        let revoked = [(span(10, 20), Known::Done)];
        assert_eq!(life(&revoked, &[(span(0, 5), true), (span(12, 25), true), (span(12, 15), false)]), None);
        assert_eq!(life(&revoked, &[(span(21, 25), true)]), Some("I4"));
        assert_eq!(life(&[(span(10, 20), Known::Unknown)], &[(span(21, 25), true), (span(21, 25), false)]), None);
    }

    #[test]
    fn inactive_before_anybody_revoked_is_a_violation() {
        assert_eq!(life(&[(span(10, 20), Known::Done)], &[(span(0, 5), false)]), Some("I3"));
        assert_eq!(life(&[], &[(span(0, 5), false)]), Some("I3"));
    }
}
