//! Counting, in memory that does not grow with what is refused.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use raft_store_core::Chain;

use super::kind::RefusalKind;
use crate::ids::RealmId;

/// Distinct subjects and networks that a batch tells apart; what is beyond is counted by kind alone.
pub const MAX_COUNTED: usize = 64;
/// Chains counted for at once; what is beyond is dropped, and counted as such.
pub const MAX_CHAINS: usize = 256;
/// Characters of a subject that are kept.
pub const MAX_SUBJECT: usize = 64;
/// Bits of an IPv6 address that stand for a customer.
const CUSTOMER: u32 = 56;

/// One life of a node's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The node.
    pub node: u64,
    /// Drawn at random when the process began.
    pub id: [u8; 8],
}

/// Who was refused, and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// What was refused.
    pub kind: RefusalKind,
    /// A client's id, a person's id, or nothing: never what was typed by somebody unknown.
    pub subject: String,
    /// The network; `None` for connections without an address.
    pub network: Option<IpAddr>,
}

/// What was refused in one interval, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rises by one from batch to batch of a run and chain, from 1.
    pub number: u64,
    /// How often.
    pub counted: BTreeMap<Origin, u64>,
    /// How often beyond [`MAX_COUNTED`].
    pub others: BTreeMap<RefusalKind, u64>,
    /// Whether it is the run's last.
    pub last: bool,
}

impl Batch {
    fn note(&mut self, origin: Origin, times: u64) {
        if self.counted.len() >= MAX_COUNTED && !self.counted.contains_key(&origin) {
            *self.others.entry(origin.kind).or_default() += times;
        } else {
            *self.counted.entry(origin).or_default() += times;
        }
    }

    /// How many refusals it stands for.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counted.values().chain(self.others.values()).sum()
    }
}

#[derive(Default)]
struct Counting {
    /// Being counted.
    open: Batch,
    /// Being written, until it is known to be.
    sealed: Option<Batch>,
    written: u64,
}

/// What this node has refused since its last batches.
#[derive(Default)]
pub struct Refusals {
    /// By the chain's name.
    chains: Mutex<BTreeMap<String, Counting>>,
    noted: AtomicU64,
    dropped: AtomicU64,
}

/// Of IPv6 what one customer is given, of IPv4 the address itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - CUSTOMER)))),
        address @ IpAddr::V4(_) => address,
    }
}

impl Refusals {
    /// Counts a refusal, in a realm's chain or the cluster's. The one thing a protocol has to do; never waits.
    pub fn note(&self, realm: Option<&RealmId>, kind: RefusalKind, subject: &str, address: Option<IpAddr>) {
        self.note_times(realm, kind, subject, address, 1);
    }

    /// Counts refusals that somebody else has counted.
    pub fn note_times(
        &self,
        realm: Option<&RealmId>,
        kind: RefusalKind,
        subject: &str,
        address: Option<IpAddr>,
        times: u64,
    ) {
        let chain = realm.map_or_else(|| Chain::Cluster.name().to_owned(), ToString::to_string);
        let subject = subject.chars().filter(|c| !c.is_control()).take(MAX_SUBJECT).collect();
        let origin = Origin { kind, subject, network: address.map(network) };
        let mut chains = self.chains.lock();
        if chains.len() >= MAX_CHAINS && !chains.contains_key(&chain) {
            drop(chains);
            self.dropped.fetch_add(times, Ordering::Relaxed);
            return;
        }
        chains.entry(chain).or_default().open.note(origin, times);
        drop(chains);
        self.noted.fetch_add(times, Ordering::Relaxed);
    }

    /// How many were counted, and how many dropped for want of room, since the start.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        (self.noted.load(Ordering::Relaxed), self.dropped.load(Ordering::Relaxed))
    }

    /// What is to be written now, by chain. The same batch again until [`Refusals::written`] was said of it.
    /// `last`: the run ends; every chain that had a batch gets one more, which says so.
    pub fn take(&self, last: bool) -> Vec<(Chain, Batch)> {
        let mut chains = self.chains.lock();
        let mut out = Vec::new();
        for (name, counting) in chains.iter_mut() {
            if counting.sealed.is_none() {
                let something = counting.open.total() > 0 || (last && counting.written > 0);
                if !something {
                    continue;
                }
                let number = counting.written + 1;
                counting.sealed = Some(Batch { number, last, ..std::mem::take(&mut counting.open) });
            }
            let chain = if name.is_empty() { Chain::Cluster } else { Chain::Realm(name.clone()) };
            out.extend(counting.sealed.clone().map(|batch| (chain, batch)));
        }
        out
    }

    /// A batch is in its chain.
    pub fn written(&self, chain: &Chain, number: u64) {
        if let Some(counting) = self.chains.lock().get_mut(chain.name())
            && counting.sealed.as_ref().is_some_and(|batch| batch.number == number)
        {
            counting.sealed = None;
            counting.written = number;
        }
    }

    /// A batch that can never be written is given up; its refusals count as dropped, and its number stays missing.
    pub fn give_up(&self, chain: &Chain, batch: &Batch) {
        self.written(chain, batch.number);
        self.dropped.fetch_add(batch.total(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm() -> RealmId {
        RealmId::parse("vo").unwrap()
    }

    #[test]
    fn a_flood_is_told_in_few_words_and_nothing_of_it_is_lost() {
        let refusals = Refusals::default();
        for at in 0..10_000_u32 {
            let address = IpAddr::from((at % 5_000).to_be_bytes());
            refusals.note(Some(&realm()), RefusalKind::Client, "robot", Some(address));
        }
        let taken = refusals.take(false);
        let [(chain, batch)] = taken.as_slice() else { panic!("{taken:?}") };
        assert_eq!((chain, batch.number, batch.total()), (&Chain::Realm("vo".to_owned()), 1, 10_000));
        assert_eq!(batch.counted.len(), MAX_COUNTED);
        assert_eq!(refusals.totals(), (10_000, 0));
    }

    #[test]
    fn a_batch_stays_the_same_until_it_is_written_and_numbers_have_no_gap() {
        let refusals = Refusals::default();
        let note = || refusals.note(None, RefusalKind::Operator, "", None);
        note();
        let first = refusals.take(false);
        note();
        assert_eq!(refusals.take(false), first, "whether it was written is not known yet");
        refusals.written(&Chain::Cluster, 1);
        let second = refusals.take(false);
        assert_eq!((second[0].1.number, second[0].1.total()), (2, 1));
        refusals.written(&Chain::Cluster, 2);
        assert!(refusals.take(false).is_empty());
        let end = refusals.take(true);
        assert_eq!((end[0].1.number, end[0].1.total(), end[0].1.last), (3, 0, true));
    }

    #[test]
    fn a_customers_addresses_are_one_network_and_text_is_cut() {
        let refusals = Refusals::default();
        for address in ["2001:db8:1:200::1", "2001:db8:1:2ff::2", "::ffff:10.0.0.1", "10.0.0.1"] {
            let subject = "x\n".repeat(100);
            refusals.note(None, RefusalKind::SignIn, &subject, Some(address.parse().unwrap()));
        }
        let taken = refusals.take(false);
        let counted = &taken[0].1.counted;
        let networks: Vec<_> = counted.iter().map(|(origin, count)| (origin.network.unwrap(), *count)).collect();
        let network = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(networks, [(network("10.0.0.1"), 2), (network("2001:db8:1:200::"), 2)]);
        assert!(counted.keys().all(|origin| origin.subject == "x".repeat(MAX_SUBJECT)));
    }

    #[test]
    fn chains_are_bounded_too() {
        let refusals = Refusals::default();
        for at in 0..=MAX_CHAINS {
            let realm = RealmId::parse(&format!("vo-{at}")).unwrap();
            refusals.note(Some(&realm), RefusalKind::SignIn, "", None);
        }
        assert_eq!(refusals.totals(), (MAX_CHAINS as u64, 1));
    }
}
