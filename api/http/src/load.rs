//! How much is being answered at once, and what is refused beyond (back-pressure before the memory ends).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, Opts};

use crate::limits::LEAST_REQUESTS;

/// All of it.
const WHOLE: usize = 1000;

/// What may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadLimits {
    /// Requests, from head to the last byte of the answer.
    pub requests: usize,
    /// Bytes of their bodies and answers.
    pub bytes: usize,
}

/// Counts requests and bytes under way. Refuses what is too much at once: a request that waits is memory too.
pub struct Load {
    limits: LoadLimits,
    requests: AtomicUsize,
    bytes: AtomicUsize,
    /// How much of the requests is given now, of a thousand.
    given: AtomicUsize,
    metrics: LoadMetrics,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shed {
    Requests,
    Bytes,
    Memory,
}

impl Shed {
    const ALL: [Self; 3] = [Self::Requests, Self::Bytes, Self::Memory];

    const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Bytes => "bytes",
            Self::Memory => "memory",
        }
    }
}

/// What [`Load`] tells of itself.
#[derive(Clone, Debug)]
pub struct LoadMetrics {
    requests: IntGauge,
    bytes: IntGauge,
    given: IntGauge,
    shed: IntCounterVec,
}

impl LoadMetrics {
    /// All at zero.
    ///
    /// # Errors
    /// Never with names that are constants; the type is the registry's.
    pub fn new() -> prometheus::Result<Self> {
        let requests = IntGauge::new("woad_requests_under_way", "Requests whose answer was not taken yet.")?;
        let bytes = IntGauge::new("woad_bytes_under_way", "Bytes of bodies and answers of requests under way.")?;
        let help = "Requests that may be under way now; less than configured while memory is short.";
        let given = IntGauge::new("woad_requests_allowed", help)?;
        let help = "Requests refused with 503, by what there was too much of: `requests` or `bytes` under way, or \
                    `memory` in use.";
        let shed = IntCounterVec::new(Opts::new("woad_requests_shed_total", help), &["reason"])?;
        for reason in Shed::ALL {
            shed.with_label_values(&[reason.name()]);
        }
        Ok(Self { requests, bytes, given, shed })
    }

    /// For a registry.
    #[must_use]
    pub fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.requests.clone()),
            Box::new(self.bytes.clone()),
            Box::new(self.given.clone()),
            Box::new(self.shed.clone()),
        ]
    }
}

/// Too much is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

impl Load {
    /// Nothing is under way.
    #[must_use]
    pub fn new(limits: LoadLimits, metrics: LoadMetrics) -> Arc<Self> {
        let requests = limits.requests.max(LEAST_REQUESTS);
        metrics.given.set(i64::try_from(requests).unwrap_or(i64::MAX));
        Arc::new(Self {
            limits: LoadLimits { requests, ..limits },
            requests: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            given: AtomicUsize::new(WHOLE),
            metrics,
        })
    }

    /// Gives only so many thousandths of the requests from now on, and never less than [`LEAST_REQUESTS`]: memory that
    /// nobody gives back must not shut the node for good.
    pub fn give(&self, thousandths: usize) {
        self.given.store(thousandths.min(WHOLE), Ordering::Relaxed);
        self.metrics.given.set(i64::try_from(self.allowed()).unwrap_or(i64::MAX));
    }

    fn allowed(&self) -> usize {
        let given = self.limits.requests.saturating_mul(self.given.load(Ordering::Relaxed)) / WHOLE;
        given.max(LEAST_REQUESTS)
    }

    fn shed(&self, why: Shed) -> TooMuch {
        self.metrics.shed.with_label_values(&[why.name()]).inc();
        TooMuch
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// When as many are under way as may be.
    pub fn admit(self: &Arc<Self>) -> Result<Arc<Admitted>, TooMuch> {
        let now = self.requests.fetch_add(1, Ordering::Relaxed);
        self.metrics.requests.inc();
        // From here on it is counted, and given back when dropped.
        let admitted = Admitted { load: Arc::clone(self), bytes: AtomicUsize::new(0) };
        if now >= self.allowed() {
            let short = self.given.load(Ordering::Relaxed) < WHOLE && now < self.limits.requests;
            return Err(self.shed(if short { Shed::Memory } else { Shed::Requests }));
        }
        if self.bytes.load(Ordering::Relaxed) >= self.limits.bytes {
            return Err(self.shed(Shed::Bytes));
        }
        Ok(Arc::new(admitted))
    }
}

/// A request that was let in, until it is dropped.
pub struct Admitted {
    load: Arc<Load>,
    bytes: AtomicUsize,
}

impl Admitted {
    fn add(&self, bytes: usize) -> usize {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.load.metrics.bytes.add(i64::try_from(bytes).unwrap_or(i64::MAX));
        self.load.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes)
    }

    /// Takes room for bytes of its body.
    ///
    /// # Errors
    /// When there is none.
    pub fn take(&self, bytes: usize) -> Result<(), TooMuch> {
        if self.add(bytes) > self.load.limits.bytes { Err(self.load.shed(Shed::Bytes)) } else { Ok(()) }
    }

    /// Counts bytes of its answer, which are there already.
    pub fn hold(&self, bytes: usize) {
        self.add(bytes);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.load.requests.fetch_sub(1, Ordering::Relaxed);
        self.load.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.load.metrics.requests.dec();
        self.load.metrics.bytes.sub(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(requests: usize, bytes: usize) -> Arc<Load> {
        Load::new(LoadLimits { requests, bytes }, LoadMetrics::new().unwrap())
    }

    fn shed(load: &Load) -> [u64; 3] {
        Shed::ALL.map(|reason| load.metrics.shed.with_label_values(&[reason.name()]).get())
    }

    #[test]
    fn so_many_requests_and_bytes_and_no_more() {
        let load = load(40, 100);
        let mut under_way: Vec<_> = (0..40).map(|_| load.admit().unwrap()).collect();
        assert!(load.admit().is_err());
        let first = under_way.pop().unwrap();
        first.hold(60);
        assert_eq!((first.take(40), first.take(1)), (Ok(()), Err(TooMuch)));
        drop(under_way.pop());
        assert!(load.admit().is_err(), "answers that nobody takes count");
        drop(first);
        let next = load.admit().unwrap();
        assert_eq!(next.take(100), Ok(()));
        assert_eq!(shed(&load), [1, 2, 0]);
        drop((next, under_way));
        assert_eq!((load.metrics.requests.get(), load.metrics.bytes.get()), (0, 0));
        assert_eq!((load.requests.load(Ordering::Relaxed), load.bytes.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn while_memory_is_short_fewer_are_let_in_and_never_none() {
        let load = load(100, 100);
        load.give(500);
        let half: Vec<_> = (0..50).map(|_| load.admit().unwrap()).collect();
        assert!(load.admit().is_err());
        assert_eq!(shed(&load), [0, 0, 1]);
        drop(half);
        load.give(0);
        let some: Vec<_> = (0..LEAST_REQUESTS).map(|_| load.admit().unwrap()).collect();
        assert!(load.admit().is_err());
        drop(some);
        load.give(WHOLE);
        assert!(load.admit().is_ok());
    }
}
