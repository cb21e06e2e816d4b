//! What clients ask for, and what the store answers.

use std::time::Duration;

use raft_store_core::{Freshness, Revision};

/// A transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Write {
    /// Makes a single-use code.
    Mint {
        code: u64,
    },
    /// Uses it.
    Consume {
        code: u64,
    },
    /// Rotates a family: `presented` must be the secret that is good now, or the family ends.
    Rotate {
        family: u64,
        presented: u64,
    },
    Increment {
        counter: u64,
    },
    Take {
        slot: u64,
    },
    GiveBack {
        slot: u64,
    },
    /// Written without a read.
    Set {
        register: u64,
    },
    /// Holds a lease for `ms` of cluster time, if nobody does.
    Acquire {
        lease: u64,
        ms: u64,
    },
    /// Adds a member, if the group has room.
    Join {
        group: u64,
    },
    /// Removes the member of the least number.
    Leave {
        group: u64,
    },
    /// Makes a user, if nobody has the name.
    Create {
        name: u64,
    },
    /// Removes whoever has the name.
    Remove {
        name: u64,
    },
    /// Everything issued to the client until now is dead.
    Revoke {
        client: u64,
    },
    Suspend {
        client: u64,
        active: bool,
    },
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Code {
        code: u64,
    },
    Counter {
        counter: u64,
    },
    Slot {
        slot: u64,
    },
    Register {
        register: u64,
    },
    Lease {
        lease: u64,
    },
    /// How many members.
    Group {
        group: u64,
    },
    /// Who has the name.
    Name {
        name: u64,
    },
    /// Whether tokens may be issued to the client.
    Issue {
        client: u64,
    },
    /// The client's marker: whether a token lives is decided by it.
    Introspect {
        client: u64,
        issued: u64,
    },
    /// The receipt of a transaction.
    Receipt {
        of: u64,
    },
}

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Write(Write),
    Read(Read, Freshness),
}

/// An operation at a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// Counts up; a transaction's receipt stands under it.
    pub(crate) id: u64,
    pub(crate) client: usize,
    pub(crate) node: u64,
    pub(crate) op: Op,
    pub(crate) within: Duration,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Committed at this revision; the answer; evaluated at this time.
    Committed { revision: Revision, answer: u64, now: u64 },
    /// Answered without a write from a view at this revision.
    Answered { revision: Revision, answer: u64, now: u64, age: Duration },
    /// Certainly nothing happened.
    NotDone,
    /// Nobody knows.
    Unknown,
}

/// Answers that stand for a refusal or an absence.
pub(crate) const NONE: u64 = u64::MAX;
/// A family that was ended by this very transaction.
pub(crate) const ENDED: u64 = u64::MAX - 1;
