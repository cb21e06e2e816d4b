//! F59: entries that no member of good faith sends, in the name of one.

use anyhow::{Context as _, Result};
use serde_json::Value;
use woad_tests::peer::{self, Called, Identity};

use crate::act::Act;
use crate::cli::Profile;
use crate::scenario::Row;
use crate::verdict::{Must as _, Violation};
use crate::world::Stage;

pub(super) const ROWS: &[Row] = &[Row {
    ids: &["F59"],
    name: "a member proposes entries that are none",
    profile: Profile::Quick,
    stage: Stage::Three,
    play: Ok(|act| Box::pin(poison(act))),
}];

/// A field of a protobuf message with these bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        all.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    all.push(u8::try_from(length).unwrap_or_default());
    all.extend(bytes);
    all
}

/// `ProposeBatch` with one proposal of that entry.
fn proposal(entry: &[u8]) -> Vec<u8> {
    field(1, &field(1, entry))
}

async fn poison(act: &mut Act) -> Result<()> {
    let (leader, follower) = (act.world.leader().await?, act.world.follower().await?);
    let identity = Identity::of_member(&act.node(follower)?.data())?;
    let before = act.node(leader)?.figure("last_log").await?;
    let nested = (0..5_000).fold(Vec::new(), |inner, _| field(2, &inner));
    let entries: [(&str, Vec<u8>); 7] = [
        ("nothing", Vec::new()),
        ("noise", vec![0xa7; 300]),
        ("an attempt id alone", field(1, &[7; 16])),
        ("an unknown field of every number", (1..16).flat_map(|number| field(number, b"x")).collect()),
        (
            "a guard and a mutation of unknown kinds",
            [field(1, &[7; 16]), field(2, &[0x7a, 0]), field(3, &[0x7a, 0])].concat(),
        ),
        ("nested messages", nested),
        ("two mebibytes", field(3, &vec![1; 2 * 1024 * 1024])),
    ];
    for (what, entry) in &entries {
        for place in [leader, act.world.follower().await?] {
            let at = act.node(place)?.peer_address;
            let called = peer::call(at, Some(&identity), "Propose", &proposal(entry)).await;
            let called = called.must("I18", "a proposal hangs")?;
            act.note(format!("{what} at node {}: {called:?}", place + 1));
            act.activated(usize::from(called != Called::CutOff));
        }
    }
    act.flows().await.must("I14", "after poison")?;
    for place in act.world.running() {
        let node = act.node(place)?;
        let log = node.log();
        let word = ["unknown guard", "unknown mutation", "panicked"].into_iter().find(|word| log.contains(word));
        if let Some(word) = word {
            act.found.push(Violation::new("I18", format!("node {} says {word:?}", place + 1)));
        }
    }
    let status: Value = act.node(leader)?.status().await?;
    let after = status.get("last_log").and_then(Value::as_u64).context("last_log")?;
    act.note(format!("the log went from {before} to {after}"));
    // Each node starts again from what it has: nothing in the log stops it.
    act.restart_all().await
}

impl Act {
    /// Stops all nodes and starts them again.
    async fn restart_all(&mut self) -> Result<()> {
        let places = self.world.running();
        for place in &places {
            self.node_mut(*place)?.kill().await?;
        }
        for place in &places {
            self.node_mut(*place)?.start(None)?;
        }
        for place in places {
            self.node_mut(place)?.ready().await.must("I14", "all start again")?;
        }
        Ok(())
    }
}
