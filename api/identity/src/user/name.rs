//! User names.

use std::borrow::Cow;

use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCasePreserved;
use unicode_security::skeleton;

use super::fields::{InvalidUser, limits};

/// A user name: RFC 8265's `UsernameCasePreserved`, at most [`limits::USER_NAME`] characters.
///
/// A name in other letters that looks like one in ASCII is refused, whether or not anybody has that name: who may
/// read names in a list must be able to tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// Checks a name, and takes it in NFC with full-width characters made ASCII ones.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidUser> {
        let fault = |why| InvalidUser { field: "userName", why };
        if text.is_empty() {
            return Err(fault("must not be empty"));
        }
        // Four bytes are the longest character: what is longer is not worth looking at.
        if text.len() > limits::USER_NAME * 4 || text.chars().count() > limits::USER_NAME {
            return Err(fault("has more than 128 characters"));
        }
        crate::text::check(text, 1, limits::USER_NAME).map_err(|_| fault("holds a character that is not allowed"))?;
        let enforced = |text: &str| {
            let name = UsernameCasePreserved::enforce(text).map(Cow::into_owned);
            name.map_err(|_| fault("holds a character that is not allowed"))
        };
        let name = enforced(text)?;
        // RFC 8264 §7: what the rules would change again, or refuse, is no name. NFC composes characters that are not
        // allowed themselves.
        if enforced(&name)? != name {
            return Err(fault("holds a character that is not allowed"));
        }
        if name.chars().count() > limits::USER_NAME {
            return Err(fault("has more than 128 characters"));
        }
        if !name.is_ascii() && skeleton(&name).all(|c| c.is_ascii()) {
            return Err(fault("looks like a name in other letters"));
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::fold;

    #[test]
    fn names_of_many_scripts_are_taken() {
        for (given, kept) in [
            ("alice", "alice"),
            ("Alice.Liddell@example.org", "Alice.Liddell@example.org"),
            ("ａｄｍｉｎ", "admin"),
            ("jose\u{301}", "jos\u{e9}"),
            ("Ольга", "Ольга"),
            ("愛麗絲", "愛麗絲"),
            ("אליס", "אליס"),
            ("a$b_c-d+e", "a$b_c-d+e"),
        ] {
            assert_eq!(UserName::parse(given).unwrap().as_str(), kept, "{given}");
        }
        assert!(UserName::parse(&"x".repeat(limits::USER_NAME)).is_ok());
    }

    #[test]
    fn a_name_whose_normal_form_is_none_is_refused() {
        // Omega and a combining iota are allowed each; composed they are U+1FFC, which is not.
        assert!(UserName::parse("\u{3b1}\u{3b2}\u{3a9}").is_ok());
        assert!(UserName::parse("\u{3b1}\u{3b2}\u{1ffc}").is_err());
        assert!(UserName::parse("\u{3b1}\u{3b2}\u{3a9}\u{345}").is_err());
    }

    #[test]
    fn names_that_deceive_are_refused() {
        for bad in [
            "",
            " alice",
            "a b",
            "a\0",
            "a\r\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{ad}b",
            "\u{feff}alice",
            "a\u{e0041}",
            "a\u{a0}b",
            "👩\u{200d}🚀",
            "ﬁnn",
            "Ⅷ",
            // Cyrillic and Greek that reads as ASCII.
            "аdmin",
            "сосо",
            "rооt",
            "Αlice",
            "\u{378}",
            &"x".repeat(limits::USER_NAME + 1),
            &"x".repeat(10_000_000),
        ] {
            assert_eq!(UserName::parse(bad).map_err(|error| error.field), Err("userName"), "{bad:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_in_one_form_or_refused(text in prop_oneof![".{0,140}", "[a-zA-Z0-9._@-]{1,40}", any::<String>()]) {
            if let Ok(name) = UserName::parse(&text) {
                prop_assert_eq!(UserName::parse(name.as_str()), Ok(name.clone()));
                prop_assert_eq!(fold::user_name(&text), fold::user_name(name.as_str()));
                prop_assert!(!name.as_str().is_empty() && !name.as_str().contains(char::is_whitespace));
            }
        }
    }
}
