//! `woadctl cluster doctor`: what an operator should see to. Exit code 1 when there is something.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::verify::complaint;
use super::{Operator, voters};
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::{cell, list};

/// Entries behind the leader's log after which a member is named.
const BEHIND: u64 = 10_000;

/// Seconds between cluster time and this machine's clock that are named: a node further off the voters' median is unready.
const CLOCK_OFF: u64 = 5;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Days left to a peer certificate after which it should have been renewed: a third of its life.
const RENEWED_BY: u64 = 30;

/// Whether the node's peer certificate was not renewed when it should have been.
fn certificate(status: &Value) -> Option<String> {
    let number = |key: &str| status.get(key).and_then(Value::as_u64).filter(|ms| *ms > 0);
    let (expires, now) = (number("peer_certificate_expires_ms")?, number("clock_ms")?);
    let left = expires.saturating_sub(now);
    if left == 0 {
        return Some("this node's peer certificate has expired: no other node can be reached; see its log".to_owned());
    }
    let days = left / DAY_MS;
    (days < RENEWED_BY)
        .then(|| format!("this node's peer certificate ends in {days} days and was not renewed; see its log"))
}

/// Whether cluster time is another than this machine's, which says `wall_ms`.
fn clock(status: &Value, wall_ms: u64) -> Option<String> {
    let cluster = status.get("clock_ms").and_then(Value::as_u64).filter(|ms| *ms > 0)?;
    let seconds = cluster.abs_diff(wall_ms) / 1000;
    (seconds > CLOCK_OFF).then(|| {
        if cluster > wall_ms {
            format!(
                "cluster time is {seconds} s ahead of this machine's clock: if most voters' clocks are behind, it stands \
                 still until they have caught up; see to NTP on all nodes"
            )
        } else {
            format!("cluster time is {seconds} s behind this machine's clock; see to NTP on all nodes")
        }
    })
}

/// Everything that is not as it should be, in words.
fn findings(status: &Value, wall_ms: u64) -> Vec<String> {
    let mut out: Vec<String> = clock(status, wall_ms).into_iter().collect();
    if status.get("custody_confirmed") != Some(&Value::Bool(true)) {
        out.push(
            "nobody has confirmed that the recovery bundle is in safe custody: keep it off these machines, then \
             `woadctl cluster confirm-custody`"
                .to_owned(),
        );
    }
    if status.get("leader").is_none_or(Value::is_null) {
        out.push("this node knows no leader: there may be no quorum".to_owned());
    }
    if status.get("sealed") == Some(&Value::Bool(true)) {
        out.push("this node lacks the cluster key: it votes, and serves nothing".to_owned());
    }
    if let Some(fault) = status.get("fault").and_then(Value::as_str) {
        out.push(format!("this node serves no more: {fault}; see \"A damaged node\" in docs/runbook.md"));
    }
    out.extend(certificate(status));
    for rotation in list(status, "rotations") {
        let waiting: Vec<String> = list(rotation, "waiting_for").iter().map(ToString::to_string).collect();
        out.push(format!("the {} is being rotated; it waits for node {}", cell(rotation, "what"), waiting.join(", ")));
    }
    let voters = voters(status);
    if voters == 1 {
        out.push("there is one voter: any failure stops the cluster; add two".to_owned());
    } else if voters > 0 && voters.is_multiple_of(2) {
        out.push(format!("{voters} voters tolerate no more failures than {}", voters - 1));
    }
    out.extend(disagreement(status));
    let number = |of: &Value, key: &str| of.get(key).and_then(Value::as_u64);
    let last = number(status, "last_log").unwrap_or_default();
    for member in status.get("members").and_then(Value::as_array).into_iter().flatten() {
        let id = number(member, "id").unwrap_or_default();
        if member.get("voter") != Some(&Value::Bool(true)) {
            out.push(format!("node {id} does not vote (yet)"));
        }
        match member.get("disk").and_then(Value::as_str) {
            Some("low") => out.push(format!(
                "the disk of node {id} is nearly full: on the leader or on most nodes, what makes records is refused"
            )),
            Some("exhausted") => out.push(format!("the disk of node {id} is full: it is unready and does not lead")),
            // What each node says of its disk once a second.
            None if member.get("disk") == Some(&Value::Null) => out.push(format!(
                "node {id} is not heard from this one: start it, or look at the network; if it is lost, see \"A lost \
                 node\" in docs/runbook.md"
            )),
            _ => {}
        }
        if member.get("behind") == Some(&Value::Bool(true)) {
            out.push(format!(
                "node {id} has lost what it had acknowledged: `woadctl cluster rejoin {id}` here, then `woad rejoin` there"
            ));
        }
        if number(member, "matched").is_some_and(|matched| matched + BEHIND < last) {
            out.push(format!("node {id} is more than {BEHIND} entries behind"));
        }
    }
    out
}

/// What the comparison of the replicas has found, and whether this node has left service.
fn disagreement(status: &Value) -> Vec<String> {
    let Some(agreement) = status.get("agreement") else { return Vec::new() };
    let mut out = Vec::new();
    if let Some(why) = agreement.get("quarantined").and_then(Value::as_str) {
        out.push(format!("this node has left service: {why}"));
    }
    let round = agreement.get("round").filter(|round| round.is_object());
    // A round under way is no finding.
    out.extend(round.filter(|round| round.get("agreement") != Some(&json!("pending"))).and_then(complaint));
    out
}

fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) async fn run(operator: &Operator) -> Result<(), Failure> {
    let status = operator.call(Call::get("/v1/cluster")).await?;
    let found = findings(&status, wall_ms());
    let shown = json!({ "findings": found });
    operator.output.show(&shown, |_| {
        if found.is_empty() {
            return "nothing to see to\n".to_owned();
        }
        found.iter().map(|finding| ["- ", finding.as_str(), "\n"].concat()).collect()
    })?;
    if found.is_empty() { Ok(()) } else { Err(Failure::Findings(found.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_healthy_cluster_has_no_findings() {
        let voter = |id: u64| json!({ "id": id, "voter": true });
        let mut status = json!({
            "custody_confirmed": true, "leader": 1, "sealed": false, "last_log": 9,
            "members": [voter(1), voter(2), voter(3)],
        });
        assert!(findings(&status, 0).is_empty());
        status["custody_confirmed"] = json!(false);
        status["members"] = json!([voter(1), voter(2)]);
        assert_eq!(findings(&status, 0).len(), 2);
        status["agreement"] = json!({ "quarantined": "why", "round": { "agreement": "no majority" } });
        assert_eq!(findings(&status, 0).len(), 4);
        status["agreement"] = json!({ "quarantined": null, "round": { "agreement": "pending" } });
        assert_eq!(findings(&status, 0).len(), 2);
        status["fault"] = json!("a block is damaged");
        status["members"][0]["disk"] = json!("low");
        status["members"][1]["disk"] = json!("exhausted");
        status["members"][1]["behind"] = json!(true);
        assert_eq!(findings(&status, 0).len(), 6);
        status["members"][1]["disk"] = Value::Null;
        assert!(findings(&status, 0).iter().any(|finding| finding.contains("node 2 is not heard")));
    }

    #[test]
    fn a_cluster_time_that_is_not_this_machines_is_a_finding() {
        let of = |cluster: u64, wall| clock(&json!({ "clock_ms": cluster }), wall);
        assert_eq!(of(100_000, 105_999), None);
        assert!(of(100_000, 90_000).unwrap().contains("10 s ahead"));
        assert!(of(100_000, 3_700_000).unwrap().contains("3600 s behind"));
        assert_eq!(clock(&json!({}), 7), None);
    }

    #[test]
    fn a_certificate_that_was_not_renewed_is_a_finding() {
        let of = |left: u64| certificate(&json!({ "peer_certificate_expires_ms": 7 + left, "clock_ms": 7 }));
        assert_eq!(of(60 * DAY_MS), None);
        assert!(of(14 * DAY_MS).unwrap().contains("14 days"));
        assert!(of(0).unwrap().contains("has expired"));
        assert_eq!(certificate(&json!({})), None);
    }
}
