//! Scopes of policies: what a policy speaks of, and in what time.

use woad_identity::fuzz::{Matching, Rule, policy_matches};
use woad_identity::scope::{Held, Scope, ScopeList, canonical};

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "policy_scope",
    run: target,
    seeds: || crate::texts(&["openid\nopenid", "storage.read:/a\nstorage.read:/a/b", "storage\\.(read|modify):/.*\nstorage.read:/x", "(a+)+$\naaaaaaaaaaaaaaaaaaaaaaaa!"]),
    words: &["(a|a)*", "{1000}", "{0,65535}", "(?i)", "\\A", "\\z", "[[:alpha:]]", ")|(", ".*", "storage.read:/", "/..", "\n", "(?:", "\\p{L}", "^", "$"],
    rounds: 1500,
};

/// Two lines: a policy's scope, and one that is asked for.
pub fn target(data: &[u8]) {
    let Some((of_policy, asked)) = crate::text(data).and_then(|text| text.split_once('\n')) else { return };
    // What is asked for reaches a policy in its normal form.
    let Ok(asked) = Scope::parse(asked).and_then(|asked| canonical(&asked)) else { return };
    for rule in [Rule::Permit, Rule::Deny] {
        let equal = policy_matches(Matching::Equal, rule, of_policy, &asked);
        assert!(equal != Some(true) || Scope::parse(of_policy).and_then(|scope| canonical(&scope)).as_ref() == Ok(&asked));
        let _ = policy_matches(Matching::Regexp, rule, of_policy, &asked);
    }
    let path = policy_matches(Matching::Path, Rule::Permit, of_policy, &asked);
    let wlcg = ScopeList::parse(of_policy).ok().filter(|list| list.len() == 1 && of_policy.starts_with("storage.read:/"));
    if let (Some(true), Some(list)) = (path, wlcg) {
        assert!(Held::new(&list).allow(&asked), "{asked} lies outside {of_policy}");
    }
}
