use proptest::prelude::*;

use serde_json::{Value, json};
use woad_identity::UserId;

use super::cursor::Cursor;
use super::page::{Entry, places};
use super::query::{Page, Query};
use super::select::{ListError, answer_within};
use crate::schema::{TYPES, USERS};
use crate::testing::{SEARCH, World, vo};

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let entry = (proptest::option::of("[ab]{0,2}"), 0_usize..2, any::<[u8; 16]>());
    let entry = entry.prop_map(|(key, kind, id)| Entry { key, kind, id });
    proptest::collection::vec(entry, 0..30)
}

proptest! {
    #[test]
    fn pages_by_cursor_are_the_list_in_both_directions(mut entries in entries(), count in 1_usize..7, descending: bool) {
        entries.sort_by(|one, other| one.order(other, descending));
        entries.dedup();
        let mut seen = Vec::new();
        let mut from: Option<Cursor> = None;
        let mut last = 0..0;
        loop {
            let page = Page::Cursor { from, count };
            let range = places(&entries, &page, descending);
            let shown = &entries[range.clone()];
            seen.extend_from_slice(shown);
            if let Some(first) = shown.first() {
                let before = Page::Cursor { from: Some(first.cursor(true)), count };
                prop_assert_eq!(places(&entries, &before, descending), last);
            }
            last = range.clone();
            match shown.last() {
                Some(end) if range.end < entries.len() => from = Some(end.cursor(false)),
                _ => break,
            }
        }
        prop_assert_eq!(seen, entries);
    }
}

/// A list of `users`, or of all types, where five resources may be looked at.
fn list(world: &World, users: bool, more: &Value) -> Result<Value, ListError> {
    let mut body = json!({ "schemas": [SEARCH] });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    let query = Query::of_body(body.as_object().cloned().unwrap()).unwrap();
    let kinds = if users { &[&USERS][..] } else { &TYPES };
    world.memory.look(|view| answer_within(5, view, &vo(), "https://x.example", (kinds, &query))).unwrap()
}

#[tokio::test]
async fn a_cursor_leads_through_more_than_may_be_looked_at_at_once() {
    let world = World::new();
    for n in 10..30 {
        world.person(UserId([n; 16]), &format!("user{n}"));
    }
    let member = |n: u8| json!({ "value": UserId([n; 16]).to_string() });
    let group = world.group("g", json!({ "members": (10..22).map(member).collect::<Vec<_>>() })).await.id();
    let in_group = format!("groups.value eq \"{group}\"");
    for (users, filter, found) in [
        (true, "userName ew \"9\"", 2),
        (true, "userName sw \"user\"", 20),
        (true, "title pr", 0),
        (true, in_group.as_str(), 12),
        (true, "groups pr and active eq true", 12),
        (false, "displayName eq \"g\" or userName ew \"9\"", 3),
    ] {
        let whole = list(&world, users, &json!({ "filter": filter }));
        assert_eq!(whole, Err(ListError::TooManyToScan), "{filter}");
        let (mut cursor, mut ids, mut pages) = (Value::from(""), Vec::new(), 0);
        while let Some(place) = cursor.as_str() {
            let page = list(&world, users, &json!({ "filter": filter, "cursor": place, "count": 3 })).unwrap();
            let shown = page["Resources"].as_array().unwrap().clone();
            assert!(shown.len() <= 3 && page["itemsPerPage"] == shown.len(), "{page}");
            ids.extend(shown.into_iter().map(|resource| resource["id"].to_string()));
            cursor = page["nextCursor"].clone();
            pages += 1;
            assert!(pages < 20, "{filter}");
        }
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), all), (found, found), "{filter}");
    }
    let ordered = json!({ "cursor": "", "sortBy": "userName" });
    assert_eq!(list(&world, true, &ordered), Err(ListError::TooManyToScan));
    assert_eq!(list(&world, true, &json!({ "filter": "userName eq \"user10\"" })).unwrap()["totalResults"], 1);
}
