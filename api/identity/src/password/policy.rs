//! Which passwords are refused. There is no rule of composition (NIST SP 800-63B), unless a realm makes one.

use super::block_list;
use super::hash::prepare;
use crate::realm::Realm;
use crate::realm::settings::pattern;
use crate::text::fold;
use crate::user::User;

/// Letters of a name below which a password may be made of it: `al` says little about whose it is.
const MIN_PERSONAL: usize = 3;

/// Why a password was refused. Never holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Fewer characters than the realm wants.
    #[error("the password is shorter than {0} characters")]
    TooShort(u32),
    /// More than [`super::MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {} bytes", super::MAX_PASSWORD_BYTES)]
    TooLong,
    /// A control character.
    #[error("the password holds a control character")]
    Character,
    /// It is among those that are tried first.
    #[error("the password is a common one")]
    Common,
    /// It is the person's own name or address.
    #[error("the password is made of the person's own name or address")]
    Personal,
    /// It does not match the realm's pattern.
    #[error("the password is not of the form that the organisation wants")]
    Pattern,
    /// There was no memory to hash it.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Checks a password that somebody is to have. `person` is the record that they will have.
///
/// # Errors
/// See [`PasswordFault`].
pub fn check_policy(realm: &Realm, person: &User, password: &str) -> Result<(), PasswordFault> {
    let prepared = prepare(password)?;
    let characters = prepared.chars().count();
    if usize::try_from(realm.password_min_length).is_ok_and(|least| characters < least) {
        return Err(PasswordFault::TooShort(realm.password_min_length));
    }
    let folded = fold::word(&prepared);
    if block_list::holds(&folded) {
        return Err(PasswordFault::Common);
    }
    if is_personal(person, &folded) {
        return Err(PasswordFault::Personal);
    }
    if !realm.password_pattern.is_empty() {
        // A pattern that does not compile is refused when it is set.
        let matches = pattern(&realm.password_pattern).is_some_and(|pattern| pattern.is_match(&prepared));
        return if matches { Ok(()) } else { Err(PasswordFault::Pattern) };
    }
    Ok(())
}

/// Whether it is a name or an address of theirs, with nothing but digits and signs around it.
fn is_personal(person: &User, folded: &str) -> bool {
    let name = person.name.clone().unwrap_or_default();
    let mut words = vec![person.user_name.clone(), person.display_name.clone(), person.nick_name.clone()];
    words.extend([name.given.clone(), name.family.clone(), format!("{}{}", name.given, name.family)]);
    words.extend([format!("{}{}", name.family, name.given), format!("{} {}", name.given, name.family)]);
    for email in &person.emails {
        words.extend(email.value.split('@').map(str::to_owned));
        words.push(email.value.clone());
    }
    let core = letters_within(folded);
    words.iter().map(|word| fold::word(word)).any(|word| {
        word == folded || {
            let word = letters_within(&word);
            word.chars().count() >= MIN_PERSONAL && word == core
        }
    })
}

/// From the first letter to the last.
fn letters_within(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::{Email, Name};

    fn alice() -> User {
        User {
            user_name: "alice".into(),
            emails: vec![Email { value: "al.liddell@example.org".into(), ..Email::default() }],
            name: Some(Name { given: "Alice".into(), family: "Liddell".into(), ..Name::default() }),
            ..User::default()
        }
    }

    fn checked(realm: &Realm, password: &str) -> Result<(), PasswordFault> {
        check_policy(realm, &alice(), password)
    }

    fn realm() -> Realm {
        Realm { password_min_length: 8, ..Realm::default() }
    }

    #[test]
    fn passwords_need_length_and_nothing_else() {
        for good in ["tea-pot at 5", "jabberwocky", "ｐaßwörter", "🫠🤔🐒🫠🤔🐒🫠🤔", &"x y".repeat(341)]
        {
            assert_eq!(checked(&realm(), good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", PasswordFault::TooShort(8)),
            ("1234567", PasswordFault::TooShort(8)),
            ("ääääää\u{308}", PasswordFault::TooShort(8)),
            (&"x".repeat(1025), PasswordFault::TooLong),
            ("tea-pot\nat 5", PasswordFault::Character),
        ] {
            assert_eq!(checked(&realm(), bad), Err(why), "{bad:?}");
        }
        let strict = Realm { password_min_length: 15, ..Realm::default() };
        assert_eq!(checked(&strict, "fourteen chars"), Err(PasswordFault::TooShort(15)));
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused_in_any_case_and_width() {
        for bad in ["password", "PassWord1", "12345678", "qwertyuiop", "ｐａｓｓｗｏｒｄ", "Iloveyou", "aaaaaaaa"]
        {
            assert_eq!(checked(&realm(), bad), Err(PasswordFault::Common), "{bad}");
        }
    }

    #[test]
    fn ones_own_name_is_no_password() {
        for bad in
            ["alice1984!", "AL.Liddell", "al.liddell@example.org", "Alice Liddell", "42liddellalice", "ａｌｉｃｅ!!!!!"]
        {
            assert_eq!(checked(&realm(), bad), Err(PasswordFault::Personal), "{bad}");
        }
        assert_eq!(checked(&realm(), "alice in wonderland"), Ok(()));
        let nameless = User { nick_name: "al".into(), ..User::default() };
        assert_eq!(check_policy(&realm(), &nameless, "0000al0000al"), Ok(()));
    }

    #[test]
    fn a_realm_may_want_a_form() {
        let realm = Realm { password_pattern: ".*[0-9].*".into(), ..realm() };
        assert_eq!(checked(&realm, "tea-pot at five"), Err(PasswordFault::Pattern));
        assert_eq!(checked(&realm, "tea-pot at 5"), Ok(()));
        let anchored = Realm { password_pattern: "a|[a-z -]+".into(), ..realm };
        assert_eq!(checked(&anchored, "tea-pot at 5"), Err(PasswordFault::Pattern), "the whole must match");
    }
}
