//! `woadctl cluster verify`: compares the replicas, all of their state. Exit code 1 unless all are equal.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::Value;

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::{columns, fields, list, rows};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Args)]
pub(crate) struct Wanted {
    /// How long to wait for the replicas' answers, in seconds. A large state takes minutes to read.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    within: u64,
}

const FIELDS: [(&str, &str); 3] = [("index", "index"), ("verdict", "agreement"), ("reason", "reason")];
const NODES: [&str; 6] = ["node", "voter", "standing", "milliseconds", "digest", "error"];

/// A round as a table.
pub(super) fn table(round: &Value) -> String {
    let nodes =
        columns(&["NODE", "VOTES", "STANDING", "MILLISECONDS", "DIGEST", "ERROR"], &rows(round, "nodes", &NODES));
    format!("{}\n{nodes}", fields(round, &FIELDS))
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What speaks against equality, in words; `None`: nothing.
pub(super) fn complaint(round: &Value) -> Option<String> {
    let of = |standing: &str| {
        let nodes = list(round, "nodes").iter().filter(|node| text(node, "standing") == standing);
        nodes.filter_map(|node| node.get("node")).map(Value::to_string).collect::<Vec<_>>().join(", ")
    };
    match text(round, "agreement") {
        "agreed" => None,
        "minority" => {
            let wrong = [("differs", of("differs")), ("cannot read its state", of("damaged"))];
            let wrong = wrong.iter().filter(|(_, nodes)| !nodes.is_empty());
            let wrong: Vec<String> = wrong.map(|(what, nodes)| format!("node {nodes} {what}")).collect();
            Some(format!(
                "{}: it leaves service; take it out with `woadctl cluster remove`, empty its data folder and join it anew",
                wrong.join("; ")
            ))
        }
        "no majority" => {
            Some("the replicas differ and no value has a majority: nobody knows which is right".to_owned())
        }
        _ => Some(format!("node {} has not answered", of("silent"))),
    }
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let begun = operator.call(Call::post("/v1/cluster/verify")).await?;
    let index = begun.get("index").and_then(Value::as_u64).ok_or(Failure::Answer)?;
    let until = Instant::now() + Duration::from_secs(wanted.within);
    let round = loop {
        let seen = operator.call(Call::get("/v1/cluster/agreement")).await?;
        let round = seen.get("round").cloned().unwrap_or_default();
        let at = round.get("index").and_then(Value::as_u64).unwrap_or_default();
        if at > index {
            return Err(Failure::Unavailable(
                "another comparison has begun meanwhile; ask for its result again".to_owned(),
            ));
        }
        // One that differs is known before everybody has answered; the table is to show everybody.
        let silent = list(&round, "nodes").iter().any(|node| text(node, "standing") == "silent");
        if at == index && !silent || Instant::now() >= until {
            break round;
        }
        tokio::time::sleep(LOOK).await;
    };
    operator.output.show(&round, table)?;
    complaint(&round).map_or(Ok(()), |why| Err(Failure::Disagreement(why)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn round(agreement: &str, standings: [&str; 3]) -> Value {
        let nodes: Vec<Value> = (1..)
            .zip(standings)
            .map(|(node, standing)| json!({ "node": node, "voter": true, "standing": standing, "milliseconds": 3 }))
            .collect();
        json!({ "index": 9, "agreement": agreement, "nodes": nodes })
    }

    #[test]
    fn only_agreement_is_no_complaint_and_the_odd_one_is_named() {
        assert_eq!(complaint(&round("agreed", ["agrees"; 3])), None);
        let why = complaint(&round("minority", ["agrees", "agrees", "differs"])).unwrap();
        assert!(why.starts_with("node 3 differs: it leaves service"), "{why}");
        let why = complaint(&round("minority", ["agrees", "damaged", "agrees"])).unwrap();
        assert!(why.starts_with("node 2 cannot read its state"), "{why}");
        assert!(complaint(&round("no majority", ["unjudged"; 3])).is_some());
        assert_eq!(complaint(&round("pending", ["agrees", "agrees", "silent"])).unwrap(), "node 3 has not answered");
    }

    #[test]
    fn the_table_shows_every_node() {
        let shown = table(&round("agreed", ["agrees"; 3]));
        assert!(shown.contains("verdict  agreed") && shown.lines().count() == 7, "{shown}");
    }
}
