//! The workload's tables as a sequential program has them: what each transaction must answer at its revision.

use std::collections::{BTreeMap, BTreeSet};

use crate::op::{ENDED, NONE, Read, Write};
use crate::tables::QUOTA;

/// State after some revision.
#[derive(Default)]
pub(crate) struct Model {
    codes: BTreeMap<u64, u64>,
    /// Good secret, and whether ended.
    families: BTreeMap<u64, (u64, bool)>,
    counters: BTreeMap<u64, u64>,
    slots: BTreeMap<u64, u64>,
    registers: BTreeMap<u64, u64>,
    /// Holder and expiry.
    leases: BTreeMap<u64, (u64, u64)>,
    groups: BTreeMap<u64, BTreeSet<u64>>,
    names: BTreeMap<u64, u64>,
    markers: BTreeMap<u64, u64>,
    clients: BTreeMap<u64, bool>,
    receipts: BTreeMap<u64, u64>,
}

impl Model {
    fn lease(&self, lease: u64, now: u64) -> Option<u64> {
        self.leases.get(&lease).filter(|(_, expires)| now < *expires).map(|(holder, _)| *holder)
    }

    /// What the transaction answers without a write; `None`: it commits.
    pub(crate) fn answer(&self, write: Write, now: u64) -> Option<u64> {
        match write {
            Write::Mint { code } => self.codes.contains_key(&code).then_some(NONE),
            Write::Consume { code } => (!self.codes.contains_key(&code)).then_some(NONE),
            Write::Rotate { family, .. } => self.families.get(&family).and_then(|(_, ended)| ended.then_some(NONE)),
            Write::Take { slot } => self.slots.get(&slot).copied(),
            Write::GiveBack { slot } => (!self.slots.contains_key(&slot)).then_some(NONE),
            Write::Acquire { lease, .. } => self.lease(lease, now),
            Write::Join { group } => {
                let members = self.groups.get(&group).map_or(0, BTreeSet::len);
                (members >= QUOTA).then_some(members as u64)
            }
            Write::Leave { group } => self.groups.get(&group).is_none_or(BTreeSet::is_empty).then_some(NONE),
            Write::Create { name } => self.names.contains_key(&name).then_some(NONE),
            Write::Remove { name } => (!self.names.contains_key(&name)).then_some(NONE),
            Write::Increment { .. } | Write::Set { .. } | Write::Revoke { .. } | Write::Suspend { .. } => None,
        }
    }

    /// Carries the transaction out and gives its answer; `Err`: it would not have committed, but answered this.
    /// It was evaluated at the first time and applied at the second.
    pub(crate) fn commit(
        &mut self,
        id: u64,
        write: Write,
        (now, stamp): (u64, u64),
        revision: u64,
    ) -> Result<u64, u64> {
        if let Some(answer) = self.answer(write, now.max(stamp)) {
            return Err(answer);
        }
        self.receipts.insert(id, revision);
        Ok(match write {
            Write::Mint { code } => {
                self.codes.insert(code, id);
                0
            }
            Write::Consume { code } => self.codes.remove(&code).unwrap_or(NONE),
            Write::Rotate { family, presented } => {
                let known = self.families.get(&family).copied();
                match known {
                    Some((good, _)) if good != presented => {
                        self.families.insert(family, (good, true));
                        ENDED
                    }
                    _ => {
                        self.families.insert(family, (id, false));
                        id
                    }
                }
            }
            Write::Increment { counter } => {
                let count = self.counters.entry(counter).or_default();
                *count += 1;
                *count
            }
            Write::Take { slot } => {
                self.slots.insert(slot, id);
                id
            }
            Write::GiveBack { slot } => self.slots.remove(&slot).unwrap_or(NONE),
            Write::Set { register } => {
                self.registers.insert(register, id);
                id
            }
            Write::Acquire { lease, ms } => {
                self.leases.insert(lease, (id, now + ms));
                id
            }
            Write::Join { group } => {
                let members = self.groups.entry(group).or_default();
                members.insert(id);
                members.len() as u64
            }
            Write::Leave { group } => self.groups.get_mut(&group).and_then(BTreeSet::pop_first).unwrap_or(NONE),
            Write::Create { name } => {
                self.names.insert(name, id);
                id
            }
            Write::Remove { name } => self.names.remove(&name).unwrap_or(NONE),
            Write::Revoke { client } => {
                self.markers.insert(client, revision);
                0
            }
            Write::Suspend { client, active } => {
                self.clients.insert(client, active);
                id
            }
        })
    }

    /// The answer to a question at a time.
    pub(crate) fn question(&self, read: Read, now: u64) -> u64 {
        match read {
            Read::Code { code } => self.codes.get(&code).copied().unwrap_or(NONE),
            Read::Counter { counter } => self.counters.get(&counter).copied().unwrap_or(0),
            Read::Slot { slot } => self.slots.get(&slot).copied().unwrap_or(NONE),
            Read::Register { register } => self.registers.get(&register).copied().unwrap_or(NONE),
            Read::Lease { lease } => self.lease(lease, now).unwrap_or(NONE),
            Read::Group { group } => self.groups.get(&group).map_or(0, BTreeSet::len) as u64,
            Read::Name { name } => self.names.get(&name).copied().unwrap_or(NONE),
            Read::Issue { client } => u64::from(self.clients.get(&client).copied().unwrap_or(true)),
            Read::Introspect { client, .. } => self.markers.get(&client).copied().unwrap_or(0),
            Read::Receipt { of } => self.receipts.get(&of).copied().unwrap_or(NONE),
        }
    }
}
