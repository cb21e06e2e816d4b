//! `woadctl cluster status`

use serde_json::Value;

use super::{Operator, warn_of_even};
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::{cell, columns, fields, list, rows};

const FIELDS: [(&str, &str); 15] = [
    ("cluster", "cluster_id"),
    ("node", "node"),
    ("state", "state"),
    ("leader", "leader"),
    ("term", "term"),
    ("log", "last_log"),
    ("applied", "applied"),
    ("snapshot", "snapshot"),
    ("incarnation", "incarnation"),
    ("clock", "clock_ms"),
    ("sealed", "sealed"),
    ("version", "version"),
    ("disk", "disk"),
    ("disk free", "disk_free"),
    ("fault", "fault"),
];
const AGREEMENT: [(&str, &str); 3] =
    [("replicas equal at", "verified_index"), ("compared", "verified_ms"), ("out of service", "quarantined")];
const MEMBERS: [&str; 8] = ["id", "peer_address", "voter", "leader", "matched", "last_ack_ms", "disk", "behind"];

fn table(status: &Value) -> String {
    let members = columns(
        &["MEMBER", "PEER ADDRESS", "VOTES", "LEADS", "MATCHED", "ACK MS AGO", "DISK", "LOST DATA"],
        &rows(status, "members", &MEMBERS),
    );
    let agreement = status.get("agreement").map(|agreement| fields(agreement, &AGREEMENT)).unwrap_or_default();
    format!("{}{agreement}\n{members}{}", fields(status, &FIELDS), rotations(status))
}

/// Rotations under way, and for whom they wait.
fn rotations(status: &Value) -> String {
    let row = |rotation: &Value| {
        let waiting: Vec<String> = list(rotation, "waiting_for").iter().map(ToString::to_string).collect();
        format!("  {}: {}; waiting for node {}\n", cell(rotation, "what"), cell(rotation, "stage"), waiting.join(", "))
    };
    let rows: String = list(status, "rotations").iter().map(row).collect();
    if rows.is_empty() { rows } else { format!("\nROTATIONS\n{rows}") }
}

pub(super) async fn run(operator: &Operator) -> Result<(), Failure> {
    let status = operator.call(Call::get("/v1/cluster")).await?;
    operator.output.show(&status, table)?;
    warn_of_even(&status);
    Ok(())
}
