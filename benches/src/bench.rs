//! What every bench does around its rows.

use std::path::Path;
use std::time::Instant;

use crate::disk::{self, Flush};
use crate::machine::{self, Watch};
use crate::measure::RUNS;
use crate::report::{Report, micros, progress};

/// Measures, and prints the table.
pub(crate) fn run(rows: impl AsyncFnOnce(&Path, Flush, &mut Report) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (watch, started) = (Watch::start(), Instant::now());
        let folder = tempfile::tempdir()?;
        let mut report = Report::default();
        let flush = disk::measure(folder.path())?;
        progress(&format!("fdatasync of 512 B appends: p50 {}, p99 {}", micros(flush.p50), micros(flush.p99)));
        rows(folder.path(), flush, &mut report).await?;
        let again = disk::measure(folder.path())?;
        let heading = format!(
            "{}; {:.0} s; medians of {RUNS} runs; HTTP/1.1 over loopback, without TLS unless a row says so, peers with mutual TLS; servers and load \
             share the machine\nfdatasync of 512 B appends: p50 {}, p99 {}; at the end p50 {}, p99 {}",
            machine::description(),
            started.elapsed().as_secs_f64(),
            micros(flush.p50),
            micros(flush.p99),
            micros(again.p50),
            micros(again.p99),
        );
        let seen = watch.stop();
        report.print(&heading, &seen)?;
        if let Some(file) = std::env::var_os("WOAD_BENCH_JSON") {
            std::fs::write(&file, format!("{:#}\n", report.json(&heading, &seen)))?;
        }
        if let Some((file, picture)) = std::env::var_os("WOAD_BENCH_SVG").zip(report.picture()?) {
            std::fs::write(&file, picture)?;
        }
        Ok(())
    })
}
