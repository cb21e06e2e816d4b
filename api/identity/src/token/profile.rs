//! JWT profiles: which claims a token carries.

use raft_store_core::Abort;

use crate::scope::ScopeList;

/// The audience of a WLCG token that names none: every service of the infrastructure.
pub const WLCG_ANY_AUDIENCE: &str = "https://wlcg.cern.ch/jwt/v1/any";
/// The profile's version; stays so until all relying parties accept newer ones.
pub(super) const WLCG_VERSION: &str = "1.0";
/// The claim that says the version, and by that which profile a token has.
pub(super) const WLCG_VERSION_CLAIM: &str = "wlcg.ver";
/// Scopes that choose a profile, served or not.
const PROFILE_SCOPES: [&str; 4] = ["iam", "wlcg", "aarc", "kc"];

/// A JWT profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// INDIGO IAM's own.
    Iam,
    /// The WLCG Common JWT Profile, version 1.
    Wlcg,
}

impl Profile {
    const ALL: [Self; 2] = [Self::Iam, Self::Wlcg];

    /// The scope that chooses it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Wlcg => "wlcg",
        }
    }

    /// By its name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    pub(crate) const fn stored(self) -> i32 {
        match self {
            Self::Iam => 1,
            Self::Wlcg => 2,
        }
    }

    pub(crate) fn from_stored(value: i32) -> Result<Self, Abort> {
        Self::ALL.into_iter().find(|profile| profile.stored() == value).ok_or_else(|| Abort::corrupt("profile"))
    }

    /// The profile of a client's tokens: the one its scopes name, if they name exactly one; else the realm's.
    ///
    /// # Errors
    /// The name of a profile that is not served.
    pub fn choose(client: &ScopeList, default: Self) -> Result<Self, &'static str> {
        let mut named = PROFILE_SCOPES.into_iter().filter(|scope| client.has(scope));
        match (named.next(), named.next()) {
            (Some(name), None) => Self::by_name(name).ok_or(name),
            _ => Ok(default),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_profile_scope_chooses() {
        for (scopes, chosen) in [
            ("openid", Ok(Profile::Iam)),
            ("openid wlcg", Ok(Profile::Wlcg)),
            ("iam", Ok(Profile::Iam)),
            ("iam wlcg", Ok(Profile::Iam)),
            ("wlcg:1.0", Ok(Profile::Iam)),
            ("aarc", Err("aarc")),
            ("kc openid", Err("kc")),
            ("aarc wlcg", Ok(Profile::Iam)),
        ] {
            assert_eq!(Profile::choose(&ScopeList::parse(scopes).unwrap(), Profile::Iam), chosen, "{scopes}");
        }
    }
}
