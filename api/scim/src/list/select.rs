//! From a query to a `ListResponse`.

use raft_store_core::{Abort, View};
use serde_json::{Map, Value, json};
use woad_http::{ScimError, ScimType};
use woad_identity::{RealmId, UserId};

use super::cursor::Cursor;
use super::page::{Entry, places};
use super::query::{Page, Query};
use super::resources::{Record, Records};
use super::sort::{SortBy, SortError};
use crate::fault::Fault;
use crate::filter::{Filter, FilterError, Lookup, lookups, members_named};
use crate::limits::{MAX_COUNTED, MAX_SCANNED};
use crate::projection::{Projection, ProjectionError};
use crate::render::{Needs, Renderer, TooManyMembers};
use crate::schema::ResourceType;

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Records that are read at once to be counted.
const STEP: usize = 1000;

/// Why there is no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ListError {
    /// The filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The order.
    #[error(transparent)]
    Sort(#[from] SortError),
    /// The attributes to show.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// No index serves, and there are more than [`MAX_SCANNED`] resources.
    #[error("too many resources: compare id, userName, externalId or emails by eq, or use a cursor without sortBy")]
    TooManyToScan,
    /// There are more than [`MAX_COUNTED`] resources.
    #[error("too many resources to count: use a cursor")]
    TooManyToCount,
    /// A group has too many members.
    #[error(transparent)]
    Members(#[from] TooManyMembers),
}

impl From<ListError> for Fault {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Filter(error) => error.into(),
            ListError::Projection(error) => error.into(),
            ListError::Sort(SortError::Sensitive) => {
                let error = ScimError::new(http::StatusCode::FORBIDDEN, error.to_string());
                error.of_type(ScimType::Sensitive).into()
            }
            ListError::Sort(SortError::Unknown) => Self::bad(ScimType::InvalidValue, error.to_string()),
            ListError::TooManyToScan | ListError::TooManyToCount | ListError::Members(_) => {
                Self::bad(ScimType::TooMany, error.to_string())
            }
        }
    }
}

/// What a query means for one resource type.
pub(super) struct Part {
    kind: &'static ResourceType,
    pub(super) filter: Option<Filter>,
    sort: Option<SortBy>,
    projection: Projection,
}

/// Some entries in order, and what is known of the others.
pub(super) struct Listed {
    pub(super) entries: Vec<Entry>,
    pub(super) total: Option<usize>,
    pub(super) next: Option<Cursor>,
    pub(super) previous: Option<Cursor>,
}

/// The resources of these types that the query asks for, as a `ListResponse`.
///
/// # Errors
/// Inner: see [`ListError`]. Outer: when storage fails.
pub(crate) fn answer(
    view: &View<'_>,
    realm: &RealmId,
    base: &str,
    kinds: &[&'static ResourceType],
    query: &Query,
) -> Result<Result<Value, ListError>, Abort> {
    answer_within(MAX_SCANNED, view, realm, base, (kinds, query))
}

/// The same with another limit of resources that are looked at.
pub(super) fn answer_within(
    max_scanned: usize,
    view: &View<'_>,
    realm: &RealmId,
    base: &str,
    (kinds, query): (&[&'static ResourceType], &Query),
) -> Result<Result<Value, ListError>, Abort> {
    let parts = match resolve(kinds, query) {
        Ok(parts) => parts,
        Err(error) => return Ok(Err(error)),
    };
    let list = List { view, realm, base, parts, query, max_scanned };
    let listed = if query.filter.is_none() && query.sort_by.is_none() { list.plain()? } else { list.ordered()? };
    let listed = match (listed, &query.page) {
        // Piece by piece there may be any number.
        (Err(ListError::TooManyToScan | ListError::Members(TooManyMembers::OfAll)), Page::Cursor { from, count })
            if query.sort_by.is_none() && !from.as_ref().is_some_and(|cursor| cursor.backward) =>
        {
            list.walk(from.as_ref(), *count)?
        }
        (listed, _) => listed,
    };
    match listed {
        Ok(listed) => list.response(listed),
        Err(error) => Ok(Err(error)),
    }
}

/// Whether many resources may be looked at for it.
pub(crate) fn is_long(kinds: &[&'static ResourceType], query: &Query) -> bool {
    // A group may have many members.
    let is_short = |all: Vec<Lookup>| !all.iter().any(|one| matches!(one, Lookup::InGroup(_)));
    let by_index = |part: &Part| part.filter.as_ref().and_then(lookups).is_some_and(is_short);
    match (resolve(kinds, query), &query.page) {
        (Err(_), _) => false,
        (Ok(_), Page::Cursor { from, .. }) if query.filter.is_none() && query.sort_by.is_none() => {
            from.as_ref().is_some_and(|cursor| cursor.backward)
        }
        (Ok(parts), _) => !parts.iter().all(by_index),
    }
}

/// In a search over several types, one type may lack what another has.
fn resolve(kinds: &[&'static ResourceType], query: &Query) -> Result<Vec<Part>, ListError> {
    let mut parts = Vec::new();
    let any = |test: &dyn Fn(&'static ResourceType) -> bool| kinds.iter().any(|kind| test(kind));
    for kind in kinds {
        let filter = match &query.filter {
            None => None,
            Some(syntax) if any(&|kind| Filter::resolve(syntax, kind).is_ok()) => {
                Some(Filter::resolve_any(syntax, kind)?)
            }
            Some(syntax) => Some(Filter::resolve(syntax, kind)?),
        };
        let sort = match &query.sort_by {
            None => None,
            Some(text) => match SortBy::resolve(kind, text) {
                Err(SortError::Unknown) if any(&|kind| SortBy::resolve(kind, text).is_ok()) => None,
                sort => Some(sort?),
            },
        };
        let projection = Projection::resolve(&query.names, kind, kinds)?;
        parts.push(Part { kind, filter, sort, projection });
    }
    Ok(parts)
}

pub(super) struct List<'a> {
    view: &'a View<'a>,
    realm: &'a RealmId,
    base: &'a str,
    pub(super) parts: Vec<Part>,
    query: &'a Query,
    pub(super) max_scanned: usize,
}

impl List<'_> {
    pub(super) fn records(&self, part: &Part) -> Records<'_> {
        Records { view: self.view, realm: self.realm, kind: part.kind }
    }

    /// All resources, by type and id.
    fn plain(&self) -> Result<Result<Listed, ListError>, Abort> {
        match &self.query.page {
            Page::Cursor { from, count } if !from.as_ref().is_some_and(|cursor| cursor.backward) => {
                self.walk(from.as_ref(), *count)
            }
            page => {
                let mut entries = Vec::new();
                for (kind, part) in self.parts.iter().enumerate() {
                    let (records, mut after) = (self.records(part), None);
                    loop {
                        let step = records.after(after, STEP)?;
                        let Some(last) = step.last() else { break };
                        after = Some(last.id());
                        entries.extend(step.iter().map(|record| Entry { key: None, kind, id: record.id() }));
                        if entries.len() > MAX_COUNTED {
                            return Ok(Err(ListError::TooManyToCount));
                        }
                    }
                }
                Ok(Ok(cut(&entries, page, false)))
            }
        }
    }

    /// Shows what filter and order look at.
    pub(super) fn looking(&self, part: &Part) -> Renderer<'_> {
        let mut places = Vec::new();
        if let Some(filter) = &part.filter {
            filter.places(&mut places);
        }
        let named = part.filter.as_ref().and_then(members_named);
        let ordered_by_members = part.sort.is_some_and(|sort| sort.place.is("members"));
        places.extend(part.sort.map(|sort| sort.place));
        let renderer = Renderer::of_places(self.view, self.realm, self.base, &places);
        match named {
            Some(ids) if !ids.is_empty() && !ordered_by_members => {
                renderer.with_members(ids.iter().filter_map(|id| UserId::parse(id).ok()).collect())
            }
            _ => renderer,
        }
    }

    /// Those that the filter holds of, in order.
    fn ordered(&self) -> Result<Result<Listed, ListError>, Abort> {
        let mut entries = Vec::new();
        let mut seen = 0;
        for (kind, part) in self.parts.iter().enumerate() {
            let records = self.records(part);
            let candidates = match part.filter.as_ref().and_then(lookups) {
                Some(lookups) => records.found(&lookups)?,
                None => records.after(None, self.max_scanned + 1 - seen)?,
            };
            seen += candidates.len();
            if seen > self.max_scanned {
                return Ok(Err(ListError::TooManyToScan));
            }
            let renderer = self.looking(part);
            for record in candidates {
                let shown = match record.show(&renderer)? {
                    Ok(shown) => shown.body,
                    Err(error) => return Ok(Err(error.into())),
                };
                if part.filter.as_ref().is_none_or(|filter| filter.matches(&shown)) {
                    let key = part.sort.and_then(|sort| sort.key(&shown));
                    entries.push(Entry { key, kind, id: record.id() });
                }
            }
        }
        entries.sort_by(|one, other| one.order(other, self.query.descending));
        Ok(Ok(cut(&entries, &self.query.page, self.query.descending)))
    }

    /// Ends early when there are too many members to show: who asks for pages goes on behind what was shown.
    fn response(&self, mut listed: Listed) -> Result<Result<Value, ListError>, Abort> {
        let mut resources = Vec::with_capacity(listed.entries.len());
        let renderers: Vec<Renderer<'_>> = self
            .parts
            .iter()
            .map(|part| Renderer::of_page(self.view, self.realm, self.base, Needs::of(&part.projection)))
            .collect();
        let mut last: Option<&Entry> = None;
        for entry in &listed.entries {
            let (Some(part), Some(renderer)) = (self.parts.get(entry.kind), renderers.get(entry.kind)) else {
                continue;
            };
            // Within one view nothing goes.
            let Some(record) = self.records(part).get(entry.id)? else { continue };
            match Record::show(&record, renderer)? {
                Ok(mut shown) => {
                    part.projection.apply(part.kind, &mut shown.body);
                    resources.push(Value::Object(shown.body));
                }
                Err(TooManyMembers::OfAll) if !resources.is_empty() => {
                    if matches!(self.query.page, Page::Cursor { .. }) {
                        listed.next = last.map(|last| last.cursor(false));
                    }
                    break;
                }
                Err(error) => return Ok(Err(error.into())),
            }
            last = Some(entry);
        }
        let mut out = Map::new();
        out.insert("schemas".into(), json!([MESSAGE]));
        if let Some(total) = listed.total {
            out.insert("totalResults".into(), total.into());
        }
        if let Page::Index { start, .. } = self.query.page {
            out.insert("startIndex".into(), start.into());
        }
        out.insert("itemsPerPage".into(), resources.len().into());
        for (name, cursor) in [("nextCursor", listed.next), ("previousCursor", listed.previous)] {
            if let Some(cursor) = cursor {
                out.insert(name.into(), cursor.text().into());
            }
        }
        out.insert("Resources".into(), resources.into());
        Ok(Ok(out.into()))
    }
}

/// The page of a whole list.
fn cut(entries: &[Entry], page: &Page, descending: bool) -> Listed {
    let total = entries.len();
    let places = places(entries, page, descending);
    let shown: Vec<Entry> = entries.get(places.clone()).unwrap_or_default().to_vec();
    let by_cursor = matches!(page, Page::Cursor { .. });
    // Behind an empty page there is nothing, and before it whatever there is.
    let next = shown.last().filter(|_| by_cursor && places.end < total).map(|last| last.cursor(false));
    let previous = shown.first().filter(|_| by_cursor && places.start > 0).map(|first| first.cursor(true));
    Listed { entries: shown, total: Some(total), next, previous }
}
