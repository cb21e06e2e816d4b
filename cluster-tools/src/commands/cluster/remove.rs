//! `woadctl cluster remove NODE`

use clap::Args;
use serde_json::json;

use super::bundle::{self, Kept};
use super::{Operator, warn_of_even};
use crate::admin::Call;
use crate::confirm::Confirmation;
use crate::failure::Failure;
use crate::output::note;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The member's id.
    node: u64,
    /// Its data and keys are known to be destroyed. Without this, cluster key and authority are rotated, and a new
    /// recovery bundle is shown.
    #[arg(long, conflicts_with = "bundle")]
    destroyed: bool,
    #[command(flatten)]
    to: bundle::To,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let (node, destroyed) = (wanted.node, wanted.destroyed);
    wanted.confirmation.ask(&format!("Remove node {node}? It can't come back with its data."))?;
    let how = if destroyed { "?destroyed=true" } else { "" };
    let call = Call::delete(format!("/v1/cluster/members/{node}{how}"));
    let (file, rotates) = match wanted.to.of(operator, call).await? {
        Kept::None => (None, false),
        Kept::Shown => (None, true),
        Kept::File(path, _) => (Some(path.display().to_string()), true),
    };
    let shown = json!({ "removed": node, "recovery_bundle_file": file });
    let said = match &file {
        Some(file) => format!("node {node} is removed; new recovery bundle in {file}\n"),
        None => format!("node {node} is removed\n"),
    };
    // Standard output is the bundle's when it has no file.
    if file.is_some() || !rotates {
        operator.output.show(&shown, |_| said.clone())?;
    } else {
        note(said.trim_end());
    }
    if rotates {
        note(
            "cluster key and authority rotate by themselves; `woadctl cluster status` tells for whom they wait. Until \
            then a copy of its data and keys still opens the cluster",
        );
    }
    if let Ok(status) = operator.call(Call::get("/v1/cluster")).await {
        warn_of_even(&status);
    }
    Ok(())
}
