//! How the process ends, for those who start it again or not (docs/runbook.md). The numbers are those of sysexits(3).

use std::process::ExitCode;

use raft_store::{Fault, StartError};

/// An entry of the log is not understood: starting again comes to the same entry. A newer version may understand it.
pub const SOFTWARE: u8 = 70;
/// The data must not be served from: the node must join again as a new one.
pub const REJOIN: u8 = 65;
/// The disk fails, is full, read-only or hangs. Starting again may help.
pub const DISK: u8 = 74;

/// The exit code that an error stands for.
#[must_use]
pub fn code(error: &anyhow::Error) -> ExitCode {
    let known = error.chain().find_map(|cause| {
        let fault = cause.downcast_ref().and_then(of_fault);
        fault.or_else(|| cause.downcast_ref().and_then(of_start))
    });
    known.map_or(ExitCode::FAILURE, ExitCode::from)
}

const fn of_fault(fault: &Fault) -> Option<u8> {
    match fault {
        Fault::Damaged(_) | Fault::Behind(_) => Some(REJOIN),
        Fault::Disk(_) => Some(DISK),
        Fault::Apply(_) => Some(SOFTWARE),
        Fault::Raft(_) => None,
    }
}

const fn of_start(error: &StartError) -> Option<u8> {
    match error {
        StartError::Damaged { .. } | StartError::Mixed(_) => Some(REJOIN),
        StartError::Disk(_) => Some(DISK),
        StartError::Apply(_) | StartError::Level { .. } => Some(SOFTWARE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RunError;
    use crate::store::OpenError;

    #[test]
    fn the_reason_is_found_however_deep_it_lies() {
        let text = || "why".to_owned();
        let start = |error: StartError| anyhow::Error::new(RunError::Open(OpenError::Start(Box::new(error))));
        for (error, expected) in [
            (start(StartError::Damaged { why: text() }), REJOIN),
            (start(StartError::Mixed(text())), REJOIN),
            (start(StartError::Disk(text())), DISK),
            (start(StartError::Apply(text())), SOFTWARE),
            (start(StartError::Level { found: 2, known: 1 }), SOFTWARE),
            (start(StartError::Locked("/".into())), 1),
            (anyhow::Error::new(RunError::Failed(Fault::Damaged(text()))), REJOIN),
            (anyhow::Error::new(RunError::Failed(Fault::Disk(text()))), DISK),
            (anyhow::Error::new(RunError::Failed(Fault::Apply(text()))), SOFTWARE),
            (anyhow::Error::new(RunError::Failed(Fault::Raft(text()))), 1),
            (anyhow::Error::new(RunError::StoreHangs), 1),
        ] {
            assert_eq!(code(&error), ExitCode::from(expected), "{error:#}");
        }
    }
}
