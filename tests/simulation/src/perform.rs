//! Operations against a store, as a protocol's handler would run them.

use std::time::Duration;

use raft_store_core::{Abort, Freshness, Outcome, Read as _, Request, Revision, Store, StoreError, Tx, View};

use crate::op::{Call, ENDED, Ended, NONE, Op, Read, Write};
use crate::tables::{
    ByName, Clients, Codes, Counters, Families, Leases, Members, NotBefore, OfGroup, QUOTA, Receipts, Registers, Row,
    Slots, Users, row,
};

/// Runs one operation to its end.
pub(crate) async fn perform(store: &Store, call: Call) -> Ended {
    let request = Request { id: String::new(), within: call.within };
    match call.op {
        Op::Write(write) => {
            let id = call.id;
            let done = store.transact(&request, |tx| {
                let now = tx.now().0;
                Ok(match transaction(tx, id, write)? {
                    Outcome::Commit(answer) => {
                        tx.put_blind::<Receipts>(&id, &row(answer, now))?;
                        Outcome::Commit((true, answer, now))
                    }
                    Outcome::Answer(answer) => Outcome::Answer((false, answer, now)),
                })
            });
            ended(done.await.map(|done| {
                let (wrote, answer, now) = done.answer;
                (wrote, answer, now, done.revision, done.age)
            }))
        }
        Op::Read(read, fresh) => {
            let done = store.view(&request, fresh, |view| Ok((question(view, read)?, view.now().0)));
            ended(done.await.map(|done| (false, done.answer.0, done.answer.1, done.revision, done.age)))
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the end of it")]
fn ended(result: Result<(bool, u64, u64, Revision, Duration), StoreError>) -> Ended {
    match result {
        Ok((true, answer, now, revision, _)) => Ended::Committed { revision, answer, now },
        Ok((false, answer, now, revision, age)) => Ended::Answered { revision, answer, now, age },
        Err(StoreError::Unknown { .. }) => Ended::Unknown,
        Err(_) => Ended::NotDone,
    }
}

fn transaction(tx: &mut Tx<'_>, id: u64, write: Write) -> Result<Outcome<u64>, Abort> {
    Ok(match write {
        Write::Mint { code } => match tx.insert::<Codes>(code, row(id, 0))? {
            Ok(()) => Outcome::Commit(0),
            Err(_) => Outcome::Answer(NONE),
        },
        Write::Consume { code } => match tx.get::<Codes>(&code)? {
            Some(found) => {
                tx.delete::<Codes>(&code)?;
                Outcome::Commit(found.row.a)
            }
            None => Outcome::Answer(NONE),
        },
        Write::Rotate { family, presented } => match tx.get::<Families>(&family)?.map(|found| found.row) {
            None => put::<Families>(tx, family, row(id, 0), id)?,
            Some(Row { b: 1, .. }) => Outcome::Answer(NONE),
            Some(known) if known.a == presented => put::<Families>(tx, family, row(id, 0), id)?,
            Some(known) => put::<Families>(tx, family, row(known.a, 1), ENDED)?,
        },
        Write::Increment { counter } => {
            let next = tx.get::<Counters>(&counter)?.map_or(0, |found| found.row.a) + 1;
            put::<Counters>(tx, counter, row(next, id), next)?
        }
        Write::Take { slot } => match tx.get::<Slots>(&slot)? {
            None => put::<Slots>(tx, slot, row(id, 0), id)?,
            Some(held) => Outcome::Answer(held.row.a),
        },
        Write::GiveBack { slot } => match tx.get::<Slots>(&slot)? {
            Some(held) => {
                tx.delete::<Slots>(&slot)?;
                Outcome::Commit(held.row.a)
            }
            None => Outcome::Answer(NONE),
        },
        Write::Set { register } => {
            tx.put_blind::<Registers>(&register, &row(id, 0))?;
            Outcome::Commit(id)
        }
        Write::Acquire { lease, ms } => {
            if let Some(held) = tx.get::<Leases>(&lease)? {
                Outcome::Answer(held.row.a)
            } else {
                let expires_ms = tx.now().plus_ms(ms).0;
                put::<Leases>(tx, lease, Row { a: id, b: 0, expires_ms }, id)?
            }
        }
        Write::Join { group } => {
            let members = tx.all::<OfGroup>(&group)?;
            if members.len() >= QUOTA {
                Outcome::Answer(members.len() as u64)
            } else {
                put::<Members>(tx, (group, id), row(0, 0), members.len() as u64 + 1)?
            }
        }
        Write::Leave { group } => match tx.all::<OfGroup>(&group)?.first().map(|found| found.key) {
            Some(key) => {
                tx.delete::<Members>(&key)?;
                Outcome::Commit(key.1)
            }
            None => Outcome::Answer(NONE),
        },
        Write::Create { name } => match tx.insert::<Users>(id, row(name, 0))? {
            Ok(()) => Outcome::Commit(id),
            Err(_) => Outcome::Answer(NONE),
        },
        Write::Remove { name } => match tx.find::<ByName>(&name)?.map(|found| found.key) {
            Some(user) => {
                tx.delete::<Users>(&user)?;
                Outcome::Commit(user)
            }
            None => Outcome::Answer(NONE),
        },
        Write::Revoke { client } => {
            tx.touch::<NotBefore>(&client);
            Outcome::Commit(0)
        }
        Write::Suspend { client, active } => put::<Clients>(tx, client, row(u64::from(active), id), id)?,
    })
}

fn put<T: raft_store_core::Table<Row = Row>>(
    tx: &mut Tx<'_>,
    key: T::Key,
    row: Row,
    answer: u64,
) -> Result<Outcome<u64>, Abort> {
    let _ = tx.put::<T>(key, row)?;
    Ok(Outcome::Commit(answer))
}

/// The answer to a question from a view.
pub(crate) fn question(view: &View<'_>, read: Read) -> Result<u64, Abort> {
    Ok(match read {
        Read::Code { code } => view.get::<Codes>(&code)?.map_or(NONE, |found| found.row.a),
        Read::Counter { counter } => view.get::<Counters>(&counter)?.map_or(0, |found| found.row.a),
        Read::Slot { slot } => view.get::<Slots>(&slot)?.map_or(NONE, |found| found.row.a),
        Read::Register { register } => view.get::<Registers>(&register)?.map_or(NONE, |found| found.row.a),
        Read::Lease { lease } => view.get::<Leases>(&lease)?.map_or(NONE, |found| found.row.a),
        Read::Group { group } => view.all::<OfGroup>(&group)?.len() as u64,
        Read::Name { name } => view.find::<ByName>(&name)?.map_or(NONE, |found| found.key),
        Read::Issue { client } => view.get::<Clients>(&client)?.map_or(1, |found| found.row.a),
        Read::Introspect { client, .. } => view.marker::<NotBefore>(&client)?.map_or(0, |at| at.0),
        Read::Receipt { of } => view.get::<Receipts>(&of)?.map_or(NONE, |found| found.revision.0),
    })
}

/// Every receipt, as a replica has it: operation, revision, answer, time of evaluation.
pub(crate) async fn receipts(store: &Store, within: Duration) -> Result<Vec<(u64, Revision, u64, u64)>, StoreError> {
    let request = Request { id: String::new(), within };
    let done = store.view(&request, Freshness::Linearizable, |view| {
        let all = view.scan::<Receipts>(&(), None, usize::MAX)?;
        Ok(all.into_iter().map(|it| (it.key, it.revision, it.row.a, it.row.b)).collect::<Vec<_>>())
    });
    Ok(done.await?.answer)
}
