//! `woadctl user set-end-time REALM USER MOMENT`

use clap::Args;
use serde_json::json;

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::commands::moment::{End, Moment, end};
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// When, such as 2027-01-31T12:00:00Z, or `never`. Their sessions and tokens are dead from then on.
    #[arg(value_name = "MOMENT", value_parser = end)]
    end: End,
}

pub(super) async fn run(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    let path = format!("{}/end-time", wanted.named.path());
    let call = match wanted.end {
        End::At(Moment(millis)) => Call::put(path).with_body(json!({ "end_time_ms": millis })),
        End::Never => Call::delete(path),
    };
    operator.tell(call, view::table).await
}
