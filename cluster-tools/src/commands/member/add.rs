//! `woadctl member add REALM GROUP USER`

use clap::Args;
use serde_json::{Map, Value};

use super::{Operator, Pair};
use crate::admin::Call;
use crate::commands::moment::{Moment, moment};
use crate::failure::Failure;
use crate::table::fields;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    pair: Pair,
    /// From when it counts. Default: now.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    starts: Option<Moment>,
    /// When it ends. Default: never.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    ends: Option<Moment>,
}

pub(super) async fn run(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    let span: Map<String, Value> = [("starts_ms", wanted.starts), ("ends_ms", wanted.ends)]
        .into_iter()
        .filter_map(|(name, moment)| Some((name.to_owned(), moment?.0.into())))
        .collect();
    let call = Call::put(wanted.pair.path("members"));
    let call = if span.is_empty() { call } else { call.with_body(span) };
    operator
        .tell(call, |member| {
            let names = [("user", "user_name"), ("group", "group"), ("starts", "starts_ms"), ("ends", "ends_ms")];
            fields(member, &names)
        })
        .await
}
