//! A page of a list that may be of any length.

use raft_store_core::Abort;

use super::cursor::Cursor;
use super::page::Entry;
use super::resources::Record;
use super::select::{List, ListError, Listed, Part};
use crate::filter::{Lookup, lookups};
use crate::render::{Renderer, TooManyMembers};

/// Records that are read at once, at least.
const MIN_STEP: usize = 100;

impl Part {
    fn holds(&self, record: &Record, renderer: &Renderer<'_>) -> Result<Result<bool, TooManyMembers>, Abort> {
        let Some(filter) = &self.filter else { return Ok(Ok(true)) };
        Ok(record.show(renderer)?.map(|shown| filter.matches(&shown.body)))
    }
}

impl Listed {
    /// A page whose end is known, and no more.
    fn until(entries: Vec<Entry>, end: Option<Entry>) -> Self {
        Self { entries, total: None, next: end.map(|end| end.cursor(false)), previous: None }
    }
}

impl List<'_> {
    /// A page by type and id, without looking at what lies before it or far behind. It ends early when too many were
    /// looked at: the cursor then leads on from the last of them.
    pub(super) fn walk(&self, from: Option<&Cursor>, count: usize) -> Result<Result<Listed, ListError>, Abort> {
        let from = from.map(Entry::from);
        let (mut entries, mut looked_at): (Vec<Entry>, usize) = (Vec::new(), 0);
        let mut last: Option<Entry> = None;
        for (kind, part) in self.parts.iter().enumerate() {
            let mut after = match &from {
                Some(from) if kind < from.kind => continue,
                Some(from) if kind == from.kind => Some(from.id),
                _ => None,
            };
            let renderer = self.looking(part);
            loop {
                let step = self.step(part, after, (count + 1 - entries.len()).max(MIN_STEP))?;
                if step.is_empty() {
                    break;
                }
                for record in step {
                    let entry = Entry { key: None, kind, id: record.id() };
                    after = Some(entry.id);
                    let holds = match part.holds(&record, &renderer)? {
                        Ok(holds) => holds,
                        // What was looked at before is a page of its own.
                        Err(TooManyMembers::OfAll) if last.is_some() => return Ok(Ok(Listed::until(entries, last))),
                        Err(error) => return Ok(Err(error.into())),
                    };
                    if holds && entries.len() == count {
                        let end = entries.last().cloned();
                        return Ok(Ok(Listed::until(entries, end)));
                    }
                    if holds {
                        entries.push(entry.clone());
                    }
                    last = Some(entry);
                    looked_at += 1;
                    if looked_at == self.max_scanned {
                        return Ok(Ok(Listed::until(entries, last)));
                    }
                }
            }
        }
        Ok(Ok(Listed::until(entries, None)))
    }

    /// Some of the records that the filter can hold of, by id.
    fn step(&self, part: &Part, after: Option<[u8; 16]>, limit: usize) -> Result<Vec<Record>, Abort> {
        let records = self.records(part);
        match part.filter.as_ref().and_then(lookups).as_deref() {
            Some([Lookup::InGroup(group)]) => records.in_group(group, after, limit),
            _ => records.after(after, limit),
        }
    }
}
