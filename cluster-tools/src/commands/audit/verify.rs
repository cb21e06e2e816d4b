//! `woadctl audit verify`

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{Of, Operator, PAGE};
use crate::chain::{Anchors, End, Record, Verifier};
use crate::failure::Failure;

#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    of: Of,
    /// Verify an export instead of what a node has now.
    #[arg(long, value_name = "FILE", conflicts_with = "realm")]
    file: Option<PathBuf>,
}

/// A part of a chain, in this order.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Part {
    Record(Record),
    Anchors(Anchors),
    End(End),
}

/// A chain as a node gives it, page by page.
pub(super) struct Pages<'a> {
    operator: &'a Operator,
    of: &'a Of,
    next: Option<u64>,
    begun: bool,
}

impl<'a> Pages<'a> {
    pub(super) const fn new(operator: &'a Operator, of: &'a Of) -> Self {
        Self { operator, of, next: Some(1), begun: false }
    }

    /// The next parts; `None` after the end. A chain that grows meanwhile is followed to where it was last seen.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Part>>, Failure> {
        let Some(from) = self.next else { return Ok(None) };
        let page = self.of.page(self.operator, from, PAGE).await?;
        let records: Vec<Record> =
            serde_json::from_value(page.get("events").cloned().unwrap_or_default()).map_err(|_| Failure::Answer)?;
        let end: End = serde_json::from_value(page.clone()).map_err(|_| Failure::Answer)?;
        let mut parts = Vec::new();
        if !self.begun {
            self.begun = true;
            parts.push(Part::Anchors(serde_json::from_value(page.clone()).map_err(|_| Failure::Answer)?));
        }
        let last = records.last().map(|record| record.number);
        parts.extend(records.into_iter().map(Part::Record));
        self.next = last.filter(|last| *last < end.count).map(|last| last + 1);
        if self.next.is_none() {
            parts.push(Part::End(end));
        }
        Ok(Some(parts))
    }
}

/// A chain being verified.
#[derive(Default)]
struct Verifying(Option<Verifier>);

impl Verifying {
    fn take(&mut self, part: Part) -> Result<(), Failure> {
        let broken = |broken: crate::chain::Broken| Failure::Disagreement(format!("the chain is broken: {broken}"));
        match (part, &mut self.0) {
            (Part::Anchors(anchors), slot @ None) => *slot = Some(Verifier::begin(&anchors).map_err(broken)?),
            (Part::Record(record), Some(verifier)) => verifier.take(&record).map_err(broken)?,
            (Part::End(end), Some(verifier)) => verifier.end(&end).map_err(broken)?,
            _ => return Err(Failure::Usage("the lines are not those of an exported chain".to_owned())),
        }
        Ok(())
    }
}

fn of_file(path: &Path, verifying: &mut Verifying) -> Result<(), Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let mut ended = false;
    for line in BufReader::new(fs::File::open(path).map_err(failed)?).lines() {
        let line = line.map_err(failed)?;
        let part: Part = serde_json::from_str(&line)
            .map_err(|_| Failure::Usage("a line is none of an exported chain".to_owned()))?;
        ended = matches!(part, Part::End(_));
        verifying.take(part)?;
    }
    if ended { Ok(()) } else { Err(Failure::Disagreement("the chain is broken: the file has no end".to_owned())) }
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let mut verifying = Verifying::default();
    if let Some(path) = &wanted.file {
        of_file(path, &mut verifying)?;
    } else {
        let mut pages = Pages::new(operator, &wanted.of);
        while let Some(parts) = pages.next().await? {
            for part in parts {
                verifying.take(part)?;
            }
        }
    }
    let verifier = verifying.0.ok_or(Failure::Answer)?;
    let shown = json!({
        "holds": true, "count": verifier.count(), "verified": verifier.records, "erased": verifier.erased,
        "signed_through": verifier.vouched,
    });
    operator.output.show(&shown, |_| {
        format!(
            "the chain holds: {} records computed again, {} of them erased; signed through record {} of {}\n",
            verifier.records,
            verifier.erased,
            verifier.vouched,
            verifier.count()
        )
    })
}
