//! How attempts are counted, and what delay that gives. Pure.

use super::counters::LoginAttempt;

/// Attempts on one name or e-mail address from one network before there is a delay: people mistype.
pub const PAIR_FREE: u32 = 5;
/// Attempts in one browser that has signed in to the account before.
pub const DEVICE_FREE: u32 = 5;
/// Attempts on one account from all unknown browsers together before there is a delay. With the longest delay this
/// makes at most a hundred in twelve hours (NIST SP 800-63B-4 §3.2.2).
pub const ACCOUNT_FREE: u32 = 20;
/// Attempts on one account by networks within their [`PAIR_FREE`] that the account's delay does not stop: so many
/// networks must join before one of them keeps the owner out elsewhere.
pub const ACCOUNT_FRESH: u32 = 20;
/// Attempts from one network on all accounts: behind one address there may be a whole institute.
pub const SOURCE_FREE: u32 = 100;
/// After this long one attempt of a network is forgotten, in ms: an institute's daily typing errors leave no trace, and
/// a list of stolen passwords is tried at two a minute.
pub const SOURCE_FORGIVES_MS: u64 = 30_000;
/// The first delay, in ms. Each further attempt doubles it.
pub(super) const FIRST_DELAY_MS: u64 = 1_000;
/// The longest delay, in ms: nobody is locked out for good.
pub const LONGEST_DELAY_MS: u64 = 15 * 60 * 1000;
/// How long after the last attempt a counter is forgotten, in ms.
pub const REMEMBERED_MS: u64 = 12 * 3600 * 1000;

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, as it is typed, from one network. Not an account: a delay must not tell that a user name and an e-mail
    /// address are of one.
    Pair,
    /// An account in one browser that has signed in to it before.
    Device,
    /// An account in all other browsers.
    Account,
    /// A network on all accounts.
    Source,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pair => "name and network",
            Self::Device => "device",
            Self::Account => "account",
            Self::Source => "network",
        }
    }

    const fn free(self) -> u32 {
        match self {
            Self::Pair => PAIR_FREE,
            Self::Device => DEVICE_FREE,
            Self::Account => ACCOUNT_FREE,
            Self::Source => SOURCE_FREE,
        }
    }

    /// The delay after this many attempts, in ms.
    pub(super) const fn delay_ms(self, count: u32) -> u64 {
        match count.checked_sub(self.free()) {
            None | Some(0) => 0,
            // Ten doublings exceed the longest delay.
            Some(beyond @ 1..=10) => {
                let delay = FIRST_DELAY_MS << (beyond - 1);
                if delay < LONGEST_DELAY_MS { delay } else { LONGEST_DELAY_MS }
            }
            Some(_) => LONGEST_DELAY_MS,
        }
    }

    /// The counter as it stands at `now_ms`.
    pub(super) fn at(self, mut row: LoginAttempt, now_ms: u64) -> LoginAttempt {
        if self == Self::Source {
            let forgiven = now_ms.saturating_sub(row.counted_ms) / SOURCE_FORGIVES_MS;
            row.count = row.count.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            row.counted_ms = row.counted_ms.saturating_add(forgiven.saturating_mul(SOURCE_FORGIVES_MS)).min(now_ms);
        }
        row
    }

    /// Counts one attempt. Answers whether it is the first that brings a delay.
    pub(super) fn count(self, row: &mut LoginAttempt, now_ms: u64) -> bool {
        if self != Self::Source || row.count == 0 {
            row.counted_ms = now_ms;
        }
        row.count = row.count.saturating_add(1);
        let delay = self.delay_ms(row.count);
        row.next_ms = if delay == 0 { 0 } else { now_ms.saturating_add(delay) };
        row.expires_ms = now_ms.saturating_add(REMEMBERED_MS);
        let crosses = delay > 0 && !row.reported;
        row.reported |= crosses;
        crosses
    }

    /// Takes back an attempt that turned out to be the owner's.
    pub(super) fn take_back(self, row: &mut LoginAttempt) {
        row.count = row.count.saturating_sub(1);
        if self.delay_ms(row.count) == 0 {
            row.next_ms = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_from_a_second_to_a_quarter_of_an_hour() {
        let delays: Vec<u64> = (0..18).map(|count| Kind::Pair.delay_ms(count) / 1000).collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        for kind in [Kind::Pair, Kind::Device, Kind::Account, Kind::Source] {
            assert_eq!(kind.delay_ms(kind.free()), 0);
            assert_eq!(kind.delay_ms(kind.free() + 1), FIRST_DELAY_MS);
            assert_eq!(kind.delay_ms(u32::MAX), LONGEST_DELAY_MS);
        }
    }

    #[test]
    fn a_network_is_forgiven_by_and_by_and_an_account_is_not() {
        let row = LoginAttempt { count: 10, counted_ms: 1_000, ..LoginAttempt::default() };
        let later = Kind::Source.at(row.clone(), 1_000 + 3 * SOURCE_FORGIVES_MS + 7);
        assert_eq!((later.count, later.counted_ms), (7, 1_000 + 3 * SOURCE_FORGIVES_MS));
        assert_eq!(Kind::Source.at(row.clone(), u64::MAX).count, 0);
        assert_eq!(Kind::Account.at(row.clone(), u64::MAX), row);
    }

    #[test]
    fn the_first_delay_is_told_once() {
        let mut row = LoginAttempt::default();
        let told: Vec<bool> = (0..9).map(|_| Kind::Pair.count(&mut row, 1)).collect();
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
        assert!(told[usize::try_from(PAIR_FREE).unwrap()]);
        Kind::Pair.take_back(&mut row);
        assert!(!Kind::Pair.count(&mut row, 1));
    }
}
