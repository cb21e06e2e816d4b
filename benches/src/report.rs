//! The table.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::Flush;
use crate::limit::Waits;
use crate::load::Rate;
use crate::machine::Seen;
use crate::measure::Run;
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

    pub(crate) fn rate(name: impl Into<String>, rate: &Rate) -> Self {
        Self::new(name, rate.per_second, "/s").percentiles(rate)
    }

    /// A run's rate, what held it, and what each process used.
    pub(crate) fn run(name: impl Into<String>, run: &Run, waits: Waits) -> Self {
        Self::rate(name, &run.rate).limit(run.used.limit(waits)).note(run.shares.to_string())
    }

    /// A row whose requests write: beside it what a flush costs, which may be `delay` more.
    pub(crate) fn durable(name: impl Into<String>, run: &Run, flush: Flush, delay: Option<Duration>) -> Self {
        let added = delay.map(|delay| format!(" + {}", micros(delay))).unwrap_or_default();
        let beside = format!("fdatasync p50 {} p99 {}{added}", micros(flush.p50), micros(flush.p99));
        let row = Self::run(name, run, Waits::durable(run.in_flight));
        row.beside_text(&beside).note(run.apply.to_string())
    }

    /// What held it.
    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Self {
        self.limit = limit.into();
        self
    }

    /// A peer's figure in the same run, and ours over it.
    pub(crate) fn beside(mut self, peer: &str, theirs: &Rate, ours: &Rate) -> Self {
        let ratio = ours.per_second / theirs.per_second;
        self.peers.push(json!({
            "peer": peer, "per_second": theirs.per_second, "ratio": ratio, "p50_us": theirs.p50.as_micros(),
            "p99_us": theirs.p99.as_micros(),
        }));
        self.beside_text(&format!("{peer} {:.0} /s (p99 {}), ratio {ratio:.2}", theirs.per_second, micros(theirs.p99)))
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
                "what": row.name, "value": row.value, "unit": row.unit, "p50": row.p50, "p99": row.p99,
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
        let width =
            |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max().unwrap_or_default();
        let (name, figure, limit) = (width(|row| &row.name), width(|row| &row.figure), width(|row| &row.limit).max(5));
        let mut out = io::stdout().lock();
        writeln!(out, "\n{heading}\n")?;
        writeln!(
            out,
            "{:name$}  {:>figure$}  {:>8}  {:>8}  {:limit$}  beside",
            "what", "median", "p50", "p99", "limit"
        )?;
        for row in &self.rows {
            let Row { name: what, figure: median, p50, p99, limit: held, beside, .. } = row;
            let line = format!("{what:name$}  {median:>figure$}  {p50:>8}  {p99:>8}  {held:limit$}  {beside}");
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
