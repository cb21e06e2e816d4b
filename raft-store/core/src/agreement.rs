//! Replicas hashed against each other: what their answers come to (store.md 23).

use crate::ids::{NodeId, Timestamp};

/// Between two rounds, ms of cluster time: the longest that damage goes unseen.
pub const EVERY_MS: u64 = 3_600_000;
/// After this long, ms of cluster time, a round's missing answers are no longer waited for.
pub const LASTS_MS: u64 = 1_800_000;
/// A round that was asked for so lately is joined by who asks again, ms of cluster time.
pub const JOINED_MS: u64 = 30_000;

/// What a node says of its state at a round's index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// SHA-256 over all of it.
    Digest([u8; 32]),
    /// It could not be read, in the storage's words.
    Unreadable(String),
}

/// A node that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub node: NodeId,
    /// Whether it voted when the round began: only voters make a majority.
    pub voter: bool,
    /// Its answer, if it has given one.
    pub finding: Option<Finding>,
    /// How long it read, in ms; 0 before it has answered.
    pub took_ms: u64,
}

/// What a round comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// Answers are missing, and those that came do not contradict each other.
    Pending,
    /// A majority of voters has one value and nobody has another. Who has not answered was not compared.
    Agreed,
    /// A majority of voters has one value; some nodes have another, or could not read theirs.
    Minority,
    /// Values differ and no majority can come to any. Nobody knows who is right.
    NoMajority,
}

impl Agreement {
    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Agreed => "agreed",
            Self::Minority => "minority",
            Self::NoMajority => "no majority",
        }
    }
}

/// What one node's answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has not answered.
    Silent,
    /// It has the majority's value.
    Agrees,
    /// It has another value than a majority of voters: its state is wrong.
    Differs,
    /// It could not read its state.
    Damaged,
    /// There is no majority's value to compare with.
    Unjudged,
}

impl Standing {
    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Agrees => "agrees",
            Self::Differs => "differs",
            Self::Damaged => "damaged",
            Self::Unjudged => "unjudged",
        }
    }
}

/// The value of more than half of the voters, those counted that have not answered.
#[must_use]
pub fn majority(asked: &[Asked]) -> Option<[u8; 32]> {
    let voters = asked.iter().filter(|node| node.voter).count();
    let values = voters_values(asked);
    values.iter().find(|value| 2 * values.iter().filter(|other| other == value).count() > voters).copied()
}

fn voters_values(asked: &[Asked]) -> Vec<[u8; 32]> {
    let voters = asked.iter().filter(|node| node.voter);
    voters
        .filter_map(|node| match &node.finding {
            Some(Finding::Digest(value)) => Some(*value),
            _ => None,
        })
        .collect()
}

/// What a round comes to. `over`: no further answer is waited for.
#[must_use]
pub fn judge(asked: &[Asked], over: bool) -> Agreement {
    let standings = || asked.iter().map(|node| standing(node, asked));
    if majority(asked).is_some() {
        return if standings().any(|standing| matches!(standing, Standing::Differs | Standing::Damaged)) {
            Agreement::Minority
        } else if over || standings().all(|standing| standing != Standing::Silent) {
            Agreement::Agreed
        } else {
            Agreement::Pending
        };
    }
    let values = voters_values(asked);
    let silent = asked.iter().filter(|node| node.voter && node.finding.is_none()).count();
    let voters = asked.iter().filter(|node| node.voter).count();
    let best = values.iter().map(|value| values.iter().filter(|other| *other == value).count()).max().unwrap_or(0);
    let differ = values.iter().any(|value| Some(value) != values.first());
    let reachable = 2 * (best + silent) > voters && !over;
    let unreadable = standings().any(|standing| standing == Standing::Damaged);
    if !reachable && (differ || (unreadable && silent == 0)) { Agreement::NoMajority } else { Agreement::Pending }
}

/// What one node's answer is worth among all of its round.
#[must_use]
pub fn standing(node: &Asked, asked: &[Asked]) -> Standing {
    match (&node.finding, majority(asked)) {
        (None, _) => Standing::Silent,
        (Some(Finding::Unreadable(_)), _) => Standing::Damaged,
        (Some(Finding::Digest(_)), None) => Standing::Unjudged,
        (Some(Finding::Digest(value)), Some(majority)) if *value == majority => Standing::Agrees,
        (Some(Finding::Digest(_)), Some(_)) => Standing::Differs,
    }
}

/// A round as the state knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// The index at which all hash.
    pub index: u64,
    /// When it began, cluster time.
    pub began: Timestamp,
    /// Why.
    pub reason: String,
    /// Everyone who was asked.
    pub asked: Vec<Asked>,
    /// What it comes to.
    pub agreement: Agreement,
}

/// What a node knows of agreement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementStatus {
    /// The newest round.
    pub round: Option<Round>,
    /// The index and cluster time of the newest round that ended in agreement; zero: none.
    pub verified: (u64, Timestamp),
    /// Why this node has left service, if it has.
    pub left: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<Finding> = Some(Finding::Digest([1; 32]));
    const B: Option<Finding> = Some(Finding::Digest([2; 32]));
    const C: Option<Finding> = Some(Finding::Digest([3; 32]));

    fn bad() -> Option<Finding> {
        Finding::Unreadable("checksum".to_owned()).into()
    }

    fn of(voters: &[Option<Finding>]) -> Vec<Asked> {
        let asked = |(at, finding): (usize, &Option<Finding>)| Asked {
            node: NodeId(at as u64 + 1),
            voter: true,
            finding: finding.clone(),
            took_ms: 0,
        };
        voters.iter().enumerate().map(asked).collect()
    }

    #[test]
    fn a_majority_of_voters_decides_and_silence_counts_against_it() {
        use Agreement::{Agreed, Minority, NoMajority, Pending};
        let cases: [(&[Option<Finding>], Agreement, Agreement); 14] = [
            (&[None, None, None], Pending, Pending),
            (&[A, None, None], Pending, Pending),
            (&[A, A, None], Pending, Agreed),
            (&[A, A, A], Agreed, Agreed),
            (&[A, A, B], Minority, Minority),
            (&[A, B, None], Pending, NoMajority),
            (&[A, B, C], NoMajority, NoMajority),
            (&[A, B], NoMajority, NoMajority),
            (&[A], Agreed, Agreed),
            (&[A, A, bad()], Minority, Minority),
            (&[A, bad(), bad()], NoMajority, NoMajority),
            (&[A, A, B, B, None], Pending, NoMajority),
            (&[A, A, B, B, C], NoMajority, NoMajority),
            (&[bad()], NoMajority, NoMajority),
        ];
        for (findings, before, after) in cases {
            assert_eq!(judge(&of(findings), false), before, "{findings:?}");
            assert_eq!(judge(&of(findings), true), after, "{findings:?}, over");
        }
    }

    #[test]
    fn a_learner_is_compared_and_makes_no_majority() {
        let mut asked = of(&[A, B, B]);
        asked[2].voter = false;
        assert_eq!(judge(&asked, false), Agreement::NoMajority);
        let mut asked = of(&[A, A, B]);
        asked[2].voter = false;
        assert_eq!(judge(&asked, false), Agreement::Minority);
        assert_eq!(standing(&asked[2], &asked), Standing::Differs);
        assert_eq!(standing(&asked[0], &asked), Standing::Agrees);
    }

    #[test]
    fn without_a_majority_nobody_differs() {
        let asked = of(&[A, B, C]);
        assert!(asked.iter().all(|node| standing(node, &asked) == Standing::Unjudged));
    }
}
