//! `woadctl token create join`

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Operator, cluster};
use crate::admin::Call;
use crate::failure::Failure;
use crate::output::note;
use crate::table::cell;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a token.
    #[command(subcommand)]
    Create(Kind),
}

#[derive(Subcommand)]
pub(crate) enum Kind {
    /// A token by which one new node may join: single-use, and a secret, for whoever joins reads everything.
    Join(Wanted),
}

#[derive(Args)]
pub(crate) struct Wanted {
    /// How long it is good for: 30m, 2h; at most 7d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = whole_seconds)]
    ttl: Duration,
}

/// A time of whole seconds, one at least.
pub(crate) fn whole_seconds(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time.as_secs() == 0 || time.subsec_nanos() != 0 {
        return Err("must be whole seconds, one at least".to_owned());
    }
    Ok(time)
}

pub(crate) async fn run(operator: &Operator, Command::Create(Kind::Join(wanted)): Command) -> Result<(), Failure> {
    let call = Call::post("/v1/cluster/join-tokens").with_body(json!({ "valid_seconds": wanted.ttl.as_secs() }));
    let answer = operator.call(call).await?;
    operator.output.show(&answer, |answer| format!("{}\n", cell(answer, "token")))?;
    note(&format!("good for one node until {}; give it to that node alone", cell(&answer, "expires_ms")));
    if let Ok(status) = operator.call(Call::get("/v1/cluster")).await
        && !cluster::voters(&status).is_multiple_of(2)
        && cluster::voters(&status) > 1
    {
        note("the cluster will have an even number of voters, which tolerates no more failures than one less: add two");
    }
    Ok(())
}
