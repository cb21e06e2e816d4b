//! Figures of real `woad` processes, each beside a peer or the limit it rests on.
//!
//! The load comes from this process (one thread, HTTP/1.1 keep-alive over loopback); nodes and peers are processes of
//! their own. Every figure is the median of a few runs, peer and ours in turn.

mod bench;
mod disk;
mod durable;
mod empty;
mod etcd;
mod failover;
mod families;
mod introspection;
mod load;
mod machine;
mod many;
mod measure;
mod memory;
mod oidc_provider;
mod peers;
mod quick;
mod refresh;
mod report;
mod scim;
mod sign_in;
mod signer;
mod tokens;
mod world;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::Context as _;

const USAGE: &str = "usage: woad-benches quick                (everything that is loaded soon; three minutes)\n\
    woad-benches families --families N     (refreshes at a thousand families and at N)\n\
    woad-benches people --users N          (memory of nodes that hold N people)\n\
    woad-benches signer ES256|RS256 PORT   (what a token costs at least: started by quick)\n";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["quick"] => quick::run(),
        ["families", "--families", count] => number(count).and_then(many::families),
        ["people", "--users", count] => number(count).and_then(many::people),
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

fn number(text: &str) -> anyhow::Result<NonZeroUsize> {
    text.parse().with_context(|| format!("not a number above zero: {text}"))
}
