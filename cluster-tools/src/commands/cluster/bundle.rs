//! Recovery bundles: shown once, so kept with care.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::Operator;
use crate::admin::Call;
use crate::failure::Failure;
use crate::output::{note, write};
use crate::private_file;

const CUSTODY: &str = "the recovery bundle holds the cluster key and the authority's key. It is shown this once and opens \
    every copy of the data: put it away from the nodes, encrypted, in two places";

#[derive(Args)]
pub(crate) struct To {
    /// Write the recovery bundle to this new file, mode 0600. Default: to standard output.
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Where a bundle went.
pub(super) enum Kept {
    /// To standard output.
    Shown,
    /// Into this file; the bundle itself, for what is said of it.
    File(PathBuf, Value),
    /// The answer has none.
    None,
}

impl To {
    /// Makes a call that answers a bundle, and keeps it.
    pub(super) async fn of(self, operator: &Operator, call: Call) -> Result<Kept, Failure> {
        let Some(path) = self.bundle else {
            let Some(bundle) = bundle_of(operator.call(call).await?) else { return Ok(Kept::None) };
            write(&format!("{bundle:#}\n"))?;
            note(CUSTODY);
            return Ok(Kept::Shown);
        };
        // Made first: there is no second bundle for a file that can't be written.
        let failed = |source| Failure::File { path: path.clone(), source };
        let mut file = private_file::create(&path).map_err(failed)?;
        let answer = operator.call(call).await;
        let bundle = match answer.map(bundle_of) {
            Ok(Some(bundle)) => bundle,
            other => {
                // It is empty and was made by us.
                let _ = fs::remove_file(&path);
                return other.map(|_| Kept::None);
            }
        };
        let text = format!("{bundle:#}\n");
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
            note(&format!("{}: {error}; here is the bundle instead", path.display()));
            write(&text)?;
            return Ok(Kept::Shown);
        }
        note(CUSTODY);
        Ok(Kept::File(path, bundle))
    }
}

fn bundle_of(mut answer: Value) -> Option<Value> {
    answer.get_mut("recovery_bundle").map(Value::take).filter(|bundle| !bundle.is_null())
}
