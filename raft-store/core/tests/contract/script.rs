//! Closures as data, so that a transaction and the sequential model can run the same one.

use proptest::prelude::*;
use raft_store_core::{Abort, Chain, Event, Read, Stored, Tx};

use crate::tables::{
    Account, AccountKey, Accounts, Aliased, ByAlias, ByEmail, InGroup, InRealm, LastUse, LastUses, NotBefore, REALM,
    key,
};

/// What a new record holds; `ttl`: it expires so many ms after the evaluation's `now`.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) email: u8,
    pub(crate) group: u8,
    pub(crate) aliases: Vec<u8>,
    pub(crate) balance: u8,
    pub(crate) ttl: Option<u8>,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Get(u8),
    FindEmail(u8),
    FindAlias(u8),
    AllInRealm,
    AllInGroup(u8),
    AllAliased,
    Marker(u8),
    LastUse(u8),
    Insert(u8, Draft),
    Put(u8, Draft),
    Delete(u8),
    /// Moves money from one to the other if both are there: what is written depends on what was read.
    Pay(u8, u8),
    /// Puts every member of a group into another one.
    Merge(u8, u8),
    /// Deletes whoever has this address.
    DeleteByEmail(u8),
    /// Inserts only while the group is empty: the classical phantom.
    FirstOfGroup(u8, Draft),
    Use(u8, u8),
    Touch(u8),
    Audit(u8),
}

pub(crate) type Script = Vec<Command>;

/// What a command saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Account(Option<Row>),
    Accounts(Vec<Row>),
    /// `u64::MAX`: touched by this transaction.
    Marker(Option<u64>),
    LastUse(Option<(u64, u64)>),
    Wrote(Result<(), &'static str>),
    Deleted(bool),
    Nothing,
}

/// Key, fields, revision (zero: own write).
pub(crate) type Row = (AccountKey, Account, u64);

/// What a script needs of the thing it runs on.
pub(crate) trait Subject {
    fn now(&self) -> u64;
    fn get(&self, number: u8) -> Result<Option<Row>, Abort>;
    fn find_email(&self, email: &str) -> Result<Option<Row>, Abort>;
    fn find_alias(&self, alias: &str) -> Result<Option<Row>, Abort>;
    fn in_realm(&self) -> Result<Vec<Row>, Abort>;
    fn in_group(&self, group: u32) -> Result<Vec<Row>, Abort>;
    fn aliased(&self) -> Result<Vec<Row>, Abort>;
    fn marker(&self, number: u8) -> Result<Option<u64>, Abort>;
    fn last_use(&self, number: u8) -> Result<Option<(u64, u64)>, Abort>;
    fn insert(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort>;
    fn put(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort>;
    fn delete(&mut self, number: u8) -> Result<bool, Abort>;
    fn use_now(&mut self, number: u8, at: u64) -> Result<(), Abort>;
    fn touch(&mut self, number: u8);
    fn audit(&mut self, event: u8);
}

/// Names with bytes that an encoding might get wrong.
fn name(number: u8) -> String {
    ["", "a", "a\0", "a\u{1}", "b"].get(usize::from(number)).map_or_else(|| format!("n{number}"), |it| (*it).to_owned())
}

fn account(draft: &Draft, now: u64) -> Account {
    let mut aliases: Vec<String> = draft.aliases.iter().map(|alias| name(*alias)).collect();
    aliases.dedup();
    Account {
        email: name(draft.email),
        group: u32::from(draft.group),
        aliases,
        balance: u64::from(draft.balance),
        expires_ms: draft.ttl.map(|ttl| now + u64::from(ttl)),
    }
}

pub(crate) fn run<S: Subject>(on: &mut S, script: &[Command]) -> Result<Vec<Seen>, Abort> {
    script.iter().map(|command| step(on, command)).collect()
}

fn step<S: Subject>(on: &mut S, command: &Command) -> Result<Seen, Abort> {
    let now = on.now();
    Ok(match command {
        Command::Get(number) => Seen::Account(on.get(*number)?),
        Command::FindEmail(email) => Seen::Account(on.find_email(&name(*email))?),
        Command::FindAlias(alias) => Seen::Account(on.find_alias(&name(*alias))?),
        Command::AllInRealm => Seen::Accounts(on.in_realm()?),
        Command::AllInGroup(group) => Seen::Accounts(on.in_group(u32::from(*group))?),
        Command::AllAliased => Seen::Accounts(on.aliased()?),
        Command::Marker(number) => Seen::Marker(on.marker(*number)?),
        Command::LastUse(number) => Seen::LastUse(on.last_use(*number)?),
        Command::Insert(number, draft) => Seen::Wrote(on.insert(*number, account(draft, now))?),
        Command::Put(number, draft) => Seen::Wrote(on.put(*number, account(draft, now))?),
        Command::Delete(number) => Seen::Deleted(on.delete(*number)?),
        Command::Pay(from, to) => match (on.get(*from)?, on.get(*to)?) {
            (Some((_, mut giver, _)), Some((_, mut taker, _))) if from != to => {
                let sum = giver.balance.min(3);
                giver.balance -= sum;
                taker.balance += sum;
                let first = on.put(*from, giver)?;
                Seen::Wrote(first.and(on.put(*to, taker)?))
            }
            (giver, _) => Seen::Account(giver),
        },
        Command::Merge(from, to) => {
            let members = on.in_group(u32::from(*from))?;
            for ((_, number), mut row, _) in members.clone() {
                row.group = u32::from(*to);
                let _ = on.put(number, row)?;
            }
            Seen::Accounts(members)
        }
        Command::DeleteByEmail(email) => match on.find_email(&name(*email))? {
            Some(((_, number), ..)) => Seen::Deleted(on.delete(number)?),
            None => Seen::Deleted(false),
        },
        Command::FirstOfGroup(number, draft) => {
            if on.in_group(u32::from(draft.group))?.is_empty() {
                Seen::Wrote(on.insert(*number, account(draft, now))?)
            } else {
                Seen::Nothing
            }
        }
        Command::Use(number, at) => {
            on.use_now(*number, u64::from(*at))?;
            Seen::Nothing
        }
        Command::Touch(number) => {
            on.touch(*number);
            Seen::Nothing
        }
        Command::Audit(event) => {
            on.audit(*event);
            Seen::Nothing
        }
    })
}

pub(crate) fn row(stored: Stored<Accounts>) -> Row {
    (stored.key, stored.row, stored.revision.0)
}

impl Subject for Tx<'_> {
    fn now(&self) -> u64 {
        Read::now(self).0
    }
    fn get(&self, number: u8) -> Result<Option<Row>, Abort> {
        Ok(Read::get::<Accounts>(self, &key(number))?.map(row))
    }
    fn find_email(&self, email: &str) -> Result<Option<Row>, Abort> {
        Ok(self.find::<ByEmail>(&(REALM.to_owned(), email.to_owned()))?.map(row))
    }
    fn find_alias(&self, alias: &str) -> Result<Option<Row>, Abort> {
        Ok(self.find::<ByAlias>(&(REALM.to_owned(), alias.to_owned()))?.map(row))
    }
    fn in_realm(&self) -> Result<Vec<Row>, Abort> {
        Ok(self.all::<InRealm>(&(REALM.to_owned(),))?.into_iter().map(row).collect())
    }
    fn in_group(&self, group: u32) -> Result<Vec<Row>, Abort> {
        Ok(self.all::<InGroup>(&(REALM.to_owned(), group))?.into_iter().map(row).collect())
    }
    fn aliased(&self) -> Result<Vec<Row>, Abort> {
        Ok(self.all::<Aliased>(&(REALM.to_owned(),))?.into_iter().map(row).collect())
    }
    fn marker(&self, number: u8) -> Result<Option<u64>, Abort> {
        let revision = Read::marker::<NotBefore>(self, &number)?;
        Ok(revision.map(|at| if at > self.revision() { u64::MAX } else { at.0 }))
    }
    fn last_use(&self, number: u8) -> Result<Option<(u64, u64)>, Abort> {
        Ok(Read::get::<LastUses>(self, &number)?.map(|stored| (stored.row.at, stored.revision.0)))
    }
    fn insert(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort> {
        Ok(Tx::insert::<Accounts>(self, key(number), row)?.map_err(|taken| taken.index))
    }
    fn put(&mut self, number: u8, row: Account) -> Result<Result<(), &'static str>, Abort> {
        Ok(Tx::put::<Accounts>(self, key(number), row)?.map_err(|taken| taken.index))
    }
    fn delete(&mut self, number: u8) -> Result<bool, Abort> {
        Tx::delete::<Accounts>(self, &key(number))
    }
    fn use_now(&mut self, number: u8, at: u64) -> Result<(), Abort> {
        self.put_blind::<LastUses>(&number, &LastUse { at })
    }
    fn touch(&mut self, number: u8) {
        Tx::touch::<NotBefore>(self, &number);
    }
    fn audit(&mut self, event: u8) {
        Tx::audit(self, &Chain::Realm(REALM.to_owned()), Event(vec![event]));
    }
}

/// Few names, so that scripts meet each other.
const NAMES: u8 = 5;
const GROUPS: u8 = 3;

fn draft() -> impl Strategy<Value = Draft> {
    let ttl = prop_oneof![2 => Just(None), 1 => (0u8..60).prop_map(Some)];
    (0..NAMES, 0..GROUPS, prop::collection::vec(0..NAMES, 0..3), 0u8..9, ttl)
        .prop_map(|(email, group, aliases, balance, ttl)| Draft { email, group, aliases, balance, ttl })
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (0..NAMES).prop_map(Command::Get),
        (0..NAMES).prop_map(Command::FindEmail),
        (0..NAMES).prop_map(Command::FindAlias),
        Just(Command::AllInRealm),
        (0..GROUPS).prop_map(Command::AllInGroup),
        Just(Command::AllAliased),
        (0..GROUPS).prop_map(Command::Marker),
        (0..GROUPS).prop_map(Command::LastUse),
        (0..NAMES, draft()).prop_map(|(number, draft)| Command::Insert(number, draft)),
        (0..NAMES, draft()).prop_map(|(number, draft)| Command::Put(number, draft)),
        (0..NAMES, draft()).prop_map(|(number, draft)| Command::FirstOfGroup(number, draft)),
        (0..NAMES).prop_map(Command::Delete),
        (0..NAMES, 0..NAMES).prop_map(|(from, to)| Command::Pay(from, to)),
        (0..GROUPS, 0..GROUPS).prop_map(|(from, to)| Command::Merge(from, to)),
        (0..NAMES).prop_map(Command::DeleteByEmail),
        (0..GROUPS, any::<u8>()).prop_map(|(number, at)| Command::Use(number, at)),
        (0..GROUPS).prop_map(Command::Touch),
        any::<u8>().prop_map(Command::Audit),
    ]
}

pub(crate) fn script() -> impl Strategy<Value = Script> {
    prop::collection::vec(command(), 1..5)
}
