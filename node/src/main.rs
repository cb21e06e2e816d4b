//! `woad`: one node of a cluster.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use woad::cli::{Cli, Command};
use woad::config::{self, Config, Severity};
use woad::runtime::{self, Controls};
use woad::{exit, log, recover, reference, store};

fn main() -> ExitCode {
    match command(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "woad: {error:#}");
            exit::code(&error)
        }
    }
}

fn command(cli: &Cli) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Some(Command::CheckConfig { .. }) => check(cli),
        Some(Command::ConfigReference) => print(&reference::configuration()),
        Some(Command::MetricsReference) => print(&reference::metrics()?),
        Some(Command::Rejoin { token_file }) => rejoin(cli, token_file.as_deref()),
        Some(Command::Recover(wanted)) => recover(cli, wanted),
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

fn recover(cli: &Cli, wanted: &recover::Wanted) -> anyhow::Result<ExitCode> {
    let config = load(cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(recover::run(&config, wanted));
    runtime.shutdown_background();
    Ok(outcome?)
}

/// The configuration, if the node would start with it.
fn usable(cli: &Cli) -> anyhow::Result<Config> {
    let config = load(cli)?;
    let report = config.check();
    if report.failed() {
        let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<String> = errors.map(ToString::to_string).collect();
        anyhow::bail!("the configuration can't be used:\n{}", errors.join("\n"));
    }
    Ok(config)
}

fn rejoin(cli: &Cli, token_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let config = usable(cli)?;
    let token = woad::rejoin::token(&config, token_file)?;
    let _rest = log::init(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rejoined = runtime.block_on(woad::rejoin::run(&config, &*store::opener(), token));
    runtime.shutdown_background();
    print(&rejoined?.text())
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let config = usable(cli)?;
    let _rest = log::init(&config.log)?;
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
