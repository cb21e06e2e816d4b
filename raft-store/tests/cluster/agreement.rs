//! Replicas compared: one that differs or cannot be read is found, and leaves; a leader hands over first.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use raft_store_core::agreement::{Agreement, Standing, standing};
use raft_store_core::cluster::ClusterControl;
use raft_store_core::{Freshness, Key, NodeId, Outcome, Request, Revision, Table, layout};
use rocksdb::{DBWithThreadMode, MultiThreaded, Options};

use crate::world::{Member, Things, get, insert, leader_of, thing, three, until};

type Db = DBWithThreadMode<MultiThreaded>;
const STATE: &str = "data.1";

/// Opens the database of a stopped member.
fn open(folder: &Path) -> Db {
    let (options, path) = (Options::default(), folder.join("db"));
    let names = Db::list_cf(&options, &path).unwrap();
    Db::open_cf(&options, &path, names).unwrap()
}

/// Changes one stored record of a stopped member.
fn alter(member: &Member, id: u64, by: u8) {
    let db = open(&member.options.data_dir);
    let state = db.cf_handle(STATE).unwrap();
    let key = layout::row_key(Things::ID, &id.to_bytes());
    let mut value = db.get_cf(&state, &key).unwrap().unwrap();
    // Within the name: the record decodes as before.
    let at = value.windows(6).position(|part| part == b"thing-").unwrap();
    value[at] ^= by;
    db.put_cf(&state, &key, &value).unwrap();
}

/// Overwrites a block in the middle of a stopped member's largest file of state.
fn damage(member: &Member) {
    let folder = member.options.data_dir.join("db");
    let file = {
        let db = open(&member.options.data_dir);
        db.flush_cf(&db.cf_handle(STATE).unwrap()).unwrap();
        let mut files = db.live_files().unwrap();
        files.retain(|file| file.column_family_name == STATE);
        files.sort_by_key(|file| file.size);
        files.pop().unwrap()
    };
    let path = folder.join(file.name.trim_start_matches('/'));
    let mut bytes = [0; 64];
    let mut opened = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let at = SeekFrom::Start(file.size as u64 / 3);
    opened.seek(at).unwrap();
    opened.read_exact(&mut bytes).unwrap();
    opened.seek(at).unwrap();
    opened.write_all(&bytes.map(|byte| byte ^ 0x55)).unwrap();
    opened.sync_all().unwrap();
}

/// Waits until every replica itself has a thing: what Raft tells of itself may be behind what was written.
async fn all_have(members: &[Member], id: u64) {
    for member in members {
        while get(&member.store(), Freshness::Local, id).await.unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

async fn filled() -> Vec<Member> {
    let members = three(|_| {}).await;
    for id in 1..=3 {
        assert!(insert(&members[0].store(), id, thing(id)).await.unwrap());
    }
    all_have(&members, 3).await;
    members
}

fn control(member: &Member) -> std::sync::Arc<dyn ClusterControl> {
    member.node().control()
}

async fn verify(members: &[Member]) -> Revision {
    until("a leader is known", || members.iter().all(|member| control(member).status().leader.is_some())).await;
    // A pending round of before is joined; the one that is wanted is the newest.
    control(&members[leader_of(members)]).verify(&Request::new("test")).await.unwrap()
}

fn agreement(member: &Member, at: Revision) -> Option<Agreement> {
    control(member).agreement().round.filter(|round| round.index == at.0).map(|round| round.agreement)
}

async fn everybody_sees(members: &[Member], at: Revision, wanted: Agreement) {
    until(wanted.name(), || members.iter().all(|member| agreement(member, at) == Some(wanted))).await;
}

fn has_left(member: &Member) -> bool {
    member.node().health().quarantined.is_some()
}

async fn lead(members: &[Member], wanted: usize) {
    let to = control(&members[wanted]).status().node;
    until("a leader is known", || members.iter().all(|member| control(member).status().leader.is_some())).await;
    for _ in 0..20 {
        if control(&members[leader_of(members)]).transfer(&Request::new("test"), Some(to)).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    until("it leads", || control(&members[wanted]).status().state == "leader").await;
}

async fn stop(mut members: Vec<Member>) {
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_replicas_agree_while_writes_go_on() {
    let members = filled().await;
    let store = members[1].store();
    let writes = tokio::spawn(async move {
        for id in 100..400 {
            insert(&store, id, thing(id)).await.unwrap();
        }
    });
    let at = verify(&members).await;
    everybody_sees(&members, at, Agreement::Agreed).await;
    writes.await.unwrap();
    let seen = control(&members[2]).agreement();
    assert_eq!(seen.verified.0, at.0);
    assert!(members.iter().all(|member| !has_left(member)));
    stop(members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_altered_is_found_and_stays_out_after_a_restart() {
    let mut members = filled().await;
    let odd = (leader_of(&members) + 1) % 3;
    members[odd].stop().await;
    alter(&members[odd], 2, 1);
    members[odd].start().await;
    let at = verify(&members).await;
    everybody_sees(&members, at, Agreement::Minority).await;
    let node = control(&members[odd]).status().node;
    let round = control(&members[leader_of(&members)]).agreement().round.unwrap();
    for asked in &round.asked {
        let expected = if asked.node == node { Standing::Differs } else { Standing::Agrees };
        assert_eq!(standing(asked, &round.asked), expected, "{:?}", asked.node);
    }
    until("it leaves", || has_left(&members[odd])).await;
    assert!(get(&members[odd].store(), Freshness::Local, 2).await.is_err(), "what it has is wrong: it says nothing");
    for (at, member) in members.iter().enumerate().filter(|(at, _)| *at != odd) {
        assert!(!has_left(member));
        assert_eq!(get(&member.store(), Freshness::Linearizable, 2).await.unwrap(), Some(thing(2)), "{at}");
    }
    members[odd].stop().await;
    members[odd].start().await;
    assert!(has_left(&members[odd]), "a restart changes nothing");
    // Its log is as good as any: with it and one other there is a quorum.
    let other = (0..3).find(|at| *at != odd && *at != leader_of(&members)).unwrap();
    members[other].stop().await;
    let leader = leader_of(&members);
    assert!(insert(&members[leader].store(), 9, thing(9)).await.unwrap());
    stop(members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_was_altered_hands_over_before_it_leaves() {
    let mut members = filled().await;
    let odd = (leader_of(&members) + 1) % 3;
    members[odd].stop().await;
    alter(&members[odd], 1, 1);
    members[odd].start().await;
    lead(&members, odd).await;
    let at = verify(&members).await;
    everybody_sees(&members, at, Agreement::Minority).await;
    until("it leaves", || has_left(&members[odd])).await;
    assert_ne!(control(&members[odd]).status().state, "leader", "somebody else leads by then");
    until("another leads", || members.iter().any(|member| control(member).status().state == "leader")).await;
    assert_ne!(leader_of(&members), odd);
    assert!(insert(&members[(odd + 1) % 3].store(), 9, thing(9)).await.unwrap());
    stop(members).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_differ_all_alarm_and_none_leaves() {
    let mut members = filled().await;
    let leader = leader_of(&members);
    for (by, odd) in [(1, (leader + 1) % 3), (2, (leader + 2) % 3)] {
        members[odd].stop().await;
        alter(&members[odd], 3, by);
        members[odd].start().await;
        until("it is back", || control(&members[odd]).status().leader.is_some()).await;
    }
    let at = verify(&members).await;
    everybody_sees(&members, at, Agreement::NoMajority).await;
    until("all alarm", || members.iter().all(alarms)).await;
    assert!(members.iter().all(|member| !has_left(member)));
    for member in &members {
        assert!(get(&member.store(), Freshness::Linearizable, 1).await.unwrap().is_some(), "all serve on");
    }
    stop(members).await;
}

fn alarms(member: &Member) -> bool {
    let families = member.node().collectors().iter().flat_map(|part| part.collect()).collect::<Vec<_>>();
    let found = families.iter().find(|family| family.name() == "woad_state_hash_mismatch").unwrap();
    found.get_metric()[0].get_gauge().get_value() > 0.5
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_block_is_found_by_reading_it_and_its_node_leaves() {
    let mut members = filled().await;
    for step in 0..20 {
        let (store, request) = (members[0].store(), Request::new("test"));
        let stored = store.transact(&request, |tx| {
            for id in 0..100 {
                let id = 1_000 + 100 * step + id;
                let _ = tx.put::<Things>(id, thing(id))?;
            }
            Ok(Outcome::Commit(()))
        });
        stored.await.unwrap();
    }
    let bad = (leader_of(&members) + 1) % 3;
    all_have(&members, 2_999).await;
    members[bad].stop().await;
    damage(&members[bad]);
    members[bad].start().await;
    let at = verify(&members).await;
    // Its own apply may meet the damage as well, and stop it before it sees what it has said.
    let sound = |other: usize| other != bad;
    let sees = |(other, member): (usize, &Member)| !sound(other) || agreement(member, at) == Some(Agreement::Minority);
    until("the others see it", || members.iter().enumerate().all(sees)).await;
    let node: NodeId = control(&members[bad]).status().node;
    let round = control(&members[leader_of(&members)]).agreement().round.unwrap();
    let asked = round.asked.iter().find(|asked| asked.node == node).unwrap();
    assert_eq!(standing(asked, &round.asked), Standing::Damaged, "{asked:?}");
    until("it leaves", || has_left(&members[bad])).await;
    assert!(members.iter().enumerate().all(|(other, member)| !sound(other) || !has_left(member)));
    stop(members).await;
}
