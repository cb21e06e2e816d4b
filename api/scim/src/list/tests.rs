use proptest::prelude::*;

use super::cursor::Cursor;
use super::page::{Entry, places};
use super::query::Page;

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
