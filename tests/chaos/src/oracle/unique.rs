//! I9: of people made at several replicas with one name, one is. I1 and I2 rest on what is known here of each name.

use std::collections::BTreeMap;

use super::{Known, Span};
use crate::verdict::Violation;

/// All attempts to make somebody of a name: when, what is known, and the id where one was given.
pub(crate) type Creations = Vec<(Span, Known, Option<String>)>;

/// Checks the attempts of each name.
pub(crate) fn check(names: &BTreeMap<String, Creations>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, creations) in names {
        let count = |known| creations.iter().filter(|(_, it, _)| *it == known).count();
        let (done, refused) = (count(Known::Done), count(Known::Refused));
        if done > 1 {
            found.push(Violation::new("I9", format!("{done} people were made with the name {name}")));
        }
        if refused == creations.len() && refused > 0 {
            found.push(Violation::new("I9", format!("nobody got the name {name}, though all {refused} were refused")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::span;
    use super::*;

    fn check_all(known: &[Known]) -> usize {
        let creations = known.iter().map(|known| (span(0, 1), *known, None)).collect();
        check(&BTreeMap::from([("a".to_owned(), creations)])).len()
    }

    #[test]
    fn one_of_several_gets_a_name() {
        assert_eq!(check_all(&[Known::Done, Known::Refused]), 0);
        assert_eq!(check_all(&[Known::Unknown, Known::Refused]), 0);
        assert_eq!(check_all(&[Known::Done, Known::Unknown]), 0);
        assert_eq!(check_all(&[Known::Done, Known::Done]), 1);
        assert_eq!(check_all(&[Known::Refused, Known::Refused]), 1);
    }
}
