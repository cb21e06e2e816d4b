//! What may go wrong in a demo.

use std::io;
use std::path::PathBuf;

use crate::failure::Failure;

/// A step that did not hold.
#[derive(Debug, thiserror::Error)]
#[error("{}{why}", if step.is_empty() { String::new() } else { format!("the demo failed at “{step}”: ") })]
pub(crate) struct Failed {
    /// Its name.
    pub(crate) step: &'static str,
    /// Why.
    pub(crate) why: Fault,
}

impl Failed {
    pub(crate) fn boxed(step: &'static str, why: Fault) -> Box<Self> {
        Box::new(Self { step, why })
    }
}

/// Why a step did not hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// A file of the demo's.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing to start.
    #[error("{} is not there: build it (cargo build -p woad), or name it with --node-binary", .0.display())]
    NoBinary(PathBuf),
    /// No port is free on all three addresses.
    #[error("no port is free on 127.0.0.1, 127.0.0.2 and 127.0.0.3 (last: {0})")]
    NoPort(io::Error),
    /// Keys and certificates.
    #[error("certificates: {0}")]
    Certificates(#[from] rcgen::Error),
    /// A client for https.
    #[error("https client: {0}")]
    Client(#[source] reqwest::Error),
    /// The system, when asked for something the demo itself needs.
    #[error("this machine: {0}")]
    Machine(#[from] io::Error),
    /// A node ended by itself.
    #[error("node {number} ended by itself ({status}); its log is above")]
    Ended {
        /// Which.
        number: u8,
        /// How.
        status: String,
    },
    /// Something did not come about in time.
    #[error("{what} did not come about in {seconds} s (last seen: {seen})")]
    Late {
        /// What.
        what: String,
        /// Within which time.
        seconds: u64,
        /// What was there instead.
        seen: String,
    },
    /// The administration refused or did not answer.
    #[error("node {number}, administration: {failure}")]
    Admin {
        /// Which node.
        number: u8,
        /// Why.
        failure: Box<Failure>,
    },
    /// A request over https got no answer.
    #[error("node {number}, {what}: {why}")]
    NoAnswer {
        /// Which node.
        number: u8,
        /// Which request.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// A request over https got another answer than it should.
    #[error("node {number}, {what}: {seen}")]
    Answer {
        /// Which node.
        number: u8,
        /// Which request.
        what: &'static str,
        /// What it answered; holds no secret.
        seen: String,
    },
    /// A token that must not be relied on.
    #[error("a token of node {number} does not verify: {why}")]
    Token {
        /// Who issued it.
        number: u8,
        /// Why.
        why: String,
    },
    /// What was promised is not so.
    #[error("{0}")]
    NotHeld(String),
    /// A signal.
    #[error("stopped by {0}")]
    Stopped(&'static str),
}
