//! The trace of a run, and what was activated in it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

/// FNV-1a over every line, so that two runs can be compared by a number; the lines themselves on demand.
pub(crate) struct Trace {
    print: bool,
    hash: u64,
    lines: u64,
}

impl Trace {
    pub(crate) const fn new(print: bool) -> Self {
        Self { print, hash: 0xcbf2_9ce4_8422_2325, lines: 0 }
    }

    pub(crate) fn line(&mut self, tick: u64, line: &impl Display) {
        let text = format!("{tick:>6} {line}");
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.lines += 1;
        if self.print {
            println!("{text}");
        }
    }
}

impl Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}/{}", self.hash, self.lines)
    }
}

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coverage(pub(crate) BTreeMap<String, u64>);

impl Coverage {
    pub(crate) fn count(&mut self, what: &str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: &str, times: u64) {
        *self.0.entry(what.to_owned()).or_default() += times;
    }

    /// As [`Display`] has written it.
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        Self(pairs.filter_map(|(what, times)| Some((what.to_owned(), times.parse().ok()?))).collect())
    }
}

impl Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(what, times)| format!("{what}={times}")).collect();
        f.write_str(&pairs.join(" "))
    }
}
