//! Whether the node is alive, and whether it should get requests.

use std::time::Duration;

use raft_store_core::cluster::{DiskSpace, Health};
use serde_json::{Map, Value, json};

use crate::phase::Phase;

/// A quorum must have answered within this long. A cut-off node leaves the load balancer in less than 2 s; an election
/// (400 to 800 ms) alone does not make it leave.
pub const MAX_QUORUM_AGE: Duration = Duration::from_millis(1500);
/// Committed entries that may wait to be applied; well under a second's worth.
pub const MAX_APPLY_LAG: u64 = 10_000;
/// How far the clock may be off the voters' median, in ms.
pub const MAX_CLOCK_OFFSET_MS: u64 = 5_000;

/// One thing that readiness rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is called in `/readyz`.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was seen.
    pub seen: Value,
}

/// What is known of a node at one moment.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether a restart would not help: false only when storage or Raft has failed for good.
    pub live: bool,
    /// Everything readiness rests on; empty before there is a store.
    pub checks: Vec<Check>,
}

impl Assessment {
    /// Judges a phase and what the store tells of itself, if there is one yet.
    #[must_use]
    pub fn new(phase: Phase, health: Option<&Health>) -> Self {
        let live = health.is_none_or(|health| health.storage_ok);
        Self { phase, live, checks: health.map(checks).unwrap_or_default() }
    }

    /// Whether the node should get requests.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.phase == Phase::Running && self.live && self.checks.iter().all(|check| check.ok)
    }

    /// For people and monitoring on the operations listener.
    #[must_use]
    pub fn details(&self) -> Value {
        let checks: Map<String, Value> = self
            .checks
            .iter()
            .map(|check| (check.name.to_owned(), json!({"ok": check.ok, "seen": check.seen})))
            .collect();
        json!({"ready": self.ready(), "live": self.live, "phase": self.phase.to_string(), "checks": checks})
    }
}

fn checks(health: &Health) -> Vec<Check> {
    let millis = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let check = |name, ok, seen| Check { name, ok, seen };
    vec![
        check("member", health.initialised, json!(health.initialised)),
        check("storage", health.storage_ok, json!(health.storage_ok)),
        check("recovered", health.recovered, json!(health.recovered)),
        check("leader", health.leader.is_some(), json!(health.leader)),
        check(
            "quorum",
            health.quorum_age.is_some_and(|age| age <= MAX_QUORUM_AGE),
            json!({"age_ms": health.quorum_age.map(millis)}),
        ),
        check("lag", health.apply_lag <= MAX_APPLY_LAG, json!({"entries": health.apply_lag})),
        check("unsealed", !health.sealed, json!(!health.sealed)),
        check(
            "clock",
            health.clock_offset_ms.is_none_or(|offset| offset.unsigned_abs() <= MAX_CLOCK_OFFSET_MS),
            json!({"offset_ms": health.clock_offset_ms}),
        ),
        check("agreement", health.quarantined.is_none(), json!(health.quarantined)),
        check("disk", !health.fsync_stalled, json!(!health.fsync_stalled)),
        check("space", health.disk != DiskSpace::Exhausted, json!(health.disk.name())),
        check("data", health.fault.is_none(), json!(health.fault)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Health {
        Health {
            initialised: true,
            recovered: true,
            leader: Some(2),
            quorum_age: Some(Duration::from_millis(90)),
            apply_lag: 3,
            sealed: false,
            clock_offset_ms: Some(-12),
            storage_ok: true,
            fsync_stalled: false,
            quarantined: None,
            disk: DiskSpace::Low,
            fault: None,
        }
    }

    #[test]
    fn a_running_healthy_node_is_ready_in_no_other_phase() {
        for phase in [Phase::Uninitialised, Phase::Starting, Phase::Running, Phase::Draining, Phase::Stopped] {
            let seen = Assessment::new(phase, Some(&healthy()));
            assert_eq!(seen.ready(), phase == Phase::Running, "{phase}");
            assert!(seen.live);
        }
    }

    #[test]
    fn each_fault_makes_it_unready_and_is_named() {
        type Fault = fn(&mut Health);
        let faults: [(&str, Fault); 14] = [
            ("member", |health| health.initialised = false),
            ("recovered", |health| health.recovered = false),
            ("leader", |health| health.leader = None),
            ("quorum", |health| health.quorum_age = None),
            ("quorum", |health| health.quorum_age = Some(Duration::from_millis(1501))),
            ("lag", |health| health.apply_lag = 10_001),
            ("unsealed", |health| health.sealed = true),
            ("clock", |health| health.clock_offset_ms = Some(5_001)),
            ("clock", |health| health.clock_offset_ms = Some(i64::MIN)),
            ("storage", |health| health.storage_ok = false),
            ("disk", |health| health.fsync_stalled = true),
            ("agreement", |health| health.quarantined = Some("its state differs".to_owned())),
            ("space", |health| health.disk = DiskSpace::Exhausted),
            ("data", |health| health.fault = Some("it is behind".to_owned())),
        ];
        for (name, fault) in faults {
            let mut health = healthy();
            fault(&mut health);
            let seen = Assessment::new(Phase::Running, Some(&health));
            assert!(!seen.ready(), "{name}");
            let failed: Vec<_> = seen.checks.iter().filter(|check| !check.ok).map(|check| check.name).collect();
            assert_eq!(failed, [name]);
            assert_eq!(seen.live, name != "storage");
        }
    }

    #[test]
    fn a_clock_nobody_has_compared_yet_is_no_fault() {
        let health = Health { clock_offset_ms: None, ..healthy() };
        assert!(Assessment::new(Phase::Running, Some(&health)).ready());
    }
}
