//! Choosing a password: what two pages have in common.

use woad_http::page::PageFault;
use woad_identity::password::{self, PasswordFault, PasswordHash};
use woad_identity::realm::Realm;
use woad_identity::user::User;
use zeroize::Zeroizing;

use crate::error::PageError;
use crate::faults::Faults;
use crate::shell;
use crate::text::Lang;
use crate::visit::Visit;

/// The fields, in the order in which they stand.
const NEW: &str = "password";
const AGAIN: &str = "again";

/// What is said beside the field.
pub(crate) fn hint(lang: Lang, realm: &Realm) -> String {
    lang.with("password-hint", "minimum", realm.password_min_length)
}

/// The new password in a form, if it may be this person's.
pub(crate) fn of_form(visit: &Visit, person: &User, mut faults: Faults) -> Result<Zeroizing<String>, Faults> {
    let lang = visit.lang;
    let form = &visit.call.form;
    let (new, again) = (form.get(NEW).unwrap_or_default(), form.get(AGAIN).unwrap_or_default());
    if new.is_empty() {
        faults.add(NEW, lang.text("password-need-new"));
    } else if let Err(fault) = password::check_policy(&visit.call.realm.row, person, new) {
        faults.add(NEW, words(visit, fault));
    }
    if again.is_empty() {
        faults.add(AGAIN, lang.text("password-need-again"));
    } else if !new.is_empty() && new != again {
        faults.add(AGAIN, lang.text("password-differ"));
    }
    if faults.is_empty() { Ok(Zeroizing::new(new.to_owned())) } else { Err(faults) }
}

/// Hashes it on the pool.
pub(crate) async fn hash(visit: &Visit, new: Zeroizing<String>) -> Result<PasswordHash, PageError> {
    let salt = visit.random()?;
    let hashed = visit.services.passwords.hash(new, salt).await.map_err(|error| visit.unavailable(error))?;
    // What could be said of the password was said before: what is left is a lack of memory.
    hashed.map_err(|_| visit.fail(PageFault::Unavailable))
}

fn words(visit: &Visit, fault: PasswordFault) -> String {
    let lang = visit.lang;
    match fault {
        PasswordFault::TooShort(minimum) => lang.with("password-short", "minimum", minimum),
        PasswordFault::TooLong => lang.text("password-long"),
        PasswordFault::Character => lang.text("password-character"),
        PasswordFault::Common => lang.text("password-common"),
        PasswordFault::Personal => lang.text("password-personal"),
        PasswordFault::Pattern => lang.with("password-pattern", "organisation", shell::organisation(&visit.call.realm)),
        PasswordFault::NotHashed => lang.text("shell-busy"),
    }
}
