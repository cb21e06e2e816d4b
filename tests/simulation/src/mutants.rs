//! Proof that the simulation can fail: each deliberate bug of the list is caught by its seed.

use std::process::{Command, ExitCode};
use std::time::Instant;

use raft_store_core::Mutant;
use raft_store_core::mutant::VARIABLE;

const LIST: &str = include_str!("../mutants.txt");

/// Runs every line of the list; fails when a mutant survives, or its seed fails without it.
pub(crate) fn run() -> ExitCode {
    let program = std::env::current_exe().expect("this program's path");
    let mut survivors = 0;
    for line in LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let [name, seed, ticks, verdict] = words[..] else { panic!("not a mutant's line: {line}") };
        assert!(Mutant::ALL.iter().any(|mutant| mutant.name() == name), "no such mutant: {name}");
        let simulate = |mutant: Option<&str>| {
            let mut command = Command::new(&program);
            command.args(["--seed", seed, "--ticks", ticks]).env_remove(VARIABLE);
            command.envs(mutant.map(|name| (VARIABLE, name)));
            let output = command.output().expect("this program starts");
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let began = Instant::now();
        let (survived, out) = simulate(Some(name));
        let took = began.elapsed().as_secs_f64();
        let (sound, _) = simulate(None);
        let caught = !survived && out.contains(verdict) && sound;
        survivors += u64::from(!caught);
        let said = out.lines().find(|line| line.contains(" FAILED ")).unwrap_or("passed");
        println!("{} {name} (seed {seed}, {took:.1} s): {said}", if caught { "caught  " } else { "SURVIVED" });
    }
    if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
