//! The system scopes of a fresh installation, as INDIGO IAM ships them.

/// A scope the installation knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemScope {
    /// The scope.
    pub value: &'static str,
    /// Only an administrator can put it on a client.
    pub restricted: bool,
    /// Given to a client that is registered without naming scopes.
    pub default: bool,
}

const fn scope(value: &'static str, restricted: bool, default: bool) -> SystemScope {
    SystemScope { value, restricted, default }
}

/// In the order in which discovery lists them.
pub const SYSTEM_SCOPES: [SystemScope; 20] = [
    scope("openid", false, true),
    scope("profile", false, true),
    scope("email", false, true),
    scope("address", false, true),
    scope("phone", false, true),
    scope("offline_access", false, false),
    scope("eduperson_scoped_affiliation", false, false),
    scope("eduperson_entitlement", false, false),
    scope("entitlements", false, false),
    scope("eduperson_assurance", false, false),
    scope("scim", true, false),
    scope("scim:read", true, false),
    scope("scim:write", true, false),
    scope("registration", true, false),
    scope("registration:read", true, false),
    scope("registration:write", true, false),
    scope("proxy:generate", true, false),
    scope("ssh-keys", true, false),
    scope("iam:admin.read", true, false),
    scope("iam:admin.write", true, false),
];

/// Whether a scope gives power over the realm itself: such a scope is given only when it is asked for by name.
#[must_use]
pub fn is_privileged(scope: &str) -> bool {
    scope.starts_with("iam:admin.")
        || scope.starts_with("scim")
        || scope.starts_with("registration")
        || scope == "proxy:generate"
}
