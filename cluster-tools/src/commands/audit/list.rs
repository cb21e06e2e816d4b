//! `woadctl audit list`

use clap::Args;
use serde_json::Value;

use super::{Of, Operator, PAGE};
use crate::failure::Failure;
use crate::table::{cell, columns, list};

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    of: Of,
    /// The number of the first to show. Default: the newest are shown.
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    /// How many to show, 100 at most.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=PAGE))]
    count: u64,
}

fn who(event: &Value) -> String {
    let actor = event.get("actor").unwrap_or(&Value::Null);
    match (cell(actor, "kind"), cell(actor, "id")) {
        (kind, id) if id == "-" => kind,
        (kind, id) => format!("{kind} {id}"),
    }
}

fn row(record: &Value) -> Vec<String> {
    let event = record.get("event").unwrap_or(&Value::Null);
    // The cluster's own events have other words for the same.
    let either = |one: &str, other: &str| if event.get(one).is_some() { cell(event, one) } else { cell(event, other) };
    let (what, object) = (either("what", "action"), either("object", "subject"));
    vec![cell(record, "number"), cell(record, "at_ms"), what, object, who(event), either("changes", "detail")]
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let from = if let Some(from) = wanted.from {
        from
    } else {
        let seen = wanted.of.page(operator, u64::MAX, 1).await?;
        let count = seen.get("count").and_then(Value::as_u64).unwrap_or_default();
        (count + 1).saturating_sub(wanted.count)
    };
    let page = wanted.of.page(operator, from, wanted.count).await?;
    operator.output.show(&page, |page| {
        let rows: Vec<Vec<String>> = list(page, "events").iter().map(row).collect();
        columns(&["NUMBER", "AT", "WHAT", "OBJECT", "BY", "DETAILS"], &rows)
    })
}
