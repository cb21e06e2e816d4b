//! Identifiers and units of the store.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The log index at which a record was last written. A restored cluster starts its log at incarnation × 2⁴⁴, so
    /// revisions of different lives never meet.
    Revision,
    u64
);
number!(
    /// Cluster time in milliseconds since the Unix epoch, stamped by the leader; never a node's own wall clock.
    Timestamp,
    u64
);
number!(
    /// A member of the cluster. Never reused.
    NodeId,
    u64
);
number!(
    /// A table; never reused.
    TableId,
    u16
);
number!(
    /// An index; never reused, unique over all tables.
    IndexId,
    u16
);
number!(
    /// A declared set; never reused, unique over all tables.
    SetId,
    u16
);
number!(
    /// A not-before marker kind; never reused.
    MarkerId,
    u16
);
number!(
    /// The replicated cluster level: which features may be written.
    Level,
    u32
);

impl Level {
    /// The level of the first release.
    pub const FIRST: Self = Self(1);
    /// The highest level this binary understands.
    pub const SUPPORTED: Self = Self(1);
}

impl Timestamp {
    /// This instant plus `ms` milliseconds, saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// Names one attempt: fixed bytes that may be sent again until its outcome is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub [u8; 16]);

impl fmt::Debug for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
