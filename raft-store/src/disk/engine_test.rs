//! Both engines against each other: the same operations leave the same families, through reopening and crashes.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::database::{Database, Generation};
use super::engine::{Of, Reader};
use super::fake::FakeDisk;

const FAMILIES: [&str; 2] = ["log", "data.1"];

#[derive(Clone, Debug)]
enum Step {
    Write(Vec<(bool, u8, Option<u8>)>, bool),
    DeleteRange(bool, u8, u8),
    Sync,
    Checkpoint,
    /// The process ends without a word, the machine stays: nothing is lost.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let write = prop::collection::vec((any::<bool>(), 0..24u8, any::<Option<u8>>()), 0..6);
    prop_oneof![
        8 => (write, any::<bool>()).prop_map(|(writes, synced)| Step::Write(writes, synced)),
        2 => (any::<bool>(), 0..24u8, 0..24u8).prop_map(|(of, a, b)| Step::DeleteRange(of, a.min(b), a.max(b))),
        1 => Just(Step::Sync),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Kill),
    ]
}

const fn of(second: bool) -> Of {
    if second { Of::Second } else { Of::First }
}

fn dump(reader: &dyn Reader) -> Vec<(bool, Vec<u8>, Vec<u8>)> {
    let view = reader.freeze(FAMILIES).unwrap();
    let mut out = Vec::new();
    for second in [false, true] {
        for pair in view.scan(of(second), &[], None) {
            let (key, value) = pair.unwrap();
            assert_eq!(view.get(of(second), &key).unwrap().as_deref(), Some(&*value));
            out.push((second, key.into_vec(), value.into_vec()));
        }
    }
    out
}

fn run(database: &Database, step: &Step) {
    match step {
        Step::Write(writes, synced) => {
            let mut batch = database.engine.batch(FAMILIES).unwrap();
            for (second, key, value) in writes {
                match value {
                    Some(value) => batch.put(of(*second), &[*key], &[*value]),
                    None => batch.delete(of(*second), &[*key]),
                }
            }
            batch.commit(*synced).unwrap();
        }
        Step::DeleteRange(second, from, to) => {
            let mut batch = database.engine.batch(FAMILIES).unwrap();
            batch.delete_range(of(*second), &[*from], &[*to]);
            batch.commit(false).unwrap();
        }
        Step::Sync => database.flush().unwrap(),
        Step::Checkpoint => {
            let path = database.folder.join("copy");
            drop(database.volume.remove(&path));
            database.engine.checkpoint(&path).unwrap();
            let copy = database.volume.open_checkpoint(&path).unwrap();
            assert_eq!(dump(&*copy), dump(&*database.engine));
        }
        Step::Kill => {}
    }
}

fn fake(disk: &FakeDisk) -> Database {
    Database::fake(disk, Path::new("/node")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn both_engines_hold_the_same_after_the_same_operations(steps in prop::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let disk = FakeDisk::default();
        let (mut real, mut simulated) = (Database::open(folder.path()).unwrap(), fake(&disk));
        for step in steps {
            run(&real, &step);
            run(&simulated, &step);
            if matches!(step, Step::Kill) {
                drop(real);
                real = Database::open(folder.path()).unwrap();
                disk.crash(|pending| pending);
                simulated = fake(&disk);
            }
            prop_assert_eq!(dump(&*real.engine), dump(&*simulated.engine));
            prop_assert_eq!(real.engine.last("log").unwrap(), simulated.engine.last("log").unwrap());
        }
    }
}

#[test]
fn both_engines_ingest_runs_and_drop_generations_alike() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FakeDisk::default();
    for database in [Database::open(folder.path()).unwrap(), fake(&disk)] {
        let staged = folder.path().join("staged");
        database.volume.create(&staged).unwrap();
        let file = staged.join("state.sst");
        let mut run = database.volume.sorted_run(&file).unwrap();
        for key in 1..4u8 {
            run.put(&[key], &[key]).unwrap();
        }
        assert!(run.put(&[2], &[]).is_err());
        run.finish().unwrap();
        assert!(database.volume.exists(&file));
        let next = Generation::new(2);
        database.create_generation(&next).unwrap();
        database.engine.ingest(next.state(), &file).unwrap();
        let mut families = database.engine.families().unwrap();
        families.retain(|family| family != "default");
        families.sort();
        assert_eq!(families, ["data.1", "data.2", "log", "meta", "outcomes.1", "outcomes.2"]);
        assert_eq!(database.engine.get(next.state(), &[3]).unwrap(), Some(vec![3]));
        database.drop_other_generations();
        assert!(database.engine.get(next.state(), &[3]).is_err());
        database.engine.reclaim("log", &[9]).unwrap();
        database.close();
    }
}

#[test]
fn a_crash_leaves_what_was_synced_and_a_prefix_of_the_rest() {
    let disk = FakeDisk::default();
    let put = |database: &Database, key: u8, synced: bool| {
        let mut batch = database.engine.batch(FAMILIES).unwrap();
        batch.put(Of::First, &[key], &[key]);
        batch.commit(synced).unwrap();
    };
    let database = fake(&disk);
    put(&database, 1, false);
    put(&database, 2, true);
    for key in 3..7 {
        put(&database, key, false);
    }
    assert_eq!(disk.crash(|pending| pending - 3), 3);
    assert!(database.engine.last("log").is_err(), "who opened it before the crash reaches it no more");
    let database = fake(&disk);
    assert_eq!(dump(&*database.engine).len(), 3);
    put(&database, 9, false);
    disk.crash(|_| 0);
    assert_eq!(dump(&*fake(&disk).engine).len(), 3);
}

/// As the engine is used: shared between threads.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Arc<Database>>();
};
