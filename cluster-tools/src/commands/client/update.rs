//! `woadctl client update REALM CLIENT`

use clap::Args;

use super::fields::Fields;
use super::{Named, Operator, table};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    fields: Fields,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let fields = wanted.fields.read()?;
    if fields.is_empty() {
        return Err(Failure::Usage("no field is named".to_owned()));
    }
    operator.tell(Call::patch(wanted.named.path()).with_body(fields), table).await
}
