//! `woadctl admin create --realm REALM`

use clap::Args;
use serde_json::{Map, Value};

use super::Operator;
use crate::admin::{Call, segment};
use crate::commands::again::Again;
use crate::commands::user::link_table;
use crate::failure::Failure;
use crate::output::note;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    #[arg(long)]
    realm: String,
    /// Their user name.
    #[arg(long, value_name = "NAME", default_value = "admin")]
    user_name: String,
    /// Their e-mail address.
    #[arg(long, value_name = "MAIL")]
    email: Option<String>,
    /// First name.
    #[arg(long, value_name = "TEXT")]
    given: Option<String>,
    /// Last name.
    #[arg(long, value_name = "TEXT")]
    family: Option<String>,
    /// Make one even though the realm has an active administrator.
    #[arg(long)]
    another: bool,
    #[command(flatten)]
    again: Again,
}

impl Wanted {
    fn body(&self) -> Map<String, Value> {
        let text = |value: &Option<String>| value.as_deref().map(Value::from);
        let fields = [
            ("user_name", Some(self.user_name.as_str().into())),
            ("email", text(&self.email)),
            ("given", text(&self.given)),
            ("family", text(&self.family)),
            ("another", self.another.then_some(Value::Bool(true))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post(format!("/v1/realms/{}/administrators", segment(&wanted.realm)));
    let call = call.with_body(wanted.body()).with_key(Some(wanted.again.key()));
    let answer = operator.call(call).await.map_err(|failure| wanted.again.explain(failure))?;
    operator.output.show(&answer, link_table)?;
    if answer.get("url").is_some() {
        let (name, until) = (&wanted.user_name, cell(&answer, "expires_ms"));
        note(&format!("{name} sets a password there; good once, until {until}"));
    } else {
        note(&cell(&answer, "note"));
    }
    Ok(())
}
