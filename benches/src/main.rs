//! Figures of real `woad` processes, each beside a peer or the limit it rests on.
//!
//! The load comes from this process (one thread, HTTP/1.1 keep-alive over loopback); nodes and peers are processes of
//! their own. Every figure is the median of a few runs, peer and ours in turn.

mod bench;
mod beside_writes;
mod code;
mod crowd;
mod disk;
mod durable;
mod empty;
mod etcd;
mod failover;
mod families;
mod follower_tokens;
mod introspection;
mod large;
mod limit;
mod load;
mod load_curve;
mod machine;
mod measure;
mod memory;
mod oidc_provider;
mod over_tls;
mod parts;
mod peers;
mod plot;
mod quick;
mod refresh;
mod report;
mod scim;
mod sign_in;
mod signer;
mod slow_flush;
mod store;
mod tokens;
mod userinfo;
mod world;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "generated code"
)]
mod rpc {
    tonic::include_proto!("etcdserverpb");
}

use std::process::ExitCode;

use large::Sizes;
use parts::Parts;

const USAGE: &str = "usage: woad-benches quick                (everything that is loaded soon; --only tokens,durable: some of it)\n\
    woad-benches large                     (a million people, a million families, ten million tokens; --users N,\n\
                                            --families N, --tokens N: as many)\n\
    woad-benches signer ES256|RS256 PORT   (what a token costs at least: started by quick)\n";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        [] | ["quick"] => quick::run(&Parts::all()),
        ["quick", "--only", names] => Parts::parse(names).and_then(|parts| quick::run(&parts)),
        ["large", sizes @ ..] => Sizes::parse(sizes).and_then(large::run),
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
