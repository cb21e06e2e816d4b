//! The forms under which names are compared. What is stored is what was given, in NFC.

use unicode_normalization::UnicodeNormalization;

/// Compatibility characters and case made equal (NFKC and case folding), so that no two names differ by them alone.
#[must_use]
fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
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
