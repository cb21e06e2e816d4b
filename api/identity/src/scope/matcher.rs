//! Which held scope allows which requested one.

use std::sync::OnceLock;

use regex::Regex;

use super::list::{Scope, ScopeFault, ScopeList};
use super::path::ScopePath;

/// Scopes that carry a path: `prefix:/path`.
const PATH_PREFIXES: [&str; 6] =
    ["storage.read", "storage.create", "storage.modify", "storage.stage", "storage.poll", "storage.write"];

/// The scope that asks for groups in the WLCG profile, alone or with a group.
const WLCG_GROUPS: &str = "wlcg.groups";

/// The whole form of a WLCG group scope.
const WLCG_GROUPS_FORM: &str = r"\Awlcg\.groups(?::((?:/[a-zA-Z0-9][a-zA-Z0-9_.-]*)+))?\z";

/// How a scope is compared.
enum Shape<'a> {
    /// Byte by byte.
    Equal,
    /// By prefix and path.
    Path(&'a str, ScopePath),
    /// By the form of group scopes.
    Groups,
}

fn groups_form() -> Option<&'static Regex> {
    static FORM: OnceLock<Option<Regex>> = OnceLock::new();
    FORM.get_or_init(|| Regex::new(WLCG_GROUPS_FORM).ok()).as_ref()
}

fn shape(scope: &str) -> Result<Shape<'_>, ScopeFault> {
    if scope.starts_with(WLCG_GROUPS) {
        let follows = groups_form().is_some_and(|form| form.is_match(scope));
        return if follows { Ok(Shape::Groups) } else { Err(ScopeFault::Group) };
    }
    for prefix in PATH_PREFIXES {
        let Some(rest) = scope.strip_prefix(prefix) else { continue };
        if rest.is_empty() {
            return Err(ScopeFault::Path);
        }
        if let Some(path) = rest.strip_prefix(':') {
            return Ok(Shape::Path(prefix, ScopePath::parse(path)?));
        }
    }
    Ok(Shape::Equal)
}

/// The scope in the one form in which it is stored, granted and compared: a path without its final `/`.
///
/// # Errors
/// [`ScopeFault::Path`] for a path scope without a normal path, [`ScopeFault::Group`] for a malformed group scope.
pub fn canonical(scope: &Scope) -> Result<Scope, ScopeFault> {
    match shape(scope.as_str())? {
        Shape::Path(prefix, path) => Scope::parse(&format!("{prefix}:{}", path.as_str())),
        Shape::Equal | Shape::Groups => Ok(scope.clone()),
    }
}

/// Scopes that are held, each taken apart once: a request may ask for as many as a client may hold.
pub struct Held<'a>(Vec<(&'a Scope, Shape<'a>)>);

impl<'a> Held<'a> {
    /// Scopes that are not well-formed, as an import may leave them, are left out: they allow nothing.
    #[must_use]
    pub fn new(scopes: &'a ScopeList) -> Self {
        Self(scopes.iter().filter_map(|scope| Some((scope, shape(scope.as_str()).ok()?))).collect())
    }

    /// Whether one of them allows `asked`. What is not well-formed is never allowed.
    ///
    /// - Path scopes: the path itself and what lies below it.
    /// - `wlcg.groups`: every well-formed group scope; one with a group only itself.
    /// - All others: themselves.
    #[must_use]
    pub fn allow(&self, asked: &Scope) -> bool {
        shape(asked.as_str()).is_ok_and(|form| self.0.iter().any(|held| allows(held, (asked, &form))))
    }
}

fn allows((held, held_as): &(&Scope, Shape<'_>), (asked, asked_as): (&Scope, &Shape<'_>)) -> bool {
    match (held_as, asked_as) {
        (Shape::Equal, Shape::Equal) => *held == asked,
        (Shape::Path(held_prefix, held), Shape::Path(asked_prefix, asked)) => {
            held_prefix == asked_prefix && held.holds(asked)
        }
        (Shape::Groups, Shape::Groups) => *held == asked || held.as_str() == WLCG_GROUPS,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn held_allows_asked() {
        for (held, asked, expected) in [
            ("openid", "openid", true),
            ("openid", "OpenID", false),
            ("openid", "openid2", false),
            ("storage.read:/", "storage.read:/a/b", true),
            ("storage.read:/a", "storage.read:/a/", true),
            ("storage.read:/a", "storage.read:/ab", false),
            ("storage.read:/a", "storage.read:/", false),
            ("storage.read:/", "storage.modify:/", false),
            ("storage.modify:/", "storage.create:/", false),
            ("storage.read:/", "storage.read:/../x", false),
            ("storage.read:/", "storage.read", false),
            ("storage.read:/", "storage.read:a", false),
            ("storage.reader", "storage.reader", true),
            ("wlcg.groups", "wlcg.groups", true),
            ("wlcg.groups", "wlcg.groups:/cms/uscms", true),
            ("wlcg.groups:/cms", "wlcg.groups:/cms", true),
            ("wlcg.groups:/cms", "wlcg.groups:/atlas", false),
            ("wlcg.groups:/cms", "wlcg.groups", false),
            ("wlcg.groups", "wlcg.groups:/cms/", false),
            ("wlcg.groups", "wlcg.groups:/cms\n", false),
            ("compute.read", "compute.read", true),
            ("a.c", "abc", false),
            (".*", "openid", false),
            ("(openid|scim)", "scim", false),
            ("storage.read:/a.c", "storage.read:/abc", false),
            ("storage.read:/.*", "storage.read:/etc", false),
            ("storage.read:/*", "storage.read:/etc", false),
            ("storage.read:/a", "storage.read:/a/..;/b", false),
            ("wlcg.groups:/.*", "wlcg.groups:/cms", false),
            ("wlcg.groups:/cms", "wlcg.groups:/cms/uscms", false),
            ("wlcg.groups", "wlcg.groups:/cms/../atlas", false),
            ("wlcgxgroups", "wlcg.groups", false),
        ] {
            let Ok(asked_scope) = Scope::parse(asked) else {
                assert!(!expected);
                continue;
            };
            let list = ScopeList::parse(held).unwrap();
            assert_eq!(Held::new(&list).allow(&asked_scope), expected, "{held} {asked}");
        }
    }

    #[test]
    fn malformed_scopes_are_named() {
        for (text, fault) in [
            ("storage.read", ScopeFault::Path),
            ("storage.read:", ScopeFault::Path),
            ("storage.poll:x", ScopeFault::Path),
            ("storage.stage:/a/%2e%2e", ScopeFault::Path),
            ("wlcg.groups:", ScopeFault::Group),
            ("wlcg.groups:cms", ScopeFault::Group),
            ("wlcg.groupsX", ScopeFault::Group),
            ("wlcg.groups:/-a", ScopeFault::Group),
        ] {
            assert_eq!(canonical(&scope(text)), Err(fault), "{text}");
        }
        assert_eq!(canonical(&scope("storage.write:/a/")).unwrap().as_str(), "storage.write:/a");
    }
}
