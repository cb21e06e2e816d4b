//! Many seeds, each in a process of its own.

use std::collections::VecDeque;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::Args;

use crate::faults::KINDS;
use crate::report::Coverage;

/// Which seeds, and how many at once.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// `A..=B`, or seeds separated by commas.
    #[arg(long, default_value = "1..=100")]
    seeds: String,
    /// Processes at once.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// How long things go wrong in each.
    #[arg(long, default_value_t = 10_000)]
    ticks: u64,
    /// Stops at the first failure.
    #[arg(long)]
    fail_fast: bool,
}

fn seeds(text: &str) -> VecDeque<u64> {
    if let Some((from, to)) = text.split_once("..=") {
        return (from.parse().expect("a number")..=to.parse().expect("a number")).collect();
    }
    text.split(',').map(|seed| seed.trim().parse().expect("a number")).collect()
}

#[derive(Default)]
struct Sum {
    passed: u64,
    failed: Vec<u64>,
    coverage: Coverage,
}

/// Runs them; fails when a seed fails or a kind of fault was never activated.
pub(crate) fn run(run: &Run) -> ExitCode {
    let began = Instant::now();
    let queue = Arc::new(Mutex::new(seeds(&run.seeds)));
    let sum = Arc::new(Mutex::new(Sum::default()));
    let program = std::env::current_exe().expect("this program's path");
    let workers: Vec<_> = (0..run.jobs)
        .map(|_| {
            let (queue, sum, program) = (Arc::clone(&queue), Arc::clone(&sum), program.clone());
            let (ticks, fail_fast) = (run.ticks, run.fail_fast);
            std::thread::spawn(move || {
                loop {
                    let next = queue.lock().unwrap().pop_front();
                    let Some(seed) = next else { return };
                    let ended = Command::new(&program)
                        .args(["--seed", &seed.to_string(), "--ticks", &ticks.to_string()])
                        .stdin(Stdio::null())
                        .output()
                        .expect("this program starts");
                    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
                    let mut sum = sum.lock().unwrap();
                    for line in out.lines().filter_map(|line| line.strip_prefix("coverage ")) {
                        for (what, times) in Coverage::parse(line).0 {
                            sum.coverage.add(&what, times);
                        }
                    }
                    if ended.status.success() {
                        sum.passed += 1;
                        continue;
                    }
                    sum.failed.push(seed);
                    let words = String::from_utf8_lossy(&ended.stderr);
                    print!("{out}{words}");
                    println!("seed {seed} FAILED ({})", ended.status);
                    if fail_fast {
                        queue.lock().unwrap().clear();
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().expect("a worker ends");
    }
    let sum = sum.lock().unwrap();
    let missing: Vec<&str> =
        KINDS.into_iter().filter(|kind| sum.coverage.0.get(*kind).is_none_or(|times| *times == 0)).collect();
    println!(
        "{} seeds passed, {} failed {:?}, in {:.1} s; {}",
        sum.passed,
        sum.failed.len(),
        sum.failed,
        began.elapsed().as_secs_f64(),
        sum.coverage
    );
    if !missing.is_empty() {
        println!("never activated: {missing:?}");
    }
    if sum.failed.is_empty() && missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
