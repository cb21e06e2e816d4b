//! `woadctl user update REALM USER`

use clap::Args;

use super::fields::Fields;
use super::{Named, Operator, view};
use crate::admin::Call;
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// Another user name.
    #[arg(long, value_name = "NAME")]
    user_name: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut fields = wanted.fields.read()?;
    if let Some(name) = &wanted.user_name {
        fields.insert("user_name".to_owned(), name.as_str().into());
    }
    if fields.is_empty() {
        return Err(Failure::Usage("no field is named".to_owned()));
    }
    operator.tell(Call::patch(wanted.named.path()).with_body(fields), view::table).await
}
