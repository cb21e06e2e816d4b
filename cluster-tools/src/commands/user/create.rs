//! `woadctl user create REALM NAME`

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::fields::Fields;
use super::{Operator, view};
use crate::admin::{Call, segment};
use crate::commands::again::Again;
use crate::commands::moment::{Moment, moment};
use crate::failure::Failure;
use crate::password;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    realm: String,
    /// The user name.
    name: String,
    /// The person's id, a UUID. Default: drawn.
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// Make them suspended.
    #[arg(long)]
    suspended: bool,
    /// When the account ends.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    end_time: Option<Moment>,
    /// File whose first line is their password; - for standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    again: Again,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut body = wanted.fields.read()?;
    let mut set = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    set("user_name", wanted.name.as_str().into());
    if let Some(id) = &wanted.id {
        set("id", id.as_str().into());
    }
    if wanted.suspended {
        set("active", false.into());
    }
    if let Some(Moment(millis)) = wanted.end_time {
        set("end_time_ms", millis.into());
    }
    if let Some(path) = &wanted.password_file {
        set("password", password::from_file(path)?.as_str().into());
    }
    let call = Call::post(format!("/v1/realms/{}/users", segment(&wanted.realm)));
    let call = call.with_body(body).with_key(Some(wanted.again.key()));
    operator.tell(call, view::table).await.map_err(|failure| wanted.again.explain(failure))
}
