//! Where a node is in its life.

use std::fmt;

use tokio::sync::watch;

/// The phases of a process, in order; no way leads back but from a failed start to waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its data folder is empty and nobody has told it what to become. Serves its operations listener alone.
    Uninitialised,
    /// Its store is being made, joined or opened.
    Starting,
    /// It serves.
    Running,
    /// It was told to stop: unready, accepts nothing new, finishes what it has.
    Draining,
    /// It serves nothing any more.
    Stopped,
}

impl Phase {
    const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Uninitialised, Self::Starting)
                | (Self::Starting, Self::Running | Self::Uninitialised)
                | (Self::Uninitialised | Self::Starting | Self::Running, Self::Draining)
                | (Self::Draining, Self::Stopped)
        )
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uninitialised => "uninitialised",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        })
    }
}

/// A change of phase that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node that is {from} does not become {to}")]
pub struct InvalidTransition {
    /// The phase it is in.
    pub from: Phase,
    /// The phase it was told to enter.
    pub to: Phase,
}

/// The phase of this process, for all who ask or wait.
#[derive(Debug)]
pub struct Phases(watch::Sender<Phase>);

impl Default for Phases {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Uninitialised))
    }
}

impl Phases {
    /// The phase now.
    #[must_use]
    pub fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// Enters a phase.
    ///
    /// # Errors
    /// When no way leads there from here; of two that try at once, one gets this.
    pub fn enter(&self, to: Phase) -> Result<(), InvalidTransition> {
        let mut result = Ok(());
        self.0.send_if_modified(|phase| {
            if phase.may_become(to) {
                tracing::info!(from = %phase, %to, "phase");
                *phase = to;
                true
            } else {
                result = Err(InvalidTransition { from: *phase, to });
                false
            }
        });
        result
    }
}

#[cfg(test)]
mod tests {
    use super::{Phase, Phases};

    #[test]
    fn a_node_goes_through_its_life_once() {
        let phases = Phases::default();
        for next in [Phase::Starting, Phase::Running, Phase::Draining, Phase::Stopped] {
            assert_eq!(phases.enter(next), Ok(()));
            assert_eq!(phases.now(), next);
        }
        assert!(phases.enter(Phase::Running).is_err());
    }

    #[test]
    fn only_one_of_two_starts_begins() {
        let phases = Phases::default();
        assert!(phases.enter(Phase::Starting).is_ok());
        assert!(phases.enter(Phase::Starting).is_err());
        assert!(phases.enter(Phase::Uninitialised).is_ok());
        assert!(phases.enter(Phase::Starting).is_ok());
    }

    #[test]
    fn a_node_may_be_stopped_before_it_serves() {
        let phases = Phases::default();
        assert!(phases.enter(Phase::Draining).is_ok());
        assert!(phases.enter(Phase::Starting).is_err());
    }
}
