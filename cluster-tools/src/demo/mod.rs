//! `woadctl demo`: three nodes on this machine, and the story of what they are for.

mod browser;
mod certificates;
mod env_file;
mod fault;
mod html;
mod load;
mod oauth;
mod people;
mod person;
mod ports;
mod processes;
mod report;
mod scim;
mod site;
mod stay;
mod steps;
mod verify;
mod watchdog;
mod world;

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

pub(crate) use fault::Failed;
use fault::Fault;
use report::Report;
use world::World;

/// What `woadctl demo` is told.
#[derive(Args)]
pub(crate) struct Wanted {
    /// End after the story, with exit code 0 only if every step held.
    #[arg(long)]
    check: bool,
    /// When the story has been told, write what a shell needs to this file, mode 0600.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// The node's program. Default: `woad` beside this program.
    #[arg(long, value_name = "PATH")]
    node_binary: Option<PathBuf>,
    /// Leave the folder with data and logs behind.
    #[arg(long)]
    keep: bool,
    /// Ends the nodes of a demo that was killed: started by the demo itself.
    #[arg(long, hide = true, value_name = "FOLDER", exclusive = true)]
    watchdog: Option<PathBuf>,
}

/// Tells the story, then stays until told to stop.
///
/// # Errors
/// The step that did not hold.
pub(crate) async fn run(wanted: Wanted) -> Result<(), Box<Failed>> {
    if let Some(folder) = &wanted.watchdog {
        watchdog::watch(folder);
        return Ok(());
    }
    let report = Report::default();
    let mut world = World::new(&wanted).map_err(|why| Failed::boxed("preparing", why))?;
    report.say(&format!("Three nodes on this machine, everything they keep in {}", world.folder.path().display()));
    let staying = Cell::new(false);
    let outcome = tokio::select! {
        outcome = told(&wanted, &mut world, &report, &staying) => outcome,
        name = told_to_stop() => stopped(name, staying.get()),
    };
    // The nodes' last words come before their folder goes.
    if let Err(failed) = &outcome
        && !matches!(failed.why, Fault::Stopped(_))
    {
        world.last_words(&report);
    }
    world.stop(&report).await;
    outcome
}

/// Who ends a demo that has told its story to the end has got what they wanted.
fn stopped(signal: &'static str, staying: bool) -> Result<(), Box<Failed>> {
    if staying { Ok(()) } else { Err(Failed::boxed("", Fault::Stopped(signal))) }
}

/// Ends by itself only after a check, or when something is wrong; says when the story has been told.
async fn told(wanted: &Wanted, world: &mut World, report: &Report, staying: &Cell<bool>) -> Result<(), Box<Failed>> {
    let story = steps::tell(world, report).await?;
    if let Some(path) = &wanted.env_file {
        env_file::write(path, world, &story).map_err(|why| Failed::boxed("writing the environment file", why))?;
    }
    report.verdict();
    if wanted.check {
        return Ok(());
    }
    staying.set(true);
    stay::guide(world, &story, wanted, report);
    Err(Failed::boxed("staying up", stay::watch(world, report).await))
}

/// Returns upon SIGINT, SIGTERM or SIGHUP, with its name.
async fn told_to_stop() -> &'static str {
    let listen = |kind| signal(kind).ok();
    let (mut interrupt, mut terminate, mut hangup) =
        (listen(SignalKind::interrupt()), listen(SignalKind::terminate()), listen(SignalKind::hangup()));
    tokio::select! {
        Some(()) = async { interrupt.as_mut()?.recv().await } => "SIGINT",
        Some(()) = async { terminate.as_mut()?.recv().await } => "SIGTERM",
        Some(()) = async { hangup.as_mut()?.recv().await } => "SIGHUP",
        else => std::future::pending().await,
    }
}
