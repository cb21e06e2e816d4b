//! `woadctl import --realm REALM --file FILE`

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use super::{Operator, input};
use crate::failure::Failure;
use crate::output::note;
use crate::table::{cell, columns, list};
use crate::transfer::{AT_ONCE, Import, Kind, Progress, Tally, read};

/// Requests at once: more than this only wait at the node.
const MOST_AT_ONCE: i64 = 64;
/// Errors that are told one by one where people read.
const SHOWN: usize = 20;

#[derive(Args)]
pub(crate) struct Wanted {
    /// The realm's id.
    #[arg(long)]
    realm: String,
    /// JSON lines of groups, users, memberships and managers, as export writes them; - for standard input.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// Requests under way at once.
    #[arg(long, value_name = "NUMBER", default_value_t = AT_ONCE, value_parser = at_once)]
    parallel: usize,
}

fn at_once(text: &str) -> Result<usize, String> {
    let number = text.parse::<i64>().ok().filter(|number| (1..=MOST_AT_ONCE).contains(number));
    number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| format!("between 1 and {MOST_AT_ONCE}"))
}

fn table(answer: &Value) -> String {
    let kinds = Kind::ALL.map(|kind| {
        let counts = answer.get(kind.name()).unwrap_or(&Value::Null);
        vec![kind.name().to_owned(), cell(counts, "created"), cell(counts, "existed")]
    });
    let errors = list(answer, "errors");
    let mut out = columns(&["KIND", "CREATED", "WERE THERE"], &kinds);
    if !errors.is_empty() {
        let shown: Vec<_> = errors
            .iter()
            .take(SHOWN)
            .map(|error| ["line", "kind", "why"].iter().map(|name| cell(error, name)).collect())
            .collect();
        out.push('\n');
        out.push_str(&columns(&["LINE", "KIND", "WHY NOT"], &shown));
    }
    if errors.len() > SHOWN {
        out.push_str("and more; --output json shows all\n");
    }
    out
}

pub(super) async fn run(operator: &Operator, wanted: Wanted) -> Result<(), Failure> {
    let file = input::open(&wanted.file)?;
    let failed = |source| Failure::File { path: wanted.file.clone(), source };
    let (lines, bad) = read(file).map_err(failed)?;
    let mut tally = Tally::new(bad);
    let progress = Progress::new(note);
    let import = Import { admin: &operator.admin, realm: &wanted.realm, at_once: wanted.parallel, progress: &progress };
    let outcome = import.run(lines, &mut tally).await;
    tally.troubles.sort_by_key(|trouble| trouble.line);
    operator.output.show(&tally.to_json(), table)?;
    outcome.inspect_err(|_| {
        note("broken off; what was made stays, and the same command goes on from there");
    })?;
    if tally.troubles.is_empty() { Ok(()) } else { Err(Failure::NotAll(tally.troubles.len())) }
}
