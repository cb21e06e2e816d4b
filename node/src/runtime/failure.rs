//! What a node does when its store serves no more.

use std::time::Duration;

use super::listeners::Shared;
use super::{Controls, RunError};

/// A stop takes less than 3 s. One that hangs, since the disk does, is ended from outside the runtime.
const ABORT: Duration = Duration::from_secs(10);

/// Returns when the node was told to stop, or its store has failed. A node that the others refuse stays, unready, to be
/// asked what is wrong.
pub(super) async fn until_stopped(part: &Shared, controls: &Controls) -> Result<(), RunError> {
    let member = part.status.opened().await;
    let fault = tokio::select! {
        () = controls.stop.cancelled() => return Ok(()),
        fault = member.failed() => fault,
    };
    if fault.leaves_process() {
        controls.stop.cancelled().await;
        return Ok(());
    }
    abort_later();
    Err(RunError::Failed(fault))
}

/// Sees to it that the process ends.
fn abort_later() {
    let watch = std::thread::Builder::new().name("abort".to_owned()).spawn(|| {
        std::thread::sleep(ABORT);
        tracing::error!("the stop hangs; the process is aborted");
        std::process::abort();
    });
    if let Err(error) = watch {
        tracing::error!(%error, "nothing watches over the stop");
    }
}
