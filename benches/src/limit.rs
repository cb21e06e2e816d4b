//! What held a row's rate, as far as what was measured says.

use std::time::{Duration, Instant};

use crate::machine::{busy, cpu_time, cpus_of_machine};

/// Shares above which a resource is the limit: the rest is lost to waking and to the kernel's own count.
const FULL: f64 = 0.9;

/// Reads what is used from now on.
pub(crate) struct Meter {
    busy: Option<Duration>,
    load: Duration,
    start: Instant,
}

/// What was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// Of all processors, by anybody.
    machine: f64,
    /// Of one, by the load's only thread.
    load: f64,
}

/// What a request waits for while no processor is full.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waits {
    /// The one before it.
    Turn,
    /// The disk.
    Flush,
    /// Answers of other nodes.
    Peers,
    /// A thread of the pool that hashes passwords.
    Pool,
    /// A leader, or a node that starts.
    Nodes,
}

impl Waits {
    /// Of so many requests at once, each of which writes.
    pub(crate) const fn durable(in_flight: usize) -> Self {
        if in_flight == 1 { Self::Turn } else { Self::Flush }
    }

    /// Of so many that only read.
    pub(crate) const fn reads(in_flight: usize) -> Self {
        if in_flight == 1 { Self::Turn } else { Self::Peers }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Turn => "one at a time",
            Self::Flush => "flushes",
            Self::Peers => "round trips",
            Self::Pool => "the password pool",
            Self::Nodes => "other nodes",
        }
    }
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { busy: busy(), load: cpu_time(std::process::id()), start: Instant::now() }
    }

    pub(crate) fn stop(&self) -> Used {
        let took = self.start.elapsed().as_secs_f64();
        let all = busy().zip(self.busy).map(|(now, before)| now.saturating_sub(before)).unwrap_or_default();
        let load = cpu_time(std::process::id()).saturating_sub(self.load);
        let cpus = f64::from(u32::try_from(cpus_of_machine()).unwrap_or(1));
        Used { machine: all.as_secs_f64() / took / cpus, load: load.as_secs_f64() / took }
    }
}

impl Used {
    /// The resource of which nothing was left, or what was waited for.
    pub(crate) fn limit(self, waits: Waits) -> String {
        let Self { machine, load } = self;
        let percent = machine.min(1.0) * 100.0;
        if machine >= FULL {
            format!("processors {percent:.0} %")
        } else if load >= FULL {
            format!("load's thread {:.0} %", load.min(1.0) * 100.0)
        } else {
            format!("{}; cpu {percent:.0} %", waits.text())
        }
    }
}

/// The same for a server that is alone on its processor, of which it used so many percent.
pub(crate) fn of_pinned(percent: f64) -> String {
    if percent >= FULL * 100.0 { format!("server's core {percent:.0} %") } else { format!("load; core {percent:.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_is_named_and_else_what_is_waited_for() {
        let limit = |machine, load| Used { machine, load }.limit(Waits::Flush);
        assert_eq!(limit(0.97, 0.95), "processors 97 %");
        assert_eq!(limit(0.6, 0.95), "load's thread 95 %");
        assert_eq!(limit(0.3, 0.1), "flushes; cpu 30 %");
        assert_eq!(of_pinned(99.0), "server's core 99 %");
    }
}
