//! The cluster's own records in a state that came from elsewhere: its record, its keyring, its join tokens.

use prost::Message;
use raft_store::trust::cluster_key::ClusterKey;
use raft_store::trust::cluster_record::{self, ClusterRecord, ClusterRow};
use raft_store::trust::join_tokens::{JoinTokenRow, JoinTokens};
use raft_store::trust::keyring::{DataKey, DataKeyRow, DataKeys, wrapped};
use raft_store::trust::sealer::KeyringSealer;
use raft_store_core::kv::{Batch, Kv, Write};
use raft_store_core::memory::{MemoryKv, PlainSealer};
use raft_store_core::{Key, Revision, Sealed, Sealer, Space, Table, Timestamp, View, layout};

use crate::Target;
use crate::script::Script;

/// See [`target`].
pub const TARGET: Target = Target { name: "cluster_rows", run: target, seeds, words: &[], rounds: 5000 };

fn cluster_key() -> ClusterKey {
    ClusterKey::from_bytes(&[7; 32]).unwrap()
}

fn seeds() -> Vec<Vec<u8>> {
    let fill = |bytes: &mut [u8]| bytes.fill(5);
    let wrapping = wrapped(&DataKey::generate(1, &fill), &cluster_key(), &fill).unwrap();
    let key = DataKeyRow { wrappings: vec![wrapping], created_ms: 1, state: 1 };
    let cluster = ClusterRow {
        cluster_id: "0b0a8a2e-3a0c-4d3f-9d2c-1f2e3d4c5b6a".into(),
        created_ms: 1,
        ca_certificate: include_bytes!("../../fixtures/node.der")[..200].to_vec(),
        ca_key_sealed: vec![1; 20],
        custody_confirmed_ms: 0,
    };
    let token = JoinTokenRow { secret_hash: vec![1; 32], expires_ms: 9, created_ms: 1, bound_address: "h:1".into() };
    let rows = [key.encode_to_vec(), cluster.encode_to_vec(), token.encode_to_vec()];
    let parts = rows.iter().flat_map(|row| [&[u8::try_from(row.len()).unwrap_or(255)], row.as_slice()].concat());
    vec![parts.collect()]
}

/// Rows, each with its length before it. A keyring that is damaged opens nothing; one that opens, opens what it sealed.
pub fn target(data: &[u8]) {
    let mut script = Script::new(data);
    let mut row = |key: Vec<u8>| {
        let value = layout::row_value(Revision(1), None, script.bytes(255));
        Write::Set(Space::State, key, Some(value))
    };
    let writes = vec![
        row(layout::row_key(DataKeys::ID, &1_u32.to_bytes())),
        row(layout::row_key(ClusterRecord::ID, &().to_bytes())),
        row(layout::row_key(JoinTokens::ID, &[0; 8])),
        row(layout::row_key(DataKeys::ID, &2_u32.to_bytes())),
    ];
    let kv = MemoryKv::default();
    kv.write(Batch { writes }).unwrap();
    let snapshot = kv.snapshot();
    let view = View::open(&snapshot, &PlainSealer, Timestamp(5)).unwrap();
    let _ = cluster_record::get(&view);
    let _ = cluster_record::ca(&view);
    let _ = view.scan::<JoinTokens>(&(), None, 10);
    let sealer = KeyringSealer::new(|bytes| bytes.fill(1));
    if let Ok(Ok(())) = sealer.unseal(cluster_key(), &view) {
        let hidden = sealer.seal(b"record", b"secret").expect("an open keyring seals");
        assert_eq!(*sealer.open(b"record", &hidden).expect("and opens"), b"secret");
        assert!(sealer.open(b"another", &hidden).is_err(), "a seal is for its record alone");
    }
    let _ = sealer.open(b"record", &Sealed(data.to_vec()));
}
