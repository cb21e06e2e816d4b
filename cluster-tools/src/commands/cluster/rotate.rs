//! `woadctl cluster rotate-key`, `rotate-ca` and `finish-rotation`

use clap::Args;
use serde_json::{Value, json};

use super::Operator;
use super::bundle::{self, Kept};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::output::note;
use crate::table::list;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    to: bundle::To,
}

#[derive(Args)]
pub(crate) struct Finish {
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn key(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    begin(operator, wanted, "/v1/cluster/rotate-key", "cluster key").await
}

pub(super) async fn authority(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    begin(operator, wanted, "/v1/cluster/rotate-ca", "authority").await
}

async fn begin(operator: &Operator, wanted: Wanted, path: &str, what: &str) -> Result<(), Failure> {
    match wanted.to.of(operator, Call::post(path)).await? {
        Kept::None => return Err(Failure::Answer),
        Kept::Shown => {}
        Kept::File(path, _) => {
            let file = path.display().to_string();
            let shown = json!({ "rotating": what, "recovery_bundle_file": file });
            operator
                .output
                .show(&shown, |_| format!("the {what} is being rotated; new recovery bundle in {file}\n"))?;
        }
    }
    note(&format!("the {what} rotates by itself; `woadctl cluster status` tells for whom it waits"));
    Ok(())
}

pub(super) async fn finish(operator: &Operator, wanted: Finish) -> Result<(), Failure> {
    let question = "Wait no longer for nodes that don't answer? They can't come back as they are.";
    wanted.confirmation.ask(question)?;
    let left = |answer: &Value| -> String {
        let nodes: Vec<String> = list(answer, "left_behind").iter().map(ToString::to_string).collect();
        format!("left behind: node {}; remove them, then they may join again\n", nodes.join(", "))
    };
    operator.tell(Call::post("/v1/cluster/finish-rotation"), left).await
}
