//! Which rows are taken.

use anyhow::ensure;

/// Their names, in the order in which they run.
pub(crate) const PARTS: [&str; 14] = [
    "empty",
    "tokens",
    "follower-tokens",
    "introspection",
    "durable",
    "store",
    "tls",
    "code",
    "refresh",
    "scim",
    "sign-in",
    "failover",
    "load-curve",
    "slow-flush",
];

/// Some of them, or all.
#[derive(Clone, Debug)]
pub(crate) struct Parts(Vec<String>);

impl Parts {
    pub(crate) fn all() -> Self {
        Self(PARTS.map(str::to_owned).to_vec())
    }

    /// Names with commas between them.
    ///
    /// # Errors
    /// For a name that is none.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let named: Vec<String> = text.split(',').map(str::to_owned).collect();
        for name in &named {
            ensure!(PARTS.contains(&name.as_str()), "{name:?} is none of {}", PARTS.join(", "));
        }
        Ok(Self(named))
    }

    pub(crate) fn have(&self, name: &str) -> bool {
        debug_assert!(PARTS.contains(&name));
        self.0.iter().any(|own| own == name)
    }

    pub(crate) fn have_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.have(name))
    }
}
