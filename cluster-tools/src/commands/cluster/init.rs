//! `woadctl cluster init`

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;
use crate::output::{note, write};
use crate::private_file;
use crate::table::cell;

const CUSTODY: &str = "the recovery bundle holds the cluster key and the authority's key. It is shown this once and opens \
    every copy of the data: put it away from the nodes, encrypted, in two places";

#[derive(Args)]
pub(crate) struct Wanted {
    /// Write the recovery bundle to this new file, mode 0600. Default: to standard output.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let call = Call::post("/v1/cluster/init");
    let Some(path) = wanted.bundle else {
        let bundle = bundle_of(operator.call(call).await?)?;
        write(&format!("{bundle:#}\n"))?;
        note(CUSTODY);
        return Ok(());
    };

    // Made first: there is no second bundle for a file that can't be written.
    let failed = |source| Failure::File { path: path.clone(), source };
    let mut file = private_file::create(&path).map_err(failed)?;
    let made = match operator.call(call).await {
        Ok(answer) => bundle_of(answer),
        Err(failure) => Err(failure),
    };
    let bundle = made.inspect_err(|_| {
        // It is empty and was made by us.
        let _ = fs::remove_file(&path);
    })?;
    let text = format!("{bundle:#}\n");
    if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        note(&format!("{}: {error}; here is the bundle instead", path.display()));
        return write(&text);
    }
    let shown = json!({ "cluster_id": bundle.get("cluster_id"), "recovery_bundle_file": path.display().to_string() });
    operator.output.show(&shown, |shown| {
        format!("cluster {} is made; recovery bundle in {}\n", cell(shown, "cluster_id"), path.display())
    })?;
    note(CUSTODY);
    Ok(())
}

fn bundle_of(mut answer: Value) -> Result<Value, Failure> {
    match answer.get_mut("recovery_bundle").map(Value::take) {
        Some(bundle) if !bundle.is_null() => Ok(bundle),
        _ => Err(Failure::Answer),
    }
}
