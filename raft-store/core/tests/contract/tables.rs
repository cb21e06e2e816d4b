//! One table with everything a table can have, one blind, one marker.

use prost::Message;
use raft_store_core::{
    Blind, Index, IndexId, Marker, MarkerId, Set, SetId, Table, TableId, Through, Timestamp, Unique,
};

/// Realm and number.
pub(crate) type AccountKey = (String, u8);

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Account {
    #[prost(string, tag = "1")]
    pub(crate) email: String,
    #[prost(uint32, tag = "2")]
    pub(crate) group: u32,
    #[prost(string, repeated, tag = "3")]
    pub(crate) aliases: Vec<String>,
    #[prost(uint64, tag = "4")]
    pub(crate) balance: u64,
    #[prost(uint64, optional, tag = "5")]
    pub(crate) expires_ms: Option<u64>,
}

/// An account as a newer version writes it.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct NewerAccount {
    #[prost(string, tag = "1")]
    pub(crate) email: String,
    #[prost(uint64, optional, tag = "5")]
    pub(crate) expires_ms: Option<u64>,
    #[prost(bool, tag = "19")]
    pub(crate) suspended: bool,
}

pub(crate) struct Accounts;
impl Table for Accounts {
    type Key = AccountKey;
    type Row = Account;
    type Indexes = (ByEmail, ByAlias, ByGroup);
    type Sets = (InRealm, InGroup, Aliased);
    const ID: TableId = TableId(900);
    const NAME: &'static str = "accounts";
    fn expires(row: &Account) -> Option<Timestamp> {
        row.expires_ms.map(Timestamp)
    }
}

/// The same table in the eyes of a newer version.
pub(crate) struct NewerAccounts;
impl Table for NewerAccounts {
    type Key = AccountKey;
    type Row = NewerAccount;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = Accounts::ID;
    const NAME: &'static str = "accounts";
    fn expires(row: &NewerAccount) -> Option<Timestamp> {
        row.expires_ms.map(Timestamp)
    }
}

pub(crate) struct ByEmail;
impl Index for ByEmail {
    type Of = Accounts;
    type Key = (String, String);
    const ID: IndexId = IndexId(900);
    const NAME: &'static str = "accounts.email";
    const UNIQUE: bool = true;
    fn keys(key: &AccountKey, row: &Account) -> Vec<(String, String)> {
        if row.email.is_empty() { Vec::new() } else { vec![(key.0.clone(), row.email.clone())] }
    }
}
impl Unique for ByEmail {}

pub(crate) struct ByAlias;
impl Index for ByAlias {
    type Of = Accounts;
    type Key = (String, String);
    const ID: IndexId = IndexId(901);
    const NAME: &'static str = "accounts.alias";
    const UNIQUE: bool = true;
    fn keys(key: &AccountKey, row: &Account) -> Vec<(String, String)> {
        row.aliases.iter().map(|alias| (key.0.clone(), alias.clone())).collect()
    }
}
impl Unique for ByAlias {}

pub(crate) struct ByGroup;
impl Index for ByGroup {
    type Of = Accounts;
    type Key = (String, u32);
    const ID: IndexId = IndexId(902);
    const NAME: &'static str = "accounts.group";
    const UNIQUE: bool = false;
    fn keys(key: &AccountKey, row: &Account) -> Vec<(String, u32)> {
        vec![(key.0.clone(), row.group)]
    }
}

pub(crate) struct InRealm;
impl Set for InRealm {
    type Of = Accounts;
    type Prefix = (String,);
    const ID: SetId = SetId(900);
    const THROUGH: Through = Through::Primary;
    fn prefixes(key: &AccountKey, _: &Account) -> Vec<(String,)> {
        vec![(key.0.clone(),)]
    }
}

pub(crate) struct InGroup;
impl Set for InGroup {
    type Of = Accounts;
    type Prefix = (String, u32);
    const ID: SetId = SetId(901);
    const THROUGH: Through = Through::Index(ByGroup::ID);
    fn prefixes(key: &AccountKey, row: &Account) -> Vec<(String, u32)> {
        vec![(key.0.clone(), row.group)]
    }
}

/// Accounts with at least one alias; each stands under several keys of its index.
pub(crate) struct Aliased;
impl Set for Aliased {
    type Of = Accounts;
    type Prefix = (String,);
    const ID: SetId = SetId(902);
    const THROUGH: Through = Through::Index(ByAlias::ID);
    fn prefixes(key: &AccountKey, row: &Account) -> Vec<(String,)> {
        if row.aliases.is_empty() { Vec::new() } else { vec![(key.0.clone(),)] }
    }
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct LastUse {
    #[prost(uint64, tag = "1")]
    pub(crate) at: u64,
}

pub(crate) struct LastUses;
impl Table for LastUses {
    type Key = u8;
    type Row = LastUse;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = TableId(901);
    const NAME: &'static str = "last_uses";
}
impl Blind for LastUses {}

/// Nothing issued to an account before this is valid.
pub(crate) struct NotBefore;
impl Marker for NotBefore {
    type Key = u8;
    const ID: MarkerId = MarkerId(900);
}

pub(crate) const REALM: &str = "r";

pub(crate) fn key(number: u8) -> AccountKey {
    (REALM.to_owned(), number)
}

pub(crate) fn account(email: &str) -> Account {
    Account { email: email.to_owned(), ..Account::default() }
}
