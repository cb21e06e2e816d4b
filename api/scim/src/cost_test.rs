//! What making a user costs: reads of the state, and what its transaction comes to. Exact, and the same on every machine.

use raft_store_core::memory::{Reads, Written};
use raft_store_core::{Read, Revision};
use serde_json::json;

use crate::testing::World;

fn revision(world: &World) -> Revision {
    world.memory.look(|view| Ok(view.revision())).unwrap()
}

#[tokio::test]
async fn a_user_is_made_with_this_many_reads_guards_mutations_and_bytes() {
    let world = World::new();
    let fields = |name: &str| {
        let email = json!({ "value": format!("{name}@example.org"), "primary": true });
        json!({ "name": { "givenName": "Anna", "familyName": "Example" }, "emails": [email], "active": true })
    };
    assert_eq!(world.user("ann0", fields("ann0")).await.status, 201);
    let (reads, before) = (world.memory.reads(), revision(&world));
    assert_eq!(world.user("ann1", fields("ann1")).await.status, 201);
    let after = world.memory.reads();
    // Reading the revision reads the position.
    assert_eq!(revision(&world).0, before.0 + 1, "one transaction");
    let read = Reads { keys: after.keys - reads.keys, ranges: after.ranges - reads.ranges };
    assert_eq!(read, Reads { keys: 28, ranges: 2 });
    assert_eq!(world.memory.written(), Written { guards: 10, mutations: 4, events: 1, bytes: 839 });
}
