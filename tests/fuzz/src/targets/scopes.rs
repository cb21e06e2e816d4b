//! Lists of scopes.

use woad_identity::scope::{Held, MAX_SCOPE_LEN, MAX_SCOPES, ScopeList, canonical, offer};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "scopes",
    run: target,
    seeds: || crate::texts(&["openid profile\nopenid", "storage.read:/ wlcg.groups\nstorage.read:/a/b wlcg.groups:/cms/x", "iam:admin.read scim:read offline_access\nscim:read", "a b c a"]),
    words: &[" ", "\n", "storage.read:/", "storage.modify:/a", "wlcg.groups:/", "wlcg.groups", "/..", "%2e", ";", "openid", "iam:admin."],
    rounds: 10_000,
};

/// Two lines: what is held, and what is asked for. Nothing is given that is not held in so many words, but for paths
/// and groups.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    let (held, asked) = text.split_once('\n').unwrap_or((text, text));
    let Ok(held) = ScopeList::parse(held) else { return };
    assert!(held.len() <= MAX_SCOPES && held.iter().all(|scope| (1..=MAX_SCOPE_LEN).contains(&scope.as_str().len())));
    assert_eq!(ScopeList::parse(&held.to_string()).as_ref(), Ok(&held), "a list is its own text");
    let Ok(asked) = ScopeList::parse(asked) else { return };
    for scope in &held {
        if let Ok(once) = canonical(scope) {
            assert_eq!(canonical(&once).as_ref(), Ok(&once), "normal once, normal for ever");
        }
    }
    for (scope, given) in offer(&held, Some(&asked)) {
        let known = held.has(scope.as_str()) || scope.as_str().contains(":/") || scope.as_str() == "wlcg.groups";
        assert!(given.is_err() || known, "{scope} is not held");
        assert_eq!(given.is_ok(), Held::new(&held).allow(&scope), "{scope}");
    }
}
