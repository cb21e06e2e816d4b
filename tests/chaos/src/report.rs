//! What the lab says: a line while it plays, a table at the end, the same as JSON beside it.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::act::Figures;
use crate::scenario::Row;
use crate::verdict::Verdict;

/// Violations of one row that are shown.
const SHOWN: usize = 5;

/// A line on standard output; who closed it does not read it.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// A row that was played.
pub(crate) struct Played {
    pub(crate) row: &'static Row,
    pub(crate) figures: Figures,
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

fn ms(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

impl Played {
    fn line(&self) -> [String; 10] {
        let figures = &self.figures;
        [
            self.row.ids.join(" "),
            self.row.name.to_owned(),
            figures.activated.to_string(),
            figures.acknowledged.to_string(),
            figures.lost.to_string(),
            figures.histories.to_string(),
            ms(figures.unavailable),
            ms(figures.healed),
            ms(self.took),
            self.verdict.word().to_owned(),
        ]
    }

    fn details(&self) -> Vec<String> {
        let mut lines = self.figures.notes.clone();
        match &self.verdict {
            Verdict::Pass => {}
            Verdict::Fail(violations) => {
                lines.extend(violations.iter().take(SHOWN).map(ToString::to_string));
                if violations.len() > SHOWN {
                    lines.push(format!("… and {} more", violations.len() - SHOWN));
                }
            }
            Verdict::NotExercised(why) | Verdict::Broken(why) => lines.push(why.clone()),
            Verdict::NotPossible(why) => lines.push((*why).to_owned()),
        }
        lines
    }

    /// Says how it ended.
    pub(crate) fn say(&self) {
        let line =
            format!("{:<8} {:<60} {} in {}", self.row.ids.join(" "), self.row.name, self.verdict.word(), ms(self.took));
        say(&line);
        for detail in self.details() {
            say(&format!("         {detail}"));
        }
    }

    fn json(&self) -> Value {
        let figures = &self.figures;
        json!({
            "faults": self.row.ids,
            "name": self.row.name,
            "activated": figures.activated,
            "acknowledged": figures.acknowledged,
            "lost": figures.lost,
            "operations": figures.operations,
            "unknown": figures.unknown,
            "histories": figures.histories,
            "longest_unavailability_ms": u64::try_from(figures.unavailable.as_millis()).unwrap_or(u64::MAX),
            "time_to_heal_ms": u64::try_from(figures.healed.as_millis()).unwrap_or(u64::MAX),
            "took_ms": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "verdict": self.verdict.word(),
            "details": self.details(),
        })
    }
}

/// Prints the table, and writes the JSON into the folder of artifacts; the exit status.
pub(crate) fn finish(played: &[Played], took: Duration) -> Result<u8> {
    let head =
        ["fault", "what", "times", "acknowledged", "lost", "histories", "unavailable", "healed in", "took", "verdict"];
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(played.iter().map(Played::line));
    let mut widths = [0; 10];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    say("");
    for line in &lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        say(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    let sum = |of: fn(&Figures) -> usize| played.iter().map(|played| of(&played.figures)).sum::<usize>();
    let count = |status| played.iter().filter(|played| played.verdict.status() == status).count();
    let (passed, failed, broken) = (count(0), count(1), count(2));
    let (acknowledged, lost) = (sum(|figures| figures.acknowledged), sum(|figures| figures.lost));
    let (operations, histories) = (sum(|figures| figures.operations), sum(|figures| figures.histories));
    say("");
    say(&format!(
        "{} rows in {:.0} s: {passed} pass or not possible here, {failed} fail or not exercised, {broken} broken; \
         {operations} operations, {acknowledged} acknowledged writes, {lost} lost, {histories} histories checked",
        played.len(),
        took.as_secs_f64(),
    ));
    if let Some(folder) = std::env::var_os("WOAD_ARTIFACTS") {
        let path = PathBuf::from(folder).join("chaos.json");
        let rows: Vec<Value> = played.iter().map(Played::json).collect();
        std::fs::write(&path, serde_json::to_vec_pretty(&json!({"rows": rows}))?)?;
        say(&format!("written: {}", path.display()));
    }
    Ok(played.iter().map(|played| played.verdict.status()).max().unwrap_or_default())
}
