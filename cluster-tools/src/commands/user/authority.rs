//! `woadctl user grant|withdraw REALM USER AUTHORITY`

use clap::{Args, ValueEnum};

use super::{Named, Operator, view};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// What.
    #[arg(value_enum)]
    authority: Authority,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Authority {
    /// May have tokens for administration (`ROLE_ADMIN`). A realm keeps its last active one.
    Administrator,
    /// May have tokens that read (`ROLE_READER`).
    Reader,
}

impl Wanted {
    fn path(&self) -> String {
        let authority = match self.authority {
            Authority::Administrator => "administrator",
            Authority::Reader => "reader",
        };
        format!("{}/authorities/{authority}", self.named.path())
    }
}

pub(super) async fn grant(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    operator.tell(Call::put(wanted.path()), view::table).await
}

pub(super) async fn withdraw(operator: &Operator, wanted: &Wanted) -> Result<(), Failure> {
    operator.tell(Call::delete(wanted.path()), view::table).await
}
