//! What the fuzz targets of `tests/fuzz` reach beyond this crate's interface. It changes with them.

use zeroize::Zeroizing;

use crate::authorize::registered;
use crate::ids::Kid;
use crate::keys::{GeneratedKey, SigningAlg};
use crate::policy::scope_matches;
use crate::scope::{Scope, ScopePath};

pub use crate::policy::{Matching, Rule};

/// The registered redirect URI that one sent is.
#[must_use]
pub fn registered_redirect<'a>(known: &'a [String], sent: &str) -> Option<&'a str> {
    registered(known, sent)
}

/// A key that was made elsewhere.
#[must_use]
pub fn key(kid: Kid, alg: SigningAlg, public_jwk: String, pkcs8: Vec<u8>) -> GeneratedKey {
    GeneratedKey { kid, alg, public_jwk, private_key: Zeroizing::new(pkcs8) }
}

/// The normal form of a scope's path.
#[must_use]
pub fn scope_path(text: &str) -> Option<String> {
    ScopePath::parse(text).ok().map(|path| path.as_str().to_owned())
}

/// Whether a policy over this one scope speaks of `asked`; `None` when there can't be such a policy.
#[must_use]
pub fn policy_matches(matching: Matching, rule: Rule, scope: &str, asked: &Scope) -> Option<bool> {
    scope_matches(matching, rule, scope, asked)
}
