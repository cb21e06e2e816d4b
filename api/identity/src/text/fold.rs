//! The forms under which names are compared. What is stored is what was given, in NFC.
//!
//! These forms are keys of indexes: what a name folds to must never change. Names hold only characters that were
//! assigned when they were taken, for which Unicode promises just that.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// Compatibility characters and case made equal (NFKC and full case folding), so that no two names differ by them
/// alone. Unicode's compatibility caseless matching, D146, composed.
#[must_use]
fn fold(text: &str) -> String {
    text.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
}

/// A user name as it is compared.
#[must_use]
pub fn user_name(text: &str) -> String {
    fold(text)
}

/// An e-mail address as it is compared.
#[must_use]
pub fn email(text: &str) -> String {
    fold(text)
}

/// A group's leaf name as it is compared with its siblings'.
#[must_use]
pub fn group_name(text: &str) -> String {
    fold(text)
}

/// Any other word as it is compared.
#[must_use]
pub fn word(text: &str) -> String {
    fold(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::user::is_assigned;

    #[test]
    fn names_that_look_alike_in_another_case_or_width_are_one() {
        for (one, other) in [
            ("Admin", "admin"),
            ("ａｄｍｉｎ", "ADMIN"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("ΌΔΟΣ", "όδος"),
            ("όδοσ", "όδος"),
            ("İ", "i\u{307}"),
            ("ﬁnn", "FINN"),
            ("Ⅷ", "viii"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("\u{1fb3}", "\u{3b1}\u{3b9}"),
            ("K", "k"),
            ("\u{ab70}", "\u{13a0}"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [("o", "ö"), ("ı", "i"), ("l", "1"), ("o", "о"), ("rn", "m")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn every_character_of_names_folds_to_what_stays_as_it_is() {
        let names = ('\0'..=char::MAX).map(String::from).filter(|text| is_assigned(text));
        for c in names {
            let once = fold(&c);
            assert_eq!(fold(&once), once, "{c:?}");
            assert_eq!(fold(&c.to_lowercase()), once, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn case_and_normal_form_do_not_matter(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(&fold(&text.nfc().collect::<String>()), &once);
            prop_assert_eq!(&fold(&text.nfkd().collect::<String>()), &once);
        }
    }
}
