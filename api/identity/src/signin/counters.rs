//! The counters' records.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac;
use raft_store_core::{Abort, Read, Table, TableId, Timestamp, Tx};

use super::begin::Attempt;
use super::counter::Kind;
use crate::ids::{RealmId, UserId};
use crate::realm::secrets::client_secret_key;
use crate::tables;
use crate::text::fold;

/// Separates this use of the realm's key from any other.
const PURPOSE: &[u8] = b"woad login attempts v1";

/// A counter of login attempts. What it counts stands hashed in its key: people type passwords where names belong.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LoginAttempt {
    /// How many.
    #[prost(uint32, tag = "1")]
    pub count: u32,
    /// Of an account: how many of them by networks within their own free share.
    #[prost(uint32, tag = "2")]
    pub fresh: u32,
    /// Before this no attempt is taken, cluster time in ms; zero: at any time.
    #[prost(uint64, tag = "3")]
    pub next_ms: u64,
    /// Up to when attempts were forgiven, else the last one; cluster time in ms.
    #[prost(uint64, tag = "4")]
    pub counted_ms: u64,
    /// When it is forgotten, cluster time in ms.
    #[prost(uint64, tag = "5")]
    pub expires_ms: u64,
    /// Whether the audit knows that there is a delay.
    #[prost(bool, tag = "6")]
    pub reported: bool,
}

/// Counters by realm and hash of what they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginAttempts;

impl Table for LoginAttempts {
    type Key = (RealmId, [u8; 32]);
    type Row = LoginAttempt;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::LOGIN_FAILURES;
    const NAME: &'static str = "login attempts";
    fn expires(row: &LoginAttempt) -> Option<Timestamp> {
        Some(Timestamp(row.expires_ms))
    }
}

/// What attempts are made on: a person, or a name as it was typed, somebody's or nobody's.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Account {
    Person(UserId),
    Name(String),
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => write!(f, "{user}"),
            // It may be a password in the wrong field.
            Self::Name(_) => f.write_str("name"),
        }
    }
}

impl Account {
    /// The name that was typed, however it is written.
    pub(super) fn named(login: &str) -> Self {
        Self::Name(fold::user_name(login))
    }

    fn parts(&self) -> [&[u8]; 2] {
        match self {
            Self::Person(id) => [b"user", &id.0],
            Self::Name(name) => [b"name", name.as_bytes()],
        }
    }
}

/// The network that an address stands for: of IPv6 what one customer is given, of IPv4 the address itself, behind
/// which there may be many. Connections without an address share one.
pub(super) fn network(address: Option<IpAddr>) -> Vec<u8> {
    /// Bytes of an IPv6 address that one customer has no choice of (a /56).
    const CUSTOMER: usize = 7;
    match address.map(|address| address.to_canonical()) {
        None => Vec::new(),
        Some(IpAddr::V4(address)) => address.octets().to_vec(),
        Some(IpAddr::V6(address)) => address.octets().into_iter().take(CUSTOMER).collect(),
    }
}

/// One counter: its place, and how it stands.
pub(super) struct Counter {
    pub(super) kind: Kind,
    key: (RealmId, [u8; 32]),
    pub(super) row: LoginAttempt,
}

impl Counter {
    pub(super) fn load(
        read: &impl Read,
        realm: &RealmId,
        kind: Kind,
        account: Option<&Account>,
        rest: &[u8],
    ) -> Result<Self, Abort> {
        let hash_key = hmac::Key::new(hmac::HMAC_SHA256, &client_secret_key(read, realm)?);
        let mut context = hmac::Context::with_key(&hash_key);
        let [of, name] = account.map_or([&b""[..], b""], Account::parts);
        for part in [PURPOSE, kind.name().as_bytes(), of, name, rest] {
            // Each part is preceded by its length, so that no two lists of parts hash alike.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        let key = (realm.clone(), hash);
        let row = read.get::<LoginAttempts>(&key)?.map(|stored| stored.row).unwrap_or_default();
        Ok(Self { kind, key, row: kind.at(row, read.now().0) })
    }

    pub(super) fn save(&self, tx: &mut Tx<'_>) -> Result<(), Abort> {
        // The table has no unique index, so there is nothing that could be taken.
        let _ = tx.put::<LoginAttempts>(self.key.clone(), self.row.clone())?;
        Ok(())
    }

    /// Takes one attempt back. A counter that counts nothing more goes.
    fn take_back(&mut self, tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), Abort> {
        self.kind.take_back(&mut self.row);
        if self.kind == Kind::Account && attempt.fresh {
            self.row.fresh = self.row.fresh.saturating_sub(1);
        }
        if self.row.count == 0 { self.clear(tx) } else { self.save(tx) }
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Abort> {
        tx.delete::<LoginAttempts>(&self.key)?;
        Ok(())
    }
}

/// The counters that an attempt was counted by.
fn of(read: &impl Read, attempt: &Attempt) -> Result<Vec<Counter>, Abort> {
    let Attempt { realm, account, name, network, device, .. } = attempt;
    let load = |kind, account, rest: &[u8]| Counter::load(read, realm, kind, account, rest);
    Ok(match device {
        Some(device) => vec![load(Kind::Device, Some(account), device)?],
        None => vec![
            load(Kind::Pair, Some(name), network)?,
            load(Kind::Account, Some(account), &[])?,
            load(Kind::Source, None, network)?,
        ],
    })
}

/// After the owner was proved: the counters of their own browser and network are cleared; where strangers count as
/// well, only this attempt is taken back.
pub(super) fn settle(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), Abort> {
    for mut counter in of(tx, attempt)? {
        match counter.kind {
            Kind::Device | Kind::Pair => counter.clear(tx)?,
            Kind::Account | Kind::Source => counter.take_back(tx, attempt)?,
        }
    }
    Ok(())
}

/// Takes back an attempt whose password was never looked at, for want of room on the pool: nobody learnt anything.
///
/// # Errors
/// When storage fails.
pub fn withdraw(tx: &mut Tx<'_>, attempt: &Attempt) -> Result<(), Abort> {
    of(tx, attempt)?.iter_mut().try_for_each(|counter| counter.take_back(tx, attempt))
}

/// Forgets the attempts that were counted for an account over all networks: its owner was proved in another way.
pub(crate) fn forgive(tx: &mut Tx<'_>, realm: &RealmId, user: UserId) -> Result<(), Abort> {
    Counter::load(tx, realm, Kind::Account, Some(&Account::Person(user)), &[])?.clear(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_one_customer_has() {
        let network = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8:0:1::1"), network("2001:db8:0:ff:ffff::2"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:101::1"));
    }
}
