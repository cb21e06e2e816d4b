//! A batch becomes an event.

use prost::Message;
use raft_store_core::{Abort, Chain, Outcome, Read, Table, TableId, Tx};
use serde_json::{Value, json};

use super::tally::{Batch, Run};
use crate::event::{self, Actor};
use crate::tables;

/// The last batch of each chain and node, so that none is written twice.
pub struct RefusalBatches;

/// What is kept of it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct LastBatch {
    /// The run, 8 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub run: Vec<u8>,
    /// Its number.
    #[prost(uint64, tag = "2")]
    pub number: u64,
}

impl Table for RefusalBatches {
    type Key = (String, u64);
    type Row = LastBatch;
    type Indexes = ();
    type Sets = ();
    const ID: TableId = tables::REFUSAL_BATCHES;
    const NAME: &'static str = "refusal_batches";
}

/// Writes a batch into its chain, once however often it is tried.
///
/// # Errors
/// Pass it on.
pub fn write(tx: &mut Tx<'_>, run: &Run, chain: &Chain, batch: &Batch) -> Result<Outcome<()>, Abort> {
    let key = (chain.name().to_owned(), run.node);
    let known = tx.get::<RefusalBatches>(&key)?.map(|stored| stored.row);
    if known.is_some_and(|known| known.run == run.id && known.number >= batch.number) {
        return Ok(Outcome::Answer(()));
    }
    // Never taken: the table has no unique index.
    let _ = tx.put::<RefusalBatches>(key, LastBatch { run: run.id.to_vec(), number: batch.number })?;
    let node = run.node.to_string();
    event::record_in(tx, chain, "refused", &node, changes(run, batch), &Actor::system())?;
    Ok(Outcome::Commit(()))
}

fn changes(run: &Run, batch: &Batch) -> Value {
    let counted = batch.counted.iter().map(|(origin, count)| {
        let mut told = json!({ "kind": origin.kind.name(), "count": count });
        if let Some(fields) = told.as_object_mut() {
            if !origin.subject.is_empty() {
                fields.insert("subject".to_owned(), json!(origin.subject));
            }
            if let Some(network) = origin.network {
                fields.insert("network".to_owned(), json!(network));
            }
        }
        told
    });
    let others = batch.others.iter().map(|(kind, count)| (kind.name().to_owned(), json!(count)));
    json!({
        "run": u64::from_be_bytes(run.id).to_string(),
        "number": batch.number,
        "last": batch.last,
        "refused": counted.collect::<Vec<_>>(),
        "others": others.collect::<serde_json::Map<_, _>>(),
    })
}

#[cfg(test)]
mod tests {
    use raft_store_core::Timestamp;
    use raft_store_core::memory::MemoryStore;

    use super::super::{MAX_COUNTED, RefusalKind, Refusals};
    use super::*;
    use crate::RealmId;

    const RUN: Run = Run { node: 2, id: [7; 8] };

    fn put(store: &MemoryStore, chain: &Chain, batch: &Batch) {
        store.run(|tx| write(tx, &RUN, chain, batch)).unwrap();
    }

    #[test]
    fn a_batch_is_one_event_however_often_it_is_written() {
        let store = MemoryStore::new(Timestamp(1_000));
        let refusals = Refusals::default();
        let realm = RealmId::parse("vo").unwrap();
        let address = Some("192.0.2.7".parse().unwrap());
        for _ in 0..3 {
            refusals.note(Some(&realm), RefusalKind::Client, "robot", address);
        }
        for (chain, batch) in refusals.take(false) {
            put(&store, &chain, &batch);
            put(&store, &chain, &batch);
        }
        let events = store.look(|view| view.audit_events("vo", 1, 10)).unwrap();
        assert_eq!(events.len(), 1);
        let body: Value = serde_json::from_slice(&events[0].body).unwrap();
        let expected = json!({
            "what": "refused", "actor": {"kind": "system"}, "realm": "vo", "object": "2",
            "changes": {
                "run": "506381209866536711", "number": 1, "last": false, "others": {},
                "refused": [{"kind": "client", "count": 3, "subject": "robot", "network": "192.0.2.7"}],
            },
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn the_largest_batch_is_small() {
        let refusals = Refusals::default();
        for at in 0..1_000_u16 {
            let network = Some(std::net::IpAddr::from([0x2001, 0xdb8, 0x1111, 0xff00, 0, 0, 0, at]));
            for kind in RefusalKind::ALL {
                refusals.note(None, kind, &format!("{at:064}"), network);
            }
        }
        let [(chain, batch)] = &refusals.take(false)[..] else { panic!() };
        assert_eq!(batch.counted.len(), MAX_COUNTED);
        let store = MemoryStore::new(Timestamp(1_000));
        put(&store, chain, batch);
        let events = store.look(|view| view.audit_events("", 1, 10)).unwrap();
        assert!(events[0].body.len() < 16 * 1024, "{}", events[0].body.len());
    }
}
