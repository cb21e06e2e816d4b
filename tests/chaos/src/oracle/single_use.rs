//! I6 and I7: a refresh token or a code is good once. A confidential client that presents its refresh token again within
//! the grace gets the same successor.

use std::collections::BTreeSet;

use super::Span;
use crate::verdict::Violation;

/// What is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// An authorization code.
    Code,
    /// A public client's refresh token.
    Strict,
    /// A confidential client's.
    Graceful,
}

/// How it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// By tokens: this refresh token among them.
    Given(String),
    /// By a refusal.
    Refused,
    /// Not.
    Unknown,
}

/// All presentations of one code or token.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) kind: Kind,
    pub(crate) answers: Vec<(Span, Answered)>,
}

impl Presented {
    /// Whether several were presented at once or again.
    pub(crate) fn contended(&self) -> bool {
        self.answers.len() > 1
    }

    /// What was given too often.
    pub(crate) fn check(&self) -> Option<Violation> {
        let given: Vec<&str> = self
            .answers
            .iter()
            .filter_map(
                |(_, answered)| if let Answered::Given(refresh) = answered { Some(refresh.as_str()) } else { None },
            )
            .collect();
        let times = self.answers.len();
        match self.kind {
            Kind::Code if given.len() > 1 => {
                Some(Violation::new("I7", format!("a code presented {times} times was redeemed {} times", given.len())))
            }
            Kind::Strict if given.len() > 1 => Some(Violation::new(
                "I6",
                format!("a refresh token presented {times} times gave {} times", given.len()),
            )),
            Kind::Graceful if given.iter().collect::<BTreeSet<_>>().len() > 1 => {
                Some(Violation::new("I6", format!("a refresh token presented {times} times has several successors")))
            }
            Kind::Code | Kind::Strict | Kind::Graceful => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;

    fn check(kind: Kind, answers: &[Answered]) -> Option<&'static str> {
        let answers = answers.iter().map(|answered| (span(0, 1), answered.clone())).collect();
        Presented { kind, answers }.check().map(|violation| violation.invariant)
    }

    #[test]
    fn two_successes_are_one_too_many_but_for_the_same_successor_in_the_grace() {
        let (one, two) = (Answered::Given("1".to_owned()), Answered::Given("2".to_owned()));
        assert_eq!(check(Kind::Code, &[one.clone(), Answered::Refused, Answered::Unknown]), None);
        assert_eq!(check(Kind::Code, &[one.clone(), one.clone()]), Some("I7"));
        assert_eq!(check(Kind::Strict, &[one.clone(), one.clone()]), Some("I6"));
        assert_eq!(check(Kind::Graceful, &[one.clone(), one.clone()]), None);
        assert_eq!(check(Kind::Graceful, &[one, two]), Some("I6"));
    }
}
