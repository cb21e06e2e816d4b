//! What can be refused.

/// A kind of refused operation. The names are on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// Name and password did not sign anybody in.
    SignIn,
    /// Too many attempts to sign in: the password was not looked at.
    SignInDelayed,
    /// A client did not prove who it is.
    Client,
    /// Somebody without an operator's power called the administration.
    Operator,
    /// A node was refused by the peers' listener.
    Peer,
}

impl RefusalKind {
    /// All.
    pub const ALL: [Self; 5] = [Self::SignIn, Self::SignInDelayed, Self::Client, Self::Operator, Self::Peer];

    /// As it stands in events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInDelayed => "sign_in_delayed",
            Self::Client => "client",
            Self::Operator => "operator",
            Self::Peer => "peer",
        }
    }
}
