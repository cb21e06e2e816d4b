//! `woad`: one node of a cluster.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use woad::cli::{Cli, Command};
use woad::config::{self, Config, Severity};
use woad::runtime::{self, Controls};
use woad::{log, reference, store};

fn main() -> ExitCode {
    match command(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "woad: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(cli: &Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Some(Command::CheckConfig { .. }) => check(cli),
        Some(Command::ConfigReference) => print(&reference::configuration()),
        Some(Command::MetricsReference) => print(&reference::metrics()?),
        Some(Command::Run) | None => run(cli),
    }
}

fn load(cli: &Cli) -> anyhow::Result<Config> {
    Ok(config::load(cli.file().as_deref(), std::env::vars_os())?)
}

fn check(cli: &Cli) -> anyhow::Result<ExitCode> {
    let report = load(cli)?.check();
    let mut out = io::stdout().lock();
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    Ok(if report.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = load(cli)?;
    let report = config.check();
    if report.failed() {
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<String> = errors.map(ToString::to_string).collect();
        anyhow::bail!("the configuration can't be used:\n{}", errors.join("\n"));
    }
    log::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
    let outcome = runtime.block_on(async {
        let controls = Controls::default();
        controls.on_signals().context("signals")?;
        runtime::run(config, Arc::from(store::opener()), controls).await?;
        anyhow::Ok(ExitCode::SUCCESS)
    });
    // What still runs is asked nothing any more; waiting for it would only delay the exit.
    runtime.shutdown_background();
    outcome.inspect_err(|error| tracing::error!("{error:#}"))
}
