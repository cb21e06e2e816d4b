//! What a node finds in its own state when it opens: damage is reported, never a panic.

use raft_store_core::audit::{Head, StoredEvent};
use raft_store_core::kv::{Batch, Kv, Write};
use raft_store_core::layout::{self, Kind, RowValue};
use raft_store_core::memory::MemoryKv;
use raft_store_core::outcomes::Outcomes;
use raft_store_core::sweep::{self, Sweepable};
use raft_store_core::{AttemptId, Space, Timestamp, audit};

use crate::Target;
use crate::script::Script;

/// See [`target`].
pub const TARGET: Target = Target { name: "stored_state", run: target, seeds, words: &["position", "log_id", "membership"], rounds: 8000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut replica = crate::replica::Replica::new();
    let seed = super::entry::TARGET;
    for bytes in (seed.seeds)() {
        let entry = prost::Message::decode(bytes.as_slice()).unwrap();
        replica.apply(&[entry]).unwrap();
    }
    let mut out = Vec::new();
    for (space, key, value) in replica.dump() {
        out.push(u8::from(space == Space::Outcomes) << 7);
        for part in [key, value] {
            out.push(u8::try_from(part.len()).unwrap_or(255));
            out.extend_from_slice(part.get(..255).unwrap_or(&part));
        }
    }
    vec![out]
}

/// Pairs of key and value, each with its length before it.
pub fn target(data: &[u8]) {
    let mut script = Script::new(data);
    let kv = MemoryKv::default();
    let mut batch = Batch::default();
    while !script.is_over() {
        let space = if script.byte() & 0x80 == 0 { Space::State } else { Space::Outcomes };
        let (key, value) = (script.bytes(255).to_vec(), script.bytes(255).to_vec());
        let _ = RowValue::parse(&value).map(|row| row.expires);
        let _ = (Head::parse(&value), StoredEvent::parse(1, &value), layout::index_of(&value), layout::revision_of(&value));
        batch.writes.push(Write::Set(space, key, Some(value)));
    }
    kv.write(batch).unwrap();
    let snapshot = kv.snapshot();
    let _ = Outcomes::load(&snapshot).map(|outcomes| outcomes.len());
    let _ = raft_store::fuzz::open_state(&snapshot);
    let tables = [Sweepable { table: 7, entries: |_, _| Ok(Vec::new()) }];
    let _ = sweep::step(&snapshot, &tables, 1, Timestamp(u64::MAX), AttemptId([1; 16]), Timestamp(u64::MAX));
    let _ = sweep::lag_ms(&snapshot, Timestamp(0));
    let _ = (audit::event_key("vo", u64::MAX), Kind::of(data));
}
