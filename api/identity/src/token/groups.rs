//! Which groups a WLCG token names, and in which order (WLCG Common JWT Profile §2.2.1 as INDIGO IAM reads it): relying
//! parties take the first for the primary one.

use crate::scope::{Scope, ScopeList};

/// The scope that asks for groups, alone or followed by `:` and a group.
const GROUPS_SCOPE: &str = "wlcg.groups";

/// A group of a person as tokens see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenGroup {
    /// `a/b/c`.
    pub(super) full_name: String,
    /// Named only when it is asked for by name.
    pub(super) optional: bool,
}

/// The groups that the scopes ask for, each with a leading `/`, in the order of the scopes. `groups` is sorted by name.
/// A group that the person is not in is left out in silence; the groups that are not optional come where
/// `wlcg.groups` stands, or last when only groups by name were asked for.
pub(super) fn select(scopes: &ScopeList, groups: &[TokenGroup]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |group: &TokenGroup| {
        let name = format!("/{}", group.full_name);
        if !out.contains(&name) {
            out.push(name);
        }
    };
    let (mut asked, mut plain) = (false, false);
    for scope in scopes.iter().filter_map(wanted) {
        asked = true;
        match scope {
            Wanted::Named(name) => groups.iter().filter(|group| group.full_name == name).for_each(&mut add),
            Wanted::NotOptional => {
                plain = true;
                groups.iter().filter(|group| !group.optional).for_each(&mut add);
            }
        }
    }
    if asked && !plain {
        groups.iter().filter(|group| !group.optional).for_each(&mut add);
    }
    out
}

/// Which groups a scope asks for.
enum Wanted<'a> {
    Named(&'a str),
    NotOptional,
}

fn wanted(scope: &Scope) -> Option<Wanted<'_>> {
    let rest = scope.as_str().strip_prefix(GROUPS_SCOPE)?;
    if rest.is_empty() { Some(Wanted::NotOptional) } else { rest.strip_prefix(":/").map(Wanted::Named) }
}

/// Those of a token's groups that the person is in now, in the token's order. A token's names may have a leading `/`.
pub(super) fn still_in(token: &[String], groups: &[TokenGroup]) -> Vec<String> {
    let there = |name: &&String| {
        let name = name.strip_prefix('/').unwrap_or(name);
        groups.iter().any(|group| group.full_name == name)
    };
    token.iter().filter(there).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(text: &[&str]) -> Vec<TokenGroup> {
        let group = |name: &&str| match name.strip_suffix('?') {
            Some(name) => TokenGroup { full_name: name.into(), optional: true },
            None => TokenGroup { full_name: (*name).into(), optional: false },
        };
        text.iter().map(group).collect()
    }

    #[test]
    fn order_of_the_scopes_is_the_order_of_the_groups() {
        let cms = ["cms", "cms/ALARM?", "cms/uscms?"];
        let many = ["atlas", "atlas/prod", "cms", "cms/uscms?"];
        for (scopes, of, expected) in [
            // The profile's three examples.
            ("wlcg.groups", &cms[..], &["/cms"][..]),
            ("wlcg.groups:/cms/uscms wlcg.groups:/cms/ALARM", &cms, &["/cms/uscms", "/cms/ALARM", "/cms"]),
            ("wlcg.groups wlcg.groups:/cms/uscms wlcg.groups:/cms/ALARM", &cms, &["/cms", "/cms/uscms", "/cms/ALARM"]),
            // No group scope, no group.
            ("openid profile storage.read:/", &cms, &[]),
            // In between.
            (
                "wlcg.groups:/cms/uscms openid wlcg.groups wlcg.groups:/cms/ALARM",
                &cms,
                &["/cms/uscms", "/cms", "/cms/ALARM"],
            ),
            // Not a member: nothing, and the others still.
            ("wlcg.groups:/lhcb", &cms, &["/cms"]),
            ("wlcg.groups:/cms/us", &cms, &["/cms"]),
            ("wlcg.groups:/lhcb", &[], &[]),
            // None twice.
            ("wlcg.groups:/cms wlcg.groups", &many, &["/cms", "/atlas", "/atlas/prod"]),
            ("wlcg.groups wlcg.groups:/cms", &many, &["/atlas", "/atlas/prod", "/cms"]),
            ("wlcg.groups:/cms/uscms", &many, &["/cms/uscms", "/atlas", "/atlas/prod", "/cms"]),
        ] {
            assert_eq!(select(&ScopeList::parse(scopes).unwrap(), &groups(of)), expected, "{scopes}");
        }
    }

    #[test]
    fn a_removed_group_goes_and_the_others_keep_their_order() {
        let token = ["/b".to_owned(), "/a".to_owned(), "/a/x".to_owned(), "c".to_owned()];
        assert_eq!(still_in(&token, &groups(&["a", "a/x?", "c", "d"])), ["/a", "/a/x", "c"]);
    }
}
