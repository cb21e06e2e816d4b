//! I5: whoever is suspended gets nothing more, at any replica, until restored.

use super::{Known, Span};
use crate::verdict::Violation;

/// One suspension, and what was tried beside and after it with what the person held before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suspension {
    /// The suspending request.
    pub(crate) suspended: Option<(Span, Known)>,
    /// Uses: node, what, when, whether it worked. None is tried after the person was restored.
    pub(crate) used: Vec<(usize, &'static str, Span, bool)>,
}

impl Suspension {
    /// What worked and may not.
    pub(crate) fn check(&self) -> Option<Violation> {
        let (over, _) = self.suspended.filter(|(_, known)| *known == Known::Done)?;
        self.used.iter().find(|(_, _, span, worked)| *worked && span.after(over)).map(|(node, what, span, _)| {
            let late = span.start.duration_since(over.end);
            Violation::new("I5", format!("{what} worked at node {} {late:?} after a suspension was answered", node + 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;

    #[test]
    fn what_works_after_an_answered_suspension_is_a_violation() {
        let used = |at| vec![(0, "a refresh", at, true), (1, "userinfo", span(50, 60), false)];
        let check = |known, at| Suspension { suspended: Some((span(10, 20), known)), used: used(at) }.check();
        assert_eq!(check(Known::Done, span(5, 30)), None);
        assert_eq!(check(Known::Unknown, span(21, 30)), None);
        assert!(check(Known::Done, span(21, 30)).is_some());
    }
}
