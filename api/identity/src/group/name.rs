//! Leaf names of groups, and what else is said of one.

use unicode_normalization::UnicodeNormalization;

use crate::text::{self, TextFault};
use crate::user::is_assigned;

/// Characters of a leaf name.
pub const MAX_LEAF: usize = 255;
/// Characters of a full name, `/` included: INDIGO's column.
pub const MAX_FULL_NAME: usize = 512;
/// Groups in a chain from the root: a membership is written for each.
pub const MAX_DEPTH: usize = 16;
/// Characters of a description.
pub(super) const MAX_DESCRIPTION: usize = 1024;
/// Characters of a provisioning client's id.
pub(super) const MAX_EXTERNAL_ID: usize = 256;

/// A field of a group holds what it must not. Names the field, as SCIM does, and never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {field}: {why}")]
pub struct InvalidGroup {
    /// SCIM's name of the attribute.
    pub field: &'static str,
    /// What it should be.
    pub why: &'static str,
}

/// A leaf name: 1 to [`MAX_LEAF`] characters, no `/`, no `.` at its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName(String);

impl GroupName {
    /// Checks a name, and takes it in NFC.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidGroup> {
        let fault = |why| InvalidGroup { field: "displayName", why };
        // Four bytes are the longest character: what is longer is not worth looking at.
        if text.is_empty() || text.len() > MAX_LEAF * 4 {
            return Err(fault("has not 1 to 255 characters"));
        }
        let name: String = text.nfc().collect();
        text::check(&name, 1, MAX_LEAF).map_err(|why| match why {
            TextFault::Length => fault("has not 1 to 255 characters"),
            TextFault::Character => fault("holds a character that is not allowed"),
        })?;
        if !is_assigned(&name) || name.trim() != name {
            return Err(fault("holds a character that is not allowed"));
        }
        // Also those that are compared as if they were these.
        let compatible: String = name.nfkc().collect();
        if compatible.contains('/') {
            return Err(fault("holds a /"));
        }
        if compatible.starts_with('.') {
            return Err(fault("begins with a dot"));
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn check_description(text: &str) -> Result<(), InvalidGroup> {
    let fault = |_| InvalidGroup { field: "description", why: "is too long, or holds a character that is not allowed" };
    text::check(text, 0, MAX_DESCRIPTION).map_err(fault)
}

pub(super) fn check_external_id(text: &str) -> Result<(), InvalidGroup> {
    let fault = |_| InvalidGroup { field: "externalId", why: "is too long, or holds a character that is not allowed" };
    text::check(text, 0, MAX_EXTERNAL_ID).map_err(fault)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::fold;

    #[test]
    fn leaf_names_are_anything_without_a_slash() {
        for (given, kept) in [
            ("analysis", "analysis"),
            ("Role=pilot", "Role=pilot"),
            ("My Group 2", "My Group 2"),
            ("caf\u{65}\u{301}", "caf\u{e9}"),
            ("группа", "группа"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(GroupName::parse(given).unwrap().as_str(), kept, "{given}");
        }
        assert!(GroupName::parse(&"x".repeat(MAX_LEAF)).is_ok());
    }

    #[test]
    fn what_is_no_leaf_name_is_refused() {
        let (long, huge) = ("x".repeat(MAX_LEAF + 1), "x".repeat(10_000_000));
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "/a",
            "a/",
            "a／b",
            "℀",
            "․a",
            " a",
            "a ",
            "a\nb",
            "a\0",
            "a\u{202e}b",
            "a\u{200b}",
            "\u{378}",
            &long,
            &huge,
        ] {
            assert!(GroupName::parse(bad).is_err(), "{bad:.20?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_leaf_name_in_one_form_or_refused(text in prop_oneof![".{0,300}", "[a-z./ ]{0,12}", any::<String>()]) {
            if let Ok(name) = GroupName::parse(&text) {
                prop_assert_eq!(GroupName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(!fold::group_name(name.as_str()).contains('/'));
                prop_assert!(!fold::group_name(name.as_str()).is_empty());
            }
        }
    }
}
