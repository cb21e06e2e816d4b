//! What an import came to.

use serde_json::{Map, Value, json};

use super::line::{BadLine, Kind};

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It was made now.
    Now,
    /// It was there.
    Before,
}

/// A record that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Its line.
    pub(crate) line: usize,
    /// What it is, if it is anything.
    pub(crate) kind: Option<Kind>,
    /// In the node's words.
    pub(crate) why: String,
}

impl From<BadLine> for Trouble {
    fn from(bad: BadLine) -> Self {
        Self { line: bad.number, kind: None, why: bad.why }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    created: usize,
    existed: usize,
}

/// Everything that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    counts: [Count; Kind::ALL.len()],
    pub(crate) troubles: Vec<Trouble>,
}

impl Tally {
    /// Nothing yet, but for lines that are no records.
    pub(crate) fn new(bad: Vec<BadLine>) -> Self {
        Self { troubles: bad.into_iter().map(Trouble::from).collect(), ..Self::default() }
    }

    pub(super) fn add(&mut self, line: usize, kind: Kind, outcome: Result<Made, String>) {
        let count = self.counts.get_mut(kind as usize);
        match (outcome, count) {
            (Ok(Made::Now), Some(count)) => count.created += 1,
            (Ok(Made::Before), Some(count)) => count.existed += 1,
            (Ok(_), None) => {}
            (Err(why), _) => self.troubles.push(Trouble { line, kind: Some(kind), why }),
        }
    }

    /// How many records of a kind were made now, and how many were there.
    pub(crate) fn of(&self, kind: Kind) -> (usize, usize) {
        self.counts.get(kind as usize).map_or((0, 0), |count| (count.created, count.existed))
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let kinds = Kind::ALL.into_iter().map(|kind| {
            let (created, existed) = self.of(kind);
            (kind.name().to_owned(), json!({ "created": created, "existed": existed }))
        });
        let trouble = |trouble: &Trouble| {
            let kind = trouble.kind.map(Kind::name);
            json!({ "line": trouble.line, "kind": kind, "why": trouble.why })
        };
        let errors: Vec<Value> = self.troubles.iter().map(trouble).collect();
        let mut all: Map<String, Value> = kinds.collect();
        all.insert("errors".to_owned(), errors.into());
        Value::Object(all)
    }
}
