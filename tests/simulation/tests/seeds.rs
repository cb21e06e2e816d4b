//! Seeds of the simulation, each in a process of its own.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::{Command, Output};

/// Seeds that once found a bug, one a line: `seed ticks why`.
const FOUND: &str = include_str!("../seeds.txt");

fn simulate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_woad-simulation")).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    for seed in ["3", "4"] {
        let once = simulate(&["--seed", seed, "--ticks", "10000", "--trace"]);
        let twice = simulate(&["--seed", seed, "--ticks", "10000", "--trace"]);
        assert!(once.status.success(), "{}", text(&once).lines().last().unwrap_or_default());
        assert!(text(&once).lines().count() > 1_000);
        assert!(once.stdout == twice.stdout, "two runs of seed {seed} differ");
    }
}

#[test]
fn a_hundred_seeds_pass_and_activate_every_kind_of_fault() {
    let run = simulate(&["run", "--seeds", "1..=100", "--jobs", "2", "--ticks", "10000"]);
    println!("{}", text(&run));
    assert!(run.status.success(), "{}", text(&run));
}

#[test]
fn seeds_that_once_failed_pass() {
    for line in FOUND.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let mut words = line.split_whitespace();
        let (seed, ticks) = (words.next().unwrap(), words.next().unwrap());
        let run = simulate(&["--seed", seed, "--ticks", ticks]);
        assert!(run.status.success(), "{line}\n{}", text(&run));
    }
}
