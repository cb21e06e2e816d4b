//! `woadctl group update REALM GROUP`

use clap::Args;
use serde_json::{Map, Value};

use super::{Named, Operator, table};
use crate::admin::Call;
use crate::commands::labels::{Label, label};
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    named: Named,
    /// Another last part of its name. Its subgroups are renamed with it.
    #[arg(long, value_name = "NAME")]
    leaf: Option<String>,
    /// What it is for; an empty text unsets.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The provisioning system's id of it; an empty text unsets.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,
    /// A label; may repeat, and replaces all that are there.
    #[arg(long = "label", value_name = "[PREFIX/]NAME[=VALUE]", value_parser = label)]
    labels: Vec<Label>,
    /// Take all labels away.
    #[arg(long, conflicts_with = "labels")]
    no_labels: bool,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let texts = [("leaf", wanted.leaf), ("description", wanted.description), ("external_id", wanted.external_id)];
    let mut fields: Map<String, Value> =
        texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
    if wanted.no_labels || !wanted.labels.is_empty() {
        fields.insert("labels".to_owned(), wanted.labels.iter().map(Label::to_label).collect());
    }
    if fields.is_empty() {
        return Err(Failure::Usage("no field is named".to_owned()));
    }
    operator.tell(Call::patch(wanted.named.path()).with_body(fields), table).await
}
