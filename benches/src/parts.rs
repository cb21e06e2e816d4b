//! Which rows are taken.

use anyhow::Context as _;

/// Rows that are taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Empty,
    Tokens,
    FollowerTokens,
    Introspection,
    Durable,
    Store,
    Tls,
    Code,
    Refresh,
    Scim,
    SignIn,
    Failover,
    LoadCurve,
    SlowFlush,
}

impl Part {
    const ALL: [Self; 14] = [
        Self::Empty,
        Self::Tokens,
        Self::FollowerTokens,
        Self::Introspection,
        Self::Durable,
        Self::Store,
        Self::Tls,
        Self::Code,
        Self::Refresh,
        Self::Scim,
        Self::SignIn,
        Self::Failover,
        Self::LoadCurve,
        Self::SlowFlush,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Tokens => "tokens",
            Self::FollowerTokens => "follower-tokens",
            Self::Introspection => "introspection",
            Self::Durable => "durable",
            Self::Store => "store",
            Self::Tls => "tls",
            Self::Code => "code",
            Self::Refresh => "refresh",
            Self::Scim => "scim",
            Self::SignIn => "sign-in",
            Self::Failover => "failover",
            Self::LoadCurve => "load-curve",
            Self::SlowFlush => "slow-flush",
        }
    }

    /// Whether it asks a cluster of three nodes.
    const fn three_nodes(self) -> bool {
        !matches!(self, Self::Empty | Self::Tokens | Self::Store)
    }

    /// Whether people sign in for it.
    const fn people(self) -> bool {
        matches!(self, Self::Introspection | Self::Code | Self::Refresh | Self::SignIn | Self::SlowFlush)
    }
}

/// Some of them, or all.
#[derive(Clone, Debug)]
pub(crate) struct Parts(Vec<Part>);

impl Parts {
    pub(crate) fn all() -> Self {
        Self(Part::ALL.to_vec())
    }

    /// Names with commas between them.
    ///
    /// # Errors
    /// For a name that is none.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let find = |name: &str| Part::ALL.into_iter().find(|part| part.name() == name);
        let part =
            |name| find(name).with_context(|| format!("{name:?} is none of {}", Part::ALL.map(Part::name).join(", ")));
        text.split(',').map(part).collect::<anyhow::Result<_>>().map(Self)
    }

    pub(crate) fn have(&self, part: Part) -> bool {
        self.0.contains(&part)
    }

    pub(crate) fn have_any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.have(*part))
    }

    /// Whether one of them asks a cluster of three nodes.
    pub(crate) fn three_nodes(&self) -> bool {
        self.0.iter().any(|part| part.three_nodes())
    }

    /// Whether people sign in for one of them.
    pub(crate) fn people(&self) -> bool {
        self.0.iter().any(|part| part.people())
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Parts};

    #[test]
    fn parts_are_named_with_commas_between_them() {
        let parts = Parts::parse("store,tokens").unwrap();
        assert!(parts.have(Part::Store) && parts.have_any(&[Part::Scim, Part::Tokens]) && !parts.three_nodes());
        assert!(Parts::parse("sign-in").unwrap().people());
        for wrong in ["", "store,", "Store", "store tokens"] {
            assert!(Parts::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
