//! Passwords that are tried first: the most frequent ones of the list that zxcvbn carries (MIT licence), the usual tails
//! behind short words, walks over keyboards.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// One a line, folded.
const TEXT: &str = include_str!("blocked.txt");
static LIST: LazyLock<BTreeSet<&str>> = LazyLock::new(|| TEXT.lines().collect());

/// Whether a folded password is among them.
pub(super) fn holds(folded: &str) -> bool {
    LIST.contains(folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn the_list_is_folded_sorted_and_long_enough() {
        let lines: Vec<&str> = TEXT.lines().collect();
        assert!(lines.len() >= 3000, "{}", lines.len());
        assert!(lines.is_sorted_by(|one, next| one < next), "sorted, none twice");
        for line in lines {
            assert_eq!(fold::word(line), line);
            assert!(line.chars().count() >= 8, "{line} is refused for its length");
        }
    }
}
