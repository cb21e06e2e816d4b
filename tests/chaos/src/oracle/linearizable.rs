//! I3: what is read of a record was its value at some moment between question and answer.
//!
//! A register is one person's display name, written with values that are never used twice. An unknown write whose value
//! nobody read is left out: it may as well have happened last.

use std::collections::BTreeSet;
use std::time::Instant;

use todc_utils::linearizability::WGLChecker;
use todc_utils::linearizability::history::{Action, History};
use todc_utils::specifications::Specification;

use super::{Known, Span};
use crate::verdict::Violation;

/// Operations of one register; the search grows with them.
pub(crate) const MOST: usize = 200;

/// One operation on a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Writes a value, or tries to.
    Write(u32, Known),
    /// Read this value.
    Read(u32),
}

/// What was done with one register, which began as 0.
pub(crate) type Accesses = Vec<(Span, Access)>;

struct Register;

impl Specification for Register {
    type State = u32;
    type Operation = Access;

    fn init() -> u32 {
        0
    }

    fn apply(operation: &Access, state: &u32) -> (bool, u32) {
        match operation {
            Access::Write(value, _) => (true, *value),
            Access::Read(value) => (value == state, *state),
        }
    }
}

fn actions(accesses: &Accesses) -> Vec<(usize, Action<Access>)> {
    let read: BTreeSet<u32> = accesses
        .iter()
        .filter_map(|(_, access)| if let Access::Read(value) = access { Some(*value) } else { None })
        .collect();
    // Calls come before answers of the same moment, unknown answers last.
    let mut moments: Vec<(Option<Instant>, u8, usize, Action<Access>)> = Vec::new();
    for (number, (span, access)) in accesses.iter().enumerate() {
        let end = match access {
            Access::Write(_, Known::Refused) => continue,
            Access::Write(value, Known::Unknown) if !read.contains(value) => continue,
            Access::Write(_, Known::Unknown) => None,
            Access::Write(_, Known::Done) | Access::Read(_) => Some(span.end),
        };
        moments.push((Some(span.start), 0, number, Action::Call(*access)));
        moments.push((end, 1, number, Action::Response(*access)));
    }
    moments.sort_by_key(|(at, kind, number, _)| (at.is_none(), *at, *kind, *number));
    moments.into_iter().map(|(_, _, number, action)| (number, action)).collect()
}

/// Checks one register's history.
pub(crate) fn check(name: &str, accesses: &Accesses) -> Option<Violation> {
    let actions = actions(accesses);
    if actions.is_empty() || WGLChecker::<Register>::is_linearizable(History::from_actions(actions)) {
        return None;
    }
    Some(Violation::new("I3", format!("{} operations on {name} have no order that explains them", accesses.len())))
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;

    const DONE: Known = Known::Done;

    #[test]
    fn reads_of_old_values_after_newer_ones_have_no_order() {
        let fine =
            vec![(span(0, 10), Access::Write(1, DONE)), (span(2, 5), Access::Read(0)), (span(6, 9), Access::Read(1))];
        assert_eq!(check("r", &fine), None);
        let stale = vec![(span(0, 10), Access::Write(1, DONE)), (span(11, 12), Access::Read(0))];
        assert!(check("r", &stale).is_some());
        let back =
            vec![(span(0, 10), Access::Write(1, DONE)), (span(2, 5), Access::Read(1)), (span(6, 9), Access::Read(0))];
        assert!(check("r", &back).is_some());
    }

    #[test]
    fn unknown_writes_may_have_happened_late_or_never_but_not_undone() {
        let unknown = Access::Write(1, Known::Unknown);
        let late = vec![(span(0, 1), unknown), (span(5, 6), Access::Read(0)), (span(9, 10), Access::Read(1))];
        assert_eq!(check("r", &late), None);
        let never = vec![(span(0, 1), unknown), (span(5, 6), Access::Read(0))];
        assert_eq!(check("r", &never), None);
        let undone = vec![(span(0, 1), unknown), (span(5, 6), Access::Read(1)), (span(9, 10), Access::Read(0))];
        assert!(check("r", &undone).is_some());
        let refused = vec![(span(0, 1), Access::Write(1, Known::Refused)), (span(5, 6), Access::Read(1))];
        assert!(check("r", &refused).is_some());
    }

    #[test]
    fn two_hundred_operations_with_many_unknown_ones_are_judged_quickly() {
        let mut accesses: Accesses = Vec::new();
        for number in 0..60 {
            let at = u64::from(number) * 10;
            let known = if number % 3 == 0 { Known::Unknown } else { DONE };
            accesses.push((span(at, at + 9), Access::Write(number + 1, known)));
            accesses.push((span(at + 2, at + 12), Access::Read(number + 1)));
            accesses.push((span(at + 10, at + 13), Access::Read(number + 1)));
        }
        let start = Instant::now();
        assert_eq!(check("r", &accesses), None);
        accesses.push((span(700, 701), Access::Read(7)));
        assert!(check("r", &accesses).is_some());
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
