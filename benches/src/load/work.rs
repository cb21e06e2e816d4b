//! What the loop does.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Work;

/// The same form until time is over.
pub(crate) struct Repeat {
    body: Bytes,
    until: Instant,
    /// What every answer holds.
    needle: &'static str,
}

impl Repeat {
    pub(crate) fn new(body: &Bytes, within: Duration, needle: &'static str) -> Self {
        Self { body: body.clone(), until: Instant::now() + within, needle }
    }
}

fn holds(body: &Bytes, needle: &str) -> bool {
    body.windows(needle.len()).any(|window| window == needle.as_bytes())
}

impl Work for Repeat {
    fn next(&self) -> Option<Bytes> {
        (Instant::now() < self.until).then(|| self.body.clone())
    }

    fn accept(&self, status: u16, body: &Bytes) -> bool {
        status == 200 && holds(body, self.needle)
    }
}

/// Each form once; an empty answer is enough.
pub(crate) struct Once(RefCell<Vec<Bytes>>);

impl Once {
    pub(crate) fn new(bodies: Vec<Bytes>) -> Self {
        Self(RefCell::new(bodies))
    }
}

impl Work for Once {
    fn next(&self) -> Option<Bytes> {
        self.0.borrow_mut().pop()
    }

    fn accept(&self, status: u16, _: &Bytes) -> bool {
        status == 200
    }
}

/// So many tokens, kept.
pub(crate) struct Mint {
    body: Bytes,
    left: Cell<usize>,
    tokens: RefCell<Vec<String>>,
}

impl Mint {
    pub(crate) fn new(body: &Bytes, count: usize) -> Self {
        Self { body: body.clone(), left: Cell::new(count), tokens: RefCell::default() }
    }

    pub(crate) fn into_tokens(self) -> Vec<String> {
        self.tokens.into_inner()
    }
}

impl Work for Mint {
    fn next(&self) -> Option<Bytes> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(self.body.clone())
    }

    fn accept(&self, status: u16, body: &Bytes) -> bool {
        let answer: Option<serde_json::Value> = serde_json::from_slice(body).ok();
        let token = answer.and_then(|answer| Some(answer.get("access_token")?.as_str()?.to_owned()));
        let good = status == 200 && token.is_some();
        self.tokens.borrow_mut().extend(token);
        good
    }
}
