//! The table.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::Flush;
use crate::limit::Waits;
use crate::load::{Rate, Rates};
use crate::machine::Seen;
use crate::measure::Runs;
use crate::plot::{self, Panel};

/// What a process used of a processor during a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Of one processor, percent.
    pub(crate) percent: f64,
    micros_per_request: f64,
}

impl Share {
    pub(crate) fn new(cpu: Duration, rate: &Rate) -> Self {
        Self {
            percent: cpu.as_secs_f64() / rate.took.as_secs_f64() * 100.0,
            micros_per_request: cpu.as_secs_f64() * 1e6 / f64::from(rate.requests.max(1)),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} % of a core, {:.0} µs each", self.percent, self.micros_per_request)
    }
}

/// A duration in the unit that suits it.
pub(crate) fn micros(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds => format!("{:.1} ms", seconds * 1e3),
    }
}

/// A line of the table, with notes below it.
pub(crate) struct Row {
    name: String,
    figure: String,
    /// The lowest and the highest of several runs.
    spread: Option<(f64, f64)>,
    p50: String,
    p99: String,
    /// What held it.
    limit: String,
    beside: String,
    notes: Vec<String>,
    value: f64,
    unit: String,
    peers: Vec<Value>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, figure: f64, unit: &str) -> Self {
        Self {
            name: name.into(),
            figure: format!("{figure:.0} {unit}"),
            spread: None,
            p50: String::new(),
            p99: String::new(),
            limit: String::new(),
            beside: String::new(),
            notes: vec![],
            value: figure,
            unit: unit.to_owned(),
            peers: vec![],
        }
    }

    /// Those of a run, beside another figure of it.
    pub(crate) fn percentiles(self, rate: &Rate) -> Self {
        Self { p50: micros(rate.p50), p99: micros(rate.p99), ..self }
    }

    /// The run in the middle, and how far all lie apart.
    ///
    /// # Errors
    /// Without runs; so do those that follow.
    pub(crate) fn rates(name: impl Into<String>, rates: &Rates) -> anyhow::Result<Self> {
        let rate = rates.middle()?;
        Ok(Self { spread: Some(rates.spread()), ..Self::new(name, rate.per_second, "/s").percentiles(&rate) })
    }

    /// The same, what held it, and what each process used.
    pub(crate) fn runs(name: impl Into<String>, runs: &Runs, waits: Waits) -> anyhow::Result<Self> {
        let run = runs.middle()?;
        Ok(Self::rates(name, &runs.rates())?.limit(run.used.limit(waits)).note(run.shares.to_string()))
    }

    /// A row whose requests write: beside it what a flush costs, which may be `delay` more.
    pub(crate) fn durable(
        name: impl Into<String>,
        runs: &Runs,
        flush: Flush,
        delay: Option<Duration>,
    ) -> anyhow::Result<Self> {
        let added = delay.map(|delay| format!(" + {}", micros(delay))).unwrap_or_default();
        let beside = format!("fdatasync p50 {} p99 {}{added}", micros(flush.p50), micros(flush.p99));
        let run = runs.middle()?;
        let row = Self::runs(name, runs, Waits::durable(run.in_flight))?;
        Ok(row.beside_text(&beside).note(run.apply.to_string()))
    }

    /// What held it.
    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Self {
        self.limit = limit.into();
        self
    }

    /// A peer's figure in runs taken in turn with ours, and ours over it.
    pub(crate) fn beside(mut self, peer: &str, theirs: &Rates, ours: &Rates) -> anyhow::Result<Self> {
        let (rate, ratio, (lowest, highest)) = (theirs.middle()?, ours.over(theirs)?, theirs.spread());
        self.peers.push(json!({
            "peer": peer, "per_second": rate.per_second, "ratio": ratio, "p50_us": rate.p50.as_micros(),
            "p99_us": rate.p99.as_micros(), "lowest": lowest, "highest": highest,
        }));
        Ok(self.beside_text(&format!(
            "{peer} {:.0} /s ({lowest:.0}–{highest:.0}, p99 {}), ratio {ratio:.2}",
            rate.per_second,
            micros(rate.p99)
        )))
    }

    /// Another figure in the same unit, and ours over it.
    pub(crate) fn beside_figure(mut self, what: &str, figure: f64, ratio: f64) -> Self {
        self.peers.push(json!({"peer": what, "per_second": figure, "ratio": ratio}));
        self.beside_text(&format!("{what} {figure:.0} /s, ratio {ratio:.2}"))
    }

    pub(crate) fn beside_text(mut self, text: &str) -> Self {
        if !self.beside.is_empty() {
            self.beside.push_str("; ");
        }
        self.beside.push_str(text);
        self
    }

    pub(crate) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
}

/// Everything that is printed, at the end.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    panels: Vec<Panel>,
}

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        progress(&format!("{}: {}", row.name, row.figure));
        self.rows.push(row);
    }

    /// Part of the picture.
    pub(crate) fn show(&mut self, panel: Panel) {
        self.panels.push(panel);
    }

    /// The picture, if there is anything to see.
    pub(crate) fn picture(&self) -> Result<Option<String>, fmt::Error> {
        (!self.panels.is_empty()).then(|| plot::draw(&self.panels)).transpose()
    }

    /// The same for programs, as JSON.
    pub(crate) fn json(&self, heading: &str, seen: &Seen) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "what": row.name, "value": row.value, "unit": row.unit, "lowest": row.spread.map(|(lowest, _)| lowest),
                "highest": row.spread.map(|(_, highest)| highest), "p50": row.p50, "p99": row.p99,
                "limit": row.limit, "peers": row.peers, "beside": row.beside, "notes": row.notes,
            })
        });
        json!({
            "heading": heading, "valid": seen.valid, "foreign_share": seen.foreign_share,
            "rows": rows.collect::<Vec<_>>(),
            "curves": self.panels.iter().map(Panel::json).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn print(&self, heading: &str, seen: &Seen) -> io::Result<()> {
        let spread = |row: &Row| row.spread.map(|(from, to)| format!("{from:.0}–{to:.0}")).unwrap_or_default();
        let width =
            |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
        let (name, figure, limit) = (width(|row| &row.name), width(|row| &row.figure), width(|row| &row.limit).max(5));
        let mut out = io::stdout().lock();
        writeln!(out, "\n{heading}\n")?;
        writeln!(
            out,
            "{:name$}  {:>figure$}  {:>13}  {:>8}  {:>8}  {:limit$}  beside",
            "what", "median", "spread", "p50", "p99", "limit"
        )?;
        for row in &self.rows {
            let Row { name: what, figure: median, p50, p99, limit: held, beside, .. } = row;
            let apart = spread(row);
            let line =
                format!("{what:name$}  {median:>figure$}  {apart:>13}  {p50:>8}  {p99:>8}  {held:limit$}  {beside}");
            writeln!(out, "{}", line.trim_end())?;
            for note in &row.notes {
                writeln!(out, "    {note}")?;
            }
        }
        let verdict = if seen.valid { "the machine was ours" } else { "INVALID: the machine was busy with other work" };
        let Seen { load_before, load_after, foreign_share, .. } = seen;
        let share = foreign_share * 100.0;
        writeln!(
            out,
            "\nload average {load_before:.2} before, {load_after:.2} after; {share:.1} % of the machine went elsewhere (kernel and \
             disk included): {verdict}"
        )
    }
}

/// Tells that something goes on.
pub(crate) fn progress(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(io::stderr(), "woad-benches: {text}");
}

/// Why there are no figures.
pub(crate) fn error(text: &str) {
    progress(text);
}
