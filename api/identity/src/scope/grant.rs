//! Which scopes a client gets when it asks.

use std::collections::BTreeSet;

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

/// A scope that is asked for, in its canonical form where it has one, and whether the client holds it.
pub type Offered = (Scope, Result<(), ScopeRefused>);

/// What is asked of what a client holds, in the order asked for.
///
/// Without a request, or with an empty one, the client asks for all it holds, less the scopes that give power over the
/// realm: those are given only when asked for by name. What it holds and is not well-formed, as an import may leave it,
/// is left out.
#[must_use]
pub fn offer(held: &ScopeList, requested: Option<&ScopeList>) -> Vec<Offered> {
    let Some(requested) = requested.filter(|list| !list.is_empty()) else {
        let plain = held.iter().filter(|held| !is_privileged(held.as_str())).flat_map(canonical);
        return plain.collect::<ScopeList>().iter().map(|scope| (scope.clone(), Ok(()))).collect();
    };
    let held = Held::new(held);
    let mut seen = BTreeSet::new();
    let offers = requested.iter().map(|asked| match canonical(asked) {
        Err(fault) => (asked.clone(), Err(fault.into())),
        Ok(asked) if held.allow(&asked) => (asked, Ok(())),
        Ok(asked) => (asked.clone(), Err(ScopeRefused::NotAllowed(asked))),
    });
    offers.filter(|(scope, _)| seen.insert(scope.clone())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> ScopeList {
        ScopeList::parse(text).unwrap()
    }

    /// All that is asked for, or the first refusal.
    fn grant(held: &ScopeList, requested: Option<&ScopeList>) -> Result<ScopeList, ScopeRefused> {
        offer(held, requested).into_iter().map(|(scope, held)| held.map(|()| scope)).collect()
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
