//! `woadctl user set-password REALM USER`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Named, Operator};
use crate::admin::Call;
use crate::failure::Failure;
use crate::password;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// File whose first line is the password; - for standard input. Without it, it is asked for, unseen.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) async fn run(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    let password = match &wanted.file {
        Some(path) => password::from_file(path)?,
        None => password::from_terminal(&format!("New password of {}", wanted.named.user))?,
    };
    let call = Call::put(format!("{}/password", wanted.named.path()));
    operator.call(call.with_body(json!({ "password": password.as_str() }))).await?;
    let set = json!({ "password_set": wanted.named.user });
    operator.output.show(&set, |set| format!("password of {} is set\n", cell(set, "password_set")))
}
