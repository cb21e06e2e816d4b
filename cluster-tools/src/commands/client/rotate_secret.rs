//! `woadctl client rotate-secret REALM CLIENT`

use clap::Args;
use serde_json::json;

use super::{Named, Operator, warn_of_secret};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// End the tokens issued so far as well: when the secret has leaked.
    #[arg(long)]
    end_tokens: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let client = &wanted.named.client;
    wanted.confirmation.ask(&format!("Replace the secret of client {client}? The old one ceases to work."))?;
    let call = Call::post(format!("{}/rotate-secret", wanted.named.path()));
    let answer = operator.call(call.with_body(json!({ "end_tokens": wanted.end_tokens }))).await?;
    operator.output.show(&answer, |answer| format!("{}\n", cell(answer, "client_secret")))?;
    warn_of_secret();
    Ok(())
}
