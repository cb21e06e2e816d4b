//! What the store ought to be: maps, one script after the other.

use std::collections::BTreeMap;

use raft_store_core::{Abort, Index, Table};

use crate::script::{Row, Script, Seen, Subject, run};
use crate::tables::{Account, Accounts, ByAlias, ByEmail, key};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) accounts: BTreeMap<u8, (Account, u64)>,
    pub(crate) uses: BTreeMap<u8, (u64, u64)>,
    pub(crate) markers: BTreeMap<u8, u64>,
    pub(crate) events: Vec<(u64, u8)>,
    now: u64,
    stamp: u64,
}

impl Model {
    /// Runs a script as the transaction at `index`: its clock says `now`, and it takes place at `stamp`.
    pub(crate) fn commit(&mut self, script: &Script, now: u64, stamp: u64, index: u64) -> Vec<Seen> {
        self.now = now;
        self.stamp = stamp;
        let seen = run(self, script).unwrap();
        let accounts = self.accounts.values_mut().map(|(_, revision)| revision);
        let uses = self.uses.values_mut().map(|(_, revision)| revision);
        for revision in accounts.chain(uses).filter(|revision| **revision == 0) {
            *revision = index;
        }
        for marker in self.markers.values_mut().filter(|marker| **marker == u64::MAX) {
            *marker = index;
        }
        for event in self.events.iter_mut().filter(|event| event.0 == 0) {
            event.0 = index;
        }
        seen
    }

    /// Runs a script that writes nothing.
    pub(crate) fn answer(&self, script: &Script, now: u64) -> Vec<Seen> {
        self.clone().commit(script, now, now, u64::MAX)
    }

    /// What a reader at `now` can see.
    pub(crate) fn visible(&self, now: u64) -> Vec<Row> {
        Self { stamp: now, ..self.clone() }.live().collect()
    }

    /// Records of others live or not at the stamp, own ones by the clock that made them.
    fn live(&self) -> impl Iterator<Item = Row> + '_ {
        let at = |revision| if revision == 0 { self.now } else { self.stamp };
        let live = self
            .accounts
            .iter()
            .filter(move |(_, (row, revision))| row.expires_ms.is_none_or(|expires| at(*revision) < expires));
        live.map(|(number, (row, revision))| (key(*number), row.clone(), *revision))
    }
}

impl Subject for Model {
    fn now(&self) -> u64 {
        self.now
    }
    fn get(&self, number: u8) -> Result<Option<Row>, Abort> {
        Ok(self.live().find(|row| row.0.1 == number))
    }
    fn find_email(&self, email: &str) -> Result<Option<Row>, Abort> {
        Ok(self.live().find(|row| !email.is_empty() && row.1.email == email))
    }
    fn find_alias(&self, alias: &str) -> Result<Option<Row>, Abort> {
        Ok(self.live().find(|row| row.1.aliases.iter().any(|its| its == alias)))
    }
    fn in_realm(&self) -> Result<Vec<Row>, Abort> {
        Ok(self.live().collect())
    }
    fn in_group(&self, group: u32) -> Result<Vec<Row>, Abort> {
        Ok(self.live().filter(|row| row.1.group == group).collect())
    }
    fn aliased(&self) -> Result<Vec<Row>, Abort> {
        let mut rows: Vec<Row> = self.live().filter(|row| !row.1.aliases.is_empty()).collect();
        rows.sort_by_key(|row| row.1.aliases.iter().min().cloned());
        Ok(rows)
    }
    fn marker(&self, number: u8) -> Result<Option<u64>, Abort> {
        Ok(self.markers.get(&number).copied())
    }
    fn last_use(&self, number: u8) -> Result<Option<(u64, u64)>, Abort> {
        Ok(self.uses.get(&number).copied())
    }
    fn insert(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort> {
        if self.get(number)?.is_some() {
            return Ok(Err(Accounts::NAME));
        }
        self.put(number, row)
    }
    fn put(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort> {
        let other = |held: Option<Row>| held.is_some_and(|held| held.0.1 != number);
        if other(self.find_email(&row.email)?) {
            return Ok(Err(ByEmail::NAME));
        }
        for alias in &row.aliases {
            if other(self.find_alias(alias)?) {
                return Ok(Err(ByAlias::NAME));
            }
        }
        // Whoever else holds one of its keys is expired, and gone.
        let clash = |held: &Account| {
            (!row.email.is_empty() && held.email == row.email) || held.aliases.iter().any(|it| row.aliases.contains(it))
        };
        self.accounts.retain(|_, (held, _)| !clash(held));
        self.accounts.insert(number, (row, 0));
        Ok(Ok(()))
    }
    fn delete(&mut self, number: u8) -> Result<bool, Abort> {
        let live = self.get(number)?.is_some();
        self.accounts.remove(&number);
        Ok(live)
    }
    fn use_now(&mut self, number: u8, at: u64) -> Result<(), Abort> {
        self.uses.insert(number, (at, 0));
        Ok(())
    }
    fn touch(&mut self, number: u8) {
        self.markers.insert(number, u64::MAX);
    }
    fn audit(&mut self, event: u8) {
        self.events.push((0, event));
    }
}
