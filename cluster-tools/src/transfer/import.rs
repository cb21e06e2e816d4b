//! Records become people and groups.
//!
//! Can be broken off at any point and run again: what is there is counted as such and left as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::{Map, Value};
use tokio::time::sleep;
use uuid::Uuid;

use super::line::{Kind, Line};
use super::progress::Progress;
use super::tally::{Made, Tally};
use crate::admin::{Admin, Call, reference, segment};
use crate::failure::Failure;

/// Requests under way at once. The node takes many into one flush to disk.
pub(crate) const AT_ONCE: usize = 16;
/// How often a request without a clear answer is sent again: a new leader is there after the first.
const TRIES: u32 = 6;
/// Before it is sent again; doubled each time.
const WAIT: Duration = Duration::from_millis(200);
/// Fields of a membership that are sent with it.
const SPAN: [&str; 2] = ["starts_ms", "ends_ms"];

/// An import into a realm.
pub(crate) struct Import<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) realm: &'a str,
    pub(crate) at_once: usize,
    pub(crate) progress: &'a Progress,
}

impl Import<'_> {
    /// Makes everything: groups from the top of the tree down, then people, then who is where.
    ///
    /// # Errors
    /// When the node can't be reached, its answers can't be read, or it refuses the caller or the realm: the rest would
    /// fare no better. What one record is refused for is in the tally.
    pub(crate) async fn run(&self, lines: Vec<Line>, tally: &mut Tally) -> Result<(), Failure> {
        let mut parts: BTreeMap<(Kind, usize), Vec<Line>> = BTreeMap::new();
        for line in lines {
            // A group comes after those above it; a membership too, for what is missing above it would get its span.
            let name = match line.kind {
                Kind::Group => line.text("full_name"),
                Kind::Membership => line.text("group"),
                Kind::User | Kind::Manager => String::new(),
            };
            let depth = name.matches('/').count();
            parts.entry((line.kind, depth)).or_default().push(line);
        }
        let mut totals: BTreeMap<Kind, u64> = BTreeMap::new();
        for ((kind, _), lines) in &parts {
            *totals.entry(*kind).or_default() += lines.len() as u64;
        }
        let mut begun = None;
        for ((kind, _), lines) in parts {
            if begun != Some(kind) {
                if begun.is_some() {
                    self.progress.end();
                }
                self.progress.begin(kind.plural(), totals.get(&kind).copied());
                begun = Some(kind);
            }
            if let Err(failure) = self.part(lines, tally).await {
                self.progress.end();
                return Err(failure);
            }
        }
        if begun.is_some() {
            self.progress.end();
        }
        Ok(())
    }

    async fn part(&self, lines: Vec<Line>, tally: &mut Tally) -> Result<(), Failure> {
        let made = stream::iter(lines).map(async |line: Line| (line.number, line.kind, self.make(line).await));
        let mut made = std::pin::pin!(made.buffer_unordered(self.at_once));
        while let Some((number, kind, outcome)) = made.next().await {
            self.progress.advance(1);
            match outcome {
                Ok(outcome) => tally.add(number, kind, Ok(outcome)),
                // What is refused whatever the line says: the rest would fare no better.
                Err(failure @ Failure::Refused { status: 401 | 403, .. }) => return Err(failure),
                Err(failure @ Failure::Refused { .. }) if failure.is_kind("no-such-realm") => return Err(failure),
                Err(Failure::Refused { detail, .. }) => tally.add(number, kind, Err(detail)),
                Err(Failure::Usage(why)) => tally.add(number, kind, Err(why)),
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Makes one record.
    async fn make(&self, line: Line) -> Result<Made, Failure> {
        match line.kind {
            Kind::Group => self.create("groups", line.record()).await,
            Kind::User => {
                let mut record = line.record();
                record.insert("provenance".to_owned(), "import".into());
                self.create("users", record).await
            }
            Kind::Membership => self.put(&line, "members").await,
            Kind::Manager => self.put(&line, "managers").await,
        }
    }

    async fn create(&self, list: &str, record: Map<String, Value>) -> Result<Made, Failure> {
        // One name for all tries, so that one whose answer was lost is not taken for somebody else's.
        let key = Uuid::new_v4().to_string();
        let path = format!("/v1/realms/{}/{list}", segment(self.realm));
        let answer =
            self.insist(|| Call::post(path.clone()).with_body(record.clone()).with_key(Some(key.clone()))).await;
        match answer {
            Ok(_) => Ok(Made::Now),
            Err(failure) if failure.is_kind("exists") => Ok(Made::Before),
            Err(failure) => Err(failure),
        }
    }

    async fn put(&self, line: &Line, list: &str) -> Result<Made, Failure> {
        let (group, user) = (line.text("group"), line.text("user"));
        if group.is_empty() || user.is_empty() {
            return Err(Failure::Usage("user and group are needed".to_owned()));
        }
        let (group, user) = (reference(&group), reference(&user));
        let path = format!("/v1/realms/{}/groups/{group}/{list}/{user}", segment(self.realm));
        let mut span = line.record();
        span.retain(|name, _| SPAN.contains(&name.as_str()));
        let call =
            || if span.is_empty() { Call::put(path.clone()) } else { Call::put(path.clone()).with_body(span.clone()) };
        let answer = self.insist(call).await?;
        Ok(if answer.get("added") == Some(&Value::Bool(false)) { Made::Before } else { Made::Now })
    }

    /// Asks until there is a clear answer.
    async fn insist(&self, call: impl Fn() -> Call) -> Result<Value, Failure> {
        let mut wait = WAIT;
        for _ in 1..TRIES {
            match self.admin.call(call()).await {
                Err(Failure::Unavailable(_) | Failure::Unknown(_)) => {
                    sleep(wait).await;
                    wait *= 2;
                }
                clear => return clear,
            }
        }
        self.admin.call(call()).await
    }
}
