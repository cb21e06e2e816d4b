//! `woadctl cluster rejoin NODE`: takes a damaged node out and makes the token by which it comes back as a new one.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::Operator;
use crate::admin::Call;
use crate::commands::token::whole_seconds;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::output::note;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The damaged member's id. It comes back under another one.
    node: u64,
    /// How long the token is good for: 30m, 2h; at most 7d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = whole_seconds)]
    ttl: Duration,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let node = wanted.node;
    let question = format!("Remove node {node} and let it join again as a new one? Its data are given up.");
    wanted.confirmation.ask(&question)?;
    // It comes back on the same machine: its keys stay in the cluster's hands.
    match operator.call(Call::delete(format!("/v1/cluster/members/{node}?destroyed=true"))).await {
        Ok(_) => note(&format!("node {node} is removed")),
        // Removed before, and the token was lost or has expired.
        Err(failure) if failure.is_kind("no-such-member") => note(&format!("node {node} is no member any more")),
        Err(failure) => return Err(failure),
    }
    let call = Call::post("/v1/cluster/join-tokens").with_body(json!({ "valid_seconds": wanted.ttl.as_secs() }));
    let answer = operator.call(call).await?;
    operator.output.show(&answer, |answer| format!("{}\n", cell(answer, "token")))?;
    note(
        "on the damaged node: stop the service, run `woad rejoin` with this token on standard input, start the service",
    );
    Ok(())
}
