//! `woadctl cluster init`

use clap::Args;
use serde_json::json;

use super::Operator;
use super::bundle::{self, Kept};
use crate::admin::Call;
use crate::failure::Failure;
use crate::table::cell;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    to: bundle::To,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    match wanted.to.of(operator, Call::post("/v1/cluster/init")).await? {
        Kept::None => Err(Failure::Answer),
        Kept::Shown => Ok(()),
        Kept::File(path, bundle) => {
            let file = path.display().to_string();
            let shown = json!({ "cluster_id": bundle.get("cluster_id"), "recovery_bundle_file": file });
            operator.output.show(&shown, |shown| {
                format!("cluster {} is made; recovery bundle in {file}\n", cell(shown, "cluster_id"))
            })
        }
    }
}
