//! The places of a kind of listener.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::ledger::{Doing, Ledger};
use crate::metrics::DoorMetrics;
use crate::source::{Network, Source};

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// At once.
    pub total: usize,
    /// Of these, from one [`Source`].
    pub per_source: usize,
    /// Of these, such that have not asked for anything yet.
    pub fresh: usize,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its source has as many as it may, all of them being answered.
    Source,
    /// So have all sources together.
    Full,
}

impl Refusal {
    const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Full => "full",
        }
    }
}

/// Hands out places. One that is asked for nothing goes for a new connection: first the oldest fresh one of the source
/// that has most of these, then the one that is idle longest. So whoever only holds connections keeps nobody out.
pub struct Door {
    caps: Caps,
    exempt: Box<[Network]>,
    metrics: DoorMetrics,
    inside: Mutex<(Ledger, BTreeMap<u64, Arc<Notify>>)>,
}

impl Door {
    /// A door; addresses in `exempt` have no cap of their own.
    #[must_use]
    pub fn new(caps: Caps, exempt: impl Into<Box<[Network]>>, metrics: DoorMetrics) -> Arc<Self> {
        Arc::new(Self { caps, exempt: exempt.into(), metrics, inside: Mutex::default() })
    }

    /// What it counts.
    #[must_use]
    pub const fn metrics(&self) -> &DoorMetrics {
        &self.metrics
    }

    /// A place for a connection.
    ///
    /// # Errors
    /// When there is none, and none can be made.
    pub fn enter(self: &Arc<Self>, from: Option<IpAddr>) -> Result<Place, Refusal> {
        let source = from.map_or(Source::Local, Source::of);
        let exempt = from.is_none_or(|from| self.exempt.iter().any(|network| network.contains(from)));
        let go = Arc::new(Notify::new());
        let mut inside = self.inside.lock();
        let (ledger, handles) = &mut *inside;
        let privileged = exempt || ledger.has_proved(source);
        let entry = ledger.enter(source, privileged, &self.caps).inspect_err(|refusal| {
            self.metrics.refused.with_label_values(&[refusal.name()]).inc();
        })?;
        if let Some((gone, doing)) = entry.goes {
            let reason = if doing == Doing::Fresh { "fresh" } else { "idle" };
            self.metrics.closed.with_label_values(&[reason]).inc();
            if let Some(handle) = handles.remove(&gone) {
                handle.notify_one();
            }
        }
        handles.insert(entry.id, Arc::clone(&go));
        drop(inside);
        self.metrics.accepted.inc();
        self.metrics.open.inc();
        let came = Instant::now();
        Ok(Place { door: Arc::clone(self), id: entry.id, source, go, came, asked: Arc::default() })
    }

    fn does(&self, id: u64, doing: Doing) {
        self.inside.lock().0.does(id, doing);
    }

    fn leave(&self, id: u64) {
        let mut inside = self.inside.lock();
        inside.1.remove(&id);
        inside.0.leave(id);
        drop(inside);
        self.metrics.open.dec();
    }
}

#[derive(Default)]
struct Asked {
    ever: bool,
    next: u64,
    /// Requests under way, in the order of their coming.
    under_way: BTreeMap<u64, Instant>,
}

/// A connection's place; given back when dropped.
pub struct Place {
    door: Arc<Door>,
    id: u64,
    source: Source,
    go: Arc<Notify>,
    came: Instant,
    asked: Arc<Mutex<Asked>>,
}

impl Place {
    /// Returns when the connection must be closed for another.
    pub async fn must_go(&self) {
        self.go.notified().await;
    }

    /// The connection has proved that it belongs here: from now on it goes for nobody, and neither do later ones of its
    /// source before they had time to prove themselves.
    pub fn proved(&self) {
        let mut inside = self.door.inside.lock();
        inside.0.prove(self.source);
        inside.0.does(self.id, Doing::Busy);
    }

    /// It was let in, but has proved nothing: it may go for others when idle.
    pub fn idle(&self) {
        self.door.does(self.id, Doing::Idle);
    }

    /// A request begins; until what is returned is dropped the connection is busy.
    #[must_use]
    pub fn request(&self) -> RequestUnderWay {
        let mut asked = self.asked.lock();
        if asked.under_way.is_empty() {
            self.door.does(self.id, Doing::Busy);
        }
        asked.ever = true;
        asked.next += 1;
        let number = asked.next;
        asked.under_way.insert(number, Instant::now());
        drop(asked);
        RequestUnderWay { door: Arc::clone(&self.door), id: self.id, number, asked: Arc::clone(&self.asked) }
    }

    /// Whether it has been here that long without asking for anything.
    #[must_use]
    pub fn silent_for(&self, long: Duration) -> bool {
        !self.asked.lock().ever && self.came.elapsed() >= long
    }

    /// Whether one of its requests has been under way that long.
    #[must_use]
    pub fn answered_for(&self, long: Duration) -> bool {
        self.asked.lock().under_way.values().next().is_some_and(|since| since.elapsed() >= long)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.door.leave(self.id);
    }
}

/// A request and its answer, until that was taken or given up.
pub struct RequestUnderWay {
    door: Arc<Door>,
    id: u64,
    number: u64,
    asked: Arc<Mutex<Asked>>,
}

impl Drop for RequestUnderWay {
    fn drop(&mut self) {
        let mut asked = self.asked.lock();
        asked.under_way.remove(&self.number);
        if asked.under_way.is_empty() {
            self.door.does(self.id, Doing::Idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(total: usize, per_source: usize, fresh: usize) -> Arc<Door> {
        let exempt: [Network; 1] = ["10.9.0.0/16".parse().unwrap()];
        Door::new(Caps { total, per_source, fresh }, exempt, DoorMetrics::new("test").unwrap())
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a place is asked for")]
    fn from(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    async fn goes(place: &Place) -> bool {
        tokio::time::timeout(Duration::from_millis(5), place.must_go()).await.is_ok()
    }

    #[tokio::test]
    async fn a_source_at_its_cap_replaces_its_own_and_nobody_elses() {
        let door = door(100, 3, 100);
        let other = door.enter(from(2)).unwrap();
        let own: Vec<Place> = (0..3).map(|_| door.enter(from(1)).unwrap()).collect();
        let busy: Vec<_> = own.iter().skip(1).map(Place::request).collect();
        let next = door.enter(from(1)).unwrap();
        assert!(goes(&own[0]).await && !goes(&other).await && !goes(&own[1]).await);
        let _busy = next.request();
        assert_eq!(door.enter(from(1)).err(), Some(Refusal::Source));
        drop(busy);
        let last = door.enter(from(1)).unwrap();
        assert!(goes(&own[1]).await && !goes(&last).await, "idle longest");
        assert!(door.enter(from(3)).is_ok());
    }

    #[tokio::test]
    async fn who_only_holds_connections_keeps_nobody_out() {
        let door = door(4, 4, 4);
        let flood: Vec<Place> = (0..3).map(|_| door.enter(from(1)).unwrap()).collect();
        let slow = door.enter(from(2)).unwrap();
        let newcomer = door.enter(from(3)).unwrap();
        assert!(goes(&flood[0]).await && !goes(&slow).await, "of the heaviest source, the oldest");
        let requests: Vec<_> = [&flood[1], &flood[2], &slow, &newcomer].map(Place::request).into();
        assert_eq!(door.enter(from(4)).err(), Some(Refusal::Full), "all are being answered");
        drop(requests);
        assert!(door.enter(from(4)).is_ok());
        assert!(goes(&flood[1]).await, "idle longest");
    }

    #[tokio::test]
    async fn who_proved_itself_goes_for_nobody_and_is_preferred_later() {
        let door = door(100, 2, 2);
        let member = door.enter(from(9)).unwrap();
        member.proved();
        let strangers: Vec<Place> = (1..8).map(|last| door.enter(from(last)).unwrap()).collect();
        assert!(!goes(&member).await);
        let again = door.enter(from(9)).unwrap();
        let more: Vec<Place> = (1..8).map(|last| door.enter(from(last)).unwrap()).collect();
        assert!(!goes(&again).await, "strangers go for strangers");
        drop((strangers, more));
    }

    #[tokio::test]
    async fn exempt_networks_have_no_cap_of_their_own() {
        let door = door(10, 2, 10);
        let proxy = Some(IpAddr::from([10, 9, 1, 1]));
        let places: Vec<Place> = (0..9).map(|_| door.enter(proxy).unwrap()).collect();
        assert_eq!(door.metrics().open.get(), 9);
        drop(places);
        assert_eq!(door.metrics().open.get(), 0);
    }

    #[tokio::test]
    async fn a_place_knows_who_is_silent_and_who_takes_no_answer() {
        let door = door(10, 10, 10);
        let place = door.enter(from(1)).unwrap();
        assert!(place.silent_for(Duration::ZERO) && !place.answered_for(Duration::ZERO));
        let request = place.request();
        assert!(!place.silent_for(Duration::ZERO) && place.answered_for(Duration::ZERO));
        drop(request);
        assert!(!place.answered_for(Duration::ZERO));
    }

    /// Random comings and goings: the orders always agree with what there is.
    #[test]
    fn counts_return_to_nothing() {
        let caps = Caps { total: 20, per_source: 5, fresh: 10 };
        let mut ledger = Ledger::default();
        let mut ids: Vec<u64> = Vec::new();
        let mut seed = 7u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (choice, which) = (seed >> 60, usize::try_from(seed >> 33 & 0xffff).unwrap());
            let source = Source::V6(seed >> 40 & 7);
            match choice {
                0..8 => {
                    if let Ok(entry) = ledger.enter(source, source == Source::V6(0), &caps) {
                        ids.push(entry.id);
                    }
                }
                8..14 if !ids.is_empty() => {
                    let doing = [Doing::Idle, Doing::Busy, Doing::Fresh][which % 3];
                    ledger.does(ids[which % ids.len()], doing);
                }
                _ if !ids.is_empty() => drop(ledger.leave(ids.swap_remove(which % ids.len()))),
                _ => {}
            }
            assert!(ledger.len() <= caps.total);
        }
        for id in ids {
            ledger.leave(id);
        }
        assert!(ledger.is_empty());
    }
}
