//! Which scopes a client gets when it asks.

use super::list::{Scope, ScopeFault, ScopeList};
use super::matcher::{Held, canonical};
use super::system::is_privileged;

/// Why the scopes asked for are not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeRefused {
    /// A scope is not well-formed.
    #[error(transparent)]
    Fault(#[from] ScopeFault),
    /// The client does not hold it.
    #[error("Scope '{0}' not allowed")]
    NotAllowed(Scope),
}

/// The scopes granted, in the order asked for and in their canonical form.
///
/// Without a request the client gets all it holds, less the scopes that give power over the realm: those are given
/// only when asked for by name.
///
/// # Errors
/// See [`ScopeRefused`]. One scope too many refuses them all.
pub fn grant(held: &ScopeList, requested: Option<&ScopeList>) -> Result<ScopeList, ScopeRefused> {
    let Some(requested) = requested.filter(|list| !list.is_empty()) else {
        // What is held and not well-formed, as an import may leave it, allows nothing.
        return Ok(held.iter().filter(|held| !is_privileged(held.as_str())).flat_map(canonical).collect());
    };
    let held = Held::new(held);
    let mut granted = Vec::with_capacity(requested.len());
    for asked in requested {
        let asked = canonical(asked)?;
        if !held.allow(&asked) {
            return Err(ScopeRefused::NotAllowed(asked));
        }
        granted.push(asked);
    }
    Ok(granted.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> ScopeList {
        ScopeList::parse(text).unwrap()
    }

    fn granted(held: &str, asked: &str) -> Result<String, ScopeRefused> {
        grant(&list(held), Some(&list(asked))).map(|list| list.to_string())
    }

    #[test]
    fn order_of_the_request_stays() {
        let held = "wlcg.groups storage.read:/ openid";
        let asked = "storage.read:/b/ wlcg.groups:/x openid storage.read:/a storage.read:/b";
        assert_eq!(granted(held, asked).unwrap(), "storage.read:/b wlcg.groups:/x openid storage.read:/a");
    }

    #[test]
    fn one_scope_too_many_refuses_them_all() {
        assert_eq!(granted("openid", "openid email"), Err(ScopeRefused::NotAllowed(Scope::parse("email").unwrap())));
        assert_eq!(granted("storage.read:/", "storage.read:/a/../b"), Err(ScopeFault::Path.into()));
    }

    #[test]
    fn power_over_the_realm_is_given_only_by_name() {
        let held = list("openid scim scim:read iam:admin.read registration:write proxy:generate storage.read:/");
        assert_eq!(grant(&held, None).unwrap().to_string(), "openid storage.read:/");
        assert_eq!(grant(&held, Some(&ScopeList::default())).unwrap().to_string(), "openid storage.read:/");
        assert_eq!(grant(&held, Some(&list("scim:read"))).unwrap().to_string(), "scim:read");
    }

    proptest! {
        #[test]
        fn what_is_granted_is_allowed_by_something_held(
            held in "((openid|scim|storage\\.read:/(a|b|ab)?|wlcg\\.groups(:/a)?) ?){0,4}",
            asked in "((openid|scim:read|storage\\.read:/(a|b|ab|a/b|a/)?|wlcg\\.groups(:/a|:/b)?) ){0,4}",
        ) {
            let (held, asked) = (ScopeList::parse(&held).unwrap(), ScopeList::parse(&asked).unwrap());
            if let Ok(granted) = grant(&held, Some(&asked)) {
                for scope in &granted {
                    prop_assert!(Held::new(&held).allow(scope));
                }
            }
        }
    }
}
