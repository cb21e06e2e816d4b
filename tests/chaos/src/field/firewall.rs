//! What nodes hear of each other.
//!
//! Packets are dropped where they arrive: to a sender the network swallows them. Only isolation drops them where they are
//! sent, too, so that it begins in one moment.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::run::run;
use super::{Field, PLACES, address, namespace};

/// All nodes, and not the lab.
const NODES: &str = "10.77.0.0/28";

#[expect(clippy::unused_self, reason = "there has to be a field")]
impl Field {
    fn nft(place: usize, script: &str) -> Result<String> {
        run("nsenter", &[&format!("--net={}", namespace(place)), "nft", script])
    }

    fn rule(place: usize, rule: &str) -> Result<()> {
        let mut script = String::from("add table inet chaos; ");
        script.push_str("add chain inet chaos heard { type filter hook input priority 0; }; ");
        write!(script, "add rule inet chaos heard {rule}")?;
        Self::nft(place, &script).map(drop)
    }

    /// `place` no longer hears `from`.
    pub(crate) fn deafen(&self, place: usize, from: usize) -> Result<()> {
        Self::rule(place, &format!("ip saddr {} counter drop", address(from)))
    }

    /// Neither hears the other.
    pub(crate) fn cut(&self, one: usize, other: usize) -> Result<()> {
        self.deafen(one, other)?;
        self.deafen(other, one)
    }

    /// Nobody hears `place`, and it hears nobody; both from one moment on.
    pub(crate) fn isolate(&self, place: usize) -> Result<()> {
        let script = "add table inet chaos; add chain inet chaos heard { type filter hook input priority 0; }; \
             add chain inet chaos said { type filter hook output priority 0; }; ";
        let rules = format!(
            "{script} add rule inet chaos heard ip saddr {NODES} counter drop; \
             add rule inet chaos said ip daddr {NODES} counter drop"
        );
        Self::nft(place, &rules).map(drop)
    }

    /// `place` loses that share of what other nodes send.
    pub(crate) fn lose(&self, place: usize, percent: u8) -> Result<()> {
        Self::rule(place, &format!("ip saddr {NODES} numgen random mod 100 < {percent} counter drop"))
    }

    /// `place` hears everybody.
    pub(crate) fn heal_at(&self, place: usize) -> Result<u64> {
        let dropped = Self::dropped_at(place)?;
        Self::nft(place, "add table inet chaos; delete table inet chaos")?;
        Ok(dropped)
    }

    /// Everybody hears everybody; how many packets were dropped before.
    pub(crate) fn heal(&self) -> Result<u64> {
        (0..PLACES).map(|place| self.heal_at(place)).sum()
    }

    /// How many packets were dropped since the last healing.
    pub(crate) fn dropped(&self) -> Result<u64> {
        (0..PLACES).map(Self::dropped_at).sum()
    }

    fn dropped_at(place: usize) -> Result<u64> {
        let rules = Self::nft(place, "list ruleset")?;
        let counts = rules.split("counter packets ").skip(1);
        counts.map(|rest| rest.split(' ').next().context("a count")?.parse::<u64>().context("a count")).sum()
    }
}
