//! Figures of real `woad` processes, each beside a peer or the limit it rests on: `woad-benches quick`.
//!
//! The load comes from this process (one thread, HTTP/1.1 keep-alive over loopback); nodes and peers are processes of
//! their own. Every figure is the median of a few runs, peer and ours in turn.

mod disk;
mod durable;
mod empty;
mod introspection;
mod load;
mod machine;
mod quick;
mod report;
mod signer;
mod tokens;
mod world;

use std::process::ExitCode;

const USAGE: &str = "usage: woad-benches quick\n\
    woad-benches signer ES256|RS256 PORT   (what a token costs at least: started by quick)\n";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["quick"] => quick::run(),
        ["signer", alg, port] => signer::run(alg, port),
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
