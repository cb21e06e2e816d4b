//! Failed authentications by source: so many at once, then so many a minute.
//!
//! Credentials that were right lately stay admitted: whoever guesses beside a program, behind the same address, does not
//! stop it. Memory is bounded: what is forgotten under a flood of sources is forgotten in their favour.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::source::Source;

/// Sources whose failures are counted.
pub const MAX_SOURCES: usize = 65_536;
/// Credentials that are remembered as right: so many lately, and as many before.
pub const MAX_CREDENTIALS: usize = 32_768;
/// After this long, credentials that were not used are forgotten.
const REMEMBERED: Duration = Duration::from_secs(600);
/// What one failure weighs: fractions of one come back.
const ONE: u64 = 60_000;

/// How many failures are let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// At once; 0: nothing is counted.
    pub burst: u32,
    /// In each minute after that.
    pub per_minute: u32,
}

/// A credential that can't be read back: a hash under a key of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credential(u64);

struct Failures {
    weight: u64,
    at: Instant,
}

#[derive(Default)]
struct Known {
    now: HashSet<(Source, Credential)>,
    before: HashSet<(Source, Credential)>,
    since: Option<Instant>,
}

/// Counts them.
pub struct Throttle {
    limits: ThrottleLimits,
    key: RandomState,
    failures: Mutex<HashMap<Source, Failures>>,
    known: Mutex<Known>,
}

impl Throttle {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new(limits: ThrottleLimits) -> Self {
        Self { limits, key: RandomState::new(), failures: Mutex::default(), known: Mutex::default() }
    }

    /// What is presented, to be compared with what was presented before.
    #[must_use]
    pub fn credential(&self, who: &[u8], secret: &[u8]) -> Credential {
        Credential(self.key.hash_one((who, secret)))
    }

    /// Whether the credential may be looked at.
    ///
    /// # Errors
    /// After how long to try again.
    pub fn admit(&self, source: Source, credential: Credential) -> Result<(), Duration> {
        self.admit_at(source, credential, Instant::now())
    }

    fn admit_at(&self, source: Source, credential: Credential, now: Instant) -> Result<(), Duration> {
        let most = u64::from(self.limits.burst) * ONE;
        let weight = self.failures.lock().get(&source).map_or(0, |failures| self.left(failures, now));
        if self.limits.burst == 0 || weight + ONE <= most {
            return Ok(());
        }
        let known = self.known.lock();
        if known.now.contains(&(source, credential)) || known.before.contains(&(source, credential)) {
            return Ok(());
        }
        let rate = u64::from(self.limits.per_minute).max(1);
        Err(Duration::from_millis((weight + ONE).saturating_sub(most).div_ceil(rate)).max(Duration::from_secs(1)))
    }

    /// What is left of failures by now.
    fn left(&self, failures: &Failures, now: Instant) -> u64 {
        let elapsed = u64::try_from(now.saturating_duration_since(failures.at).as_millis()).unwrap_or(u64::MAX);
        failures.weight.saturating_sub(elapsed.saturating_mul(u64::from(self.limits.per_minute)))
    }

    /// The credential was wrong.
    pub fn failed(&self, source: Source) {
        self.failed_at(source, Instant::now());
    }

    fn failed_at(&self, source: Source, now: Instant) {
        if self.limits.burst == 0 {
            return;
        }
        let most = u64::from(self.limits.burst) * ONE;
        let mut all = self.failures.lock();
        if all.len() >= MAX_SOURCES && !all.contains_key(&source) {
            all.retain(|_, failures| self.left(failures, now) > most / 2);
            if all.len() >= MAX_SOURCES {
                all.clear();
            }
        }
        let failures = all.entry(source).or_insert(Failures { weight: 0, at: now });
        let weight = self.left(failures, now).saturating_add(ONE).min(most);
        *failures = Failures { weight, at: now };
    }

    /// The credential was right.
    pub fn proved(&self, source: Source, credential: Credential) {
        self.proved_at(source, credential, Instant::now());
    }

    fn proved_at(&self, source: Source, credential: Credential, now: Instant) {
        if self.limits.burst == 0 {
            return;
        }
        let mut known = self.known.lock();
        let since = *known.since.get_or_insert(now);
        if known.now.len() >= MAX_CREDENTIALS || now.saturating_duration_since(since) >= REMEMBERED {
            known.before = std::mem::take(&mut known.now);
            known.since = Some(now);
        }
        known.now.insert((source, credential));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle() -> Throttle {
        Throttle::new(ThrottleLimits { burst: 3, per_minute: 6 })
    }

    #[test]
    fn failures_are_limited_and_come_back_by_and_by() {
        let (throttle, start) = (throttle(), Instant::now());
        let (one, other) = (Source::V6(1), Source::V6(2));
        let guess = |n: u8| throttle.credential(b"client", &[n]);
        for n in 0..3 {
            assert_eq!(throttle.admit_at(one, guess(n), start), Ok(()));
            throttle.failed_at(one, start);
        }
        assert_eq!(throttle.admit_at(one, guess(3), start), Err(Duration::from_secs(10)));
        assert_eq!(throttle.admit_at(other, guess(3), start), Ok(()));
        let later = start + Duration::from_secs(10);
        assert_eq!(throttle.admit_at(one, guess(3), later), Ok(()));
        throttle.failed_at(one, later);
        assert!(throttle.admit_at(one, guess(4), later).is_err());
        assert_eq!(throttle.admit_at(one, guess(4), start + Duration::from_secs(600)), Ok(()));
    }

    #[test]
    fn what_was_right_lately_is_not_stopped_by_a_neighbours_guesses() {
        let (throttle, start) = (throttle(), Instant::now());
        let (here, elsewhere) = (Source::V6(1), Source::V6(2));
        let (good, new) = (throttle.credential(b"robot", b"secret"), throttle.credential(b"robot", b"guess"));
        throttle.proved_at(here, good, start);
        for _ in 0..1_000 {
            throttle.failed_at(here, start);
            throttle.failed_at(elsewhere, start);
        }
        assert!(throttle.admit_at(here, good, start).is_ok());
        assert!(throttle.admit_at(here, new, start).is_err());
        assert!(throttle.admit_at(elsewhere, good, start).is_err(), "right somewhere else is not right here");
        let later = start + REMEMBERED;
        throttle.proved_at(elsewhere, new, later);
        throttle.failed_at(here, later);
        throttle.failed_at(here, later);
        throttle.failed_at(here, later);
        assert!(throttle.admit_at(here, good, later).is_ok(), "one generation later");
        throttle.proved_at(elsewhere, new, later + REMEMBERED);
        for _ in 0..3 {
            throttle.failed_at(here, later + REMEMBERED);
        }
        assert!(throttle.admit_at(here, good, later + REMEMBERED).is_err(), "not used for long");
    }

    #[test]
    fn memory_is_bounded_and_zero_counts_nothing() {
        let (throttle, start) = (throttle(), Instant::now());
        for n in 0..u64::try_from(MAX_SOURCES + 10).unwrap() {
            throttle.failed_at(Source::V6(n), start);
            throttle.proved_at(Source::V6(n), throttle.credential(b"", b""), start);
        }
        assert!(throttle.failures.lock().len() <= MAX_SOURCES);
        let known = throttle.known.lock();
        assert!(known.now.len() <= MAX_CREDENTIALS && known.before.len() <= MAX_CREDENTIALS);
        let off = Throttle::new(ThrottleLimits { burst: 0, per_minute: 0 });
        off.failed(Source::Local);
        assert_eq!(off.admit(Source::Local, off.credential(b"", b"")), Ok(()));
    }
}
