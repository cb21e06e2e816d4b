//! `woadctl audit retain`

use clap::Args;
use serde_json::{Value, json};

use super::{Of, Operator};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
#[group(id = "how_long", required = true, multiple = false, args = ["days", "forever"])]
pub(crate) struct Wanted {
    #[command(flatten)]
    of: Of,
    /// Prune what is older than so many days, behind a signed checkpoint.
    #[arg(long)]
    days: Option<u32>,
    /// Keep everything, as is the default.
    #[arg(long)]
    forever: bool,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::put(format!("{}/retention", wanted.of.path())).with_body(json!({ "keep_days": wanted.days }));
    operator
        .tell(call, |answer| match answer.get("keep_days").and_then(Value::as_u64) {
            Some(days) => format!("events are kept for {days} days\n"),
            None => "events are kept for ever\n".to_owned(),
        })
        .await
}
