//! A thousand people in a tree of groups, made up.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::transfer::{Kind, Line};

/// People, the two who can sign in among them.
pub(super) const PEOPLE: usize = 1_000;
/// Groups at the top of the tree.
const TOP: [&str; 5] = ["atlas", "belle", "cms", "dune", "lhcb"];
/// Groups below each of them.
const BELOW: [&str; 9] =
    ["analysis", "calibration", "computing", "production", "pilot", "simulation", "software", "trigger", "upgrade"];
/// Groups in all.
pub(super) const GROUPS: usize = TOP.len() * (1 + BELOW.len());
const GIVEN: [&str; 8] = ["Ada", "Emmy", "Enrico", "Hedwig", "Lise", "Maria", "Niels", "Wolfgang"];
const FAMILY: [&str; 7] = ["Bohr", "Fermi", "Kohn", "Lovelace", "Meitner", "Noether", "Pauli"];

/// Somebody who can sign in. Has no `Debug`.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) password: String,
}

impl Person {
    fn new(name: &str) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        // Four times four, for who types it.
        let parts: Vec<&str> = [0..4, 4..8, 16..20, 28..32].into_iter().filter_map(|part| random.get(part)).collect();
        Self { name: name.to_owned(), password: parts.join("-") }
    }
}

/// Everybody, and what brings them into a realm.
pub(super) struct People {
    /// Stays, for whoever tries the demo.
    pub(super) alice: Person,
    /// Is suspended in the course of the story.
    pub(super) bob: Person,
    /// The records, in the order of a file.
    pub(super) lines: Vec<Line>,
}

fn record(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(record) => record,
        _ => Map::new(),
    }
}

impl People {
    /// Makes them up. Only the two who sign in have passwords: hashing a thousand takes a while.
    pub(super) fn new() -> Self {
        let (alice, bob) = (Person::new("alice"), Person::new("bob"));
        let mut records = Vec::new();
        let mut leaves = Vec::new();
        for top in TOP {
            records
                .push((Kind::Group, record(json!({ "full_name": top, "description": format!("Experiment {top}") }))));
            for below in BELOW {
                let name = format!("{top}/{below}");
                // Tokens carry an optional group only when it is asked for.
                let labels = if below == "pilot" { json!([{ "name": "wlcg.optional-group" }]) } else { json!([]) };
                records.push((Kind::Group, record(json!({ "full_name": name, "labels": labels }))));
                leaves.push(name);
            }
        }
        let given = GIVEN.iter().cycle();
        let family = FAMILY.iter().cycle();
        let groups = leaves.iter().cycle();
        for (number, ((given, family), group)) in (0..PEOPLE).zip(given.zip(family).zip(groups)) {
            let test = match number {
                0 => Some(&alice),
                1 => Some(&bob),
                _ => None,
            };
            let name = test.map_or_else(|| format!("person{number:04}"), |person| person.name.clone());
            let mut user = record(json!({
                "user_name": name, "name": { "given": given, "family": family },
                "emails": [{ "value": format!("{name}@example.org"), "primary": true, "verified": true }],
                "affiliation": "Demo",
            }));
            if let Some(person) = test {
                user.insert("password".to_owned(), person.password.as_str().into());
            }
            records.push((Kind::User, user));
            records.push((Kind::Membership, record(json!({ "user": name, "group": group }))));
        }
        let lines = (1..).zip(records).map(|(number, (kind, record))| Line::new(number, kind, record)).collect();
        Self { alice, bob, lines }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_thousand_people_have_different_names_and_two_can_sign_in() {
        let people = People::new();
        let of = |kind| people.lines.iter().filter(move |line| line.kind == kind);
        let names: BTreeSet<String> = of(Kind::User).map(|line| line.text("user_name")).collect();
        assert_eq!((names.len(), of(Kind::Group).count(), GROUPS), (PEOPLE, 50, 50));
        assert_eq!(of(Kind::Membership).count(), PEOPLE);
        assert_eq!(of(Kind::User).filter(|line| line.record().contains_key("password")).count(), 2);
        assert_ne!(people.alice.password, people.bob.password);
    }
}
