//! The store's own logic under a simulator: one seed decides everything that happens, and the same seed does it again.
//!
//! `woad-simulation --seed 7` runs one; `woad-simulation run --seeds 1..=500` many, one a process. docs/adr/0017.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    reason = "a program of tests: it may stop at the first surprise"
)]

mod bench;
mod client;
mod faults;
mod fleet;
mod machine;
mod model;
mod op;
mod oracle;
mod perform;
mod report;
mod rules;
mod sync;
mod tables;
mod world;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Runs Woad's store under a deterministic simulation.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    one: One,
}

/// One run, in this process.
#[derive(Args, Clone, Debug)]
pub(crate) struct One {
    /// Decides everything.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long things go wrong; a tick is a simulated millisecond.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) ticks: u64,
    /// Prints all that happens.
    #[arg(long)]
    pub(crate) trace: bool,
    /// Prints what members log, too.
    #[arg(long)]
    pub(crate) log: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Runs many seeds, each in a process of its own.
    Run(fleet::Run),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Run(run)) => fleet::run(&run),
        None => one(&cli.one),
    }
}

fn one(options: &One) -> ExitCode {
    if options.log {
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).without_time().init();
    }
    let (seed, ticks) = (options.seed, options.ticks);
    // A panic is a finding. Unwinding would pass through the simulator, which is not made for it.
    std::panic::set_hook(Box::new(move |panic| {
        println!("seed {seed} FAILED: {panic}");
        println!("replay: woad-simulation --seed {seed} --ticks {ticks} --trace");
        std::process::exit(1);
    }));
    let mut world = world::World::new(options.seed, options.trace);
    let result = world.run(options.ticks);
    world.count();
    let bench = world.shared.borrow();
    println!("coverage {}", bench.coverage);
    println!("trace {}", bench.trace);
    match result {
        Ok(()) => {
            println!("seed {} passed", options.seed);
            ExitCode::SUCCESS
        }
        Err(broken) => {
            println!("seed {} FAILED at tick {}: {broken}", options.seed, bench.tick);
            println!("replay: woad-simulation --seed {} --ticks {} --trace", options.seed, options.ticks);
            ExitCode::FAILURE
        }
    }
}
