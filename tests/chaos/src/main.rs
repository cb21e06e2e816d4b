//! The fault lab: real processes on a network and disks of their own, a workload, faults from the matrix, and oracles.

mod act;
mod agreement;
mod cli;
mod enclosure;
mod field;
mod monitor;
mod oracle;
mod readback;
mod report;
mod retire;
mod scenario;
mod scenarios;
mod traffic;
mod verdict;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Parser as _;

use cli::{Cli, Profile};
use field::Field;
use scenario::{House, Row};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            report::say(&format!("harness broken: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let rows = chosen(cli)?;
    if cli.list {
        for row in rows {
            let profile = if row.profile == Profile::Quick { "quick" } else { "full" };
            report::say(&format!("{:<8} {profile:<6} {}", row.ids.join(" "), row.name));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(folder) = enclosure::inside()? {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        return Ok(ExitCode::from(runtime.block_on(play(&folder, cli, &rows))?));
    }
    if let Some(lack) = enclosure::lacking() {
        report::say(&format!("not exercised: {} rows: {lack}", rows.len()));
        let required = std::env::var_os("WOAD_REQUIRE_ALL").is_some_and(|value| value == "1");
        return Ok(ExitCode::from(u8::from(required)));
    }
    enclosure::enter(cli.keep)
}

fn chosen(cli: &Cli) -> Result<Vec<&'static Row>> {
    let all = scenarios::rows();
    for id in &cli.only {
        ensure!(all.iter().any(|row| row.ids.contains(&id.as_str())), "no row {id}; see --list");
    }
    let wanted = |row: &&Row| match cli.only.as_slice() {
        [] => cli.profile == Profile::Full || row.profile == Profile::Quick,
        only => only.iter().any(|id| row.ids.contains(&id.as_str())),
    };
    let rows: Vec<&'static Row> = all.into_iter().filter(wanted).collect();
    Ok(rows.iter().copied().cycle().take(rows.len() * cli.times).collect())
}

async fn play(folder: &Path, cli: &Cli, rows: &[&'static Row]) -> Result<u8> {
    let start = Instant::now();
    let pair = |pair: &String| {
        let (name, value) = pair.split_once('=').with_context(|| format!("not NAME=VALUE: {pair}"))?;
        anyhow::Ok((name.to_owned(), value.to_owned()))
    };
    let environment = cli.environment.iter().map(pair).collect::<Result<Vec<_>>>()?;
    let mut house = House::new(Field::make(folder)?, environment);
    let mut played = Vec::new();
    for row in rows {
        let row = house.play(row).await;
        row.say();
        played.push(row);
    }
    let closed = house.close().await;
    let status = report::finish(&played, start.elapsed())?;
    if let Err(error) = closed {
        report::say(&format!("FAIL at the end of a cluster: {error:#}"));
        return Ok(status.max(1));
    }
    Ok(status)
}
