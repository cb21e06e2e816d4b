//! What the loop does.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Ask, Work};

/// Whether an answer is a 200 that holds this.
fn holds(answer: &Response<Bytes>, needle: &str) -> bool {
    answer.status() == StatusCode::OK && answer.body().windows(needle.len()).any(|part| part == needle.as_bytes())
}

/// These requests in turn until time is over.
pub(crate) struct Repeat<'a> {
    asks: &'a [Ask],
    at: Cell<usize>,
    until: Instant,
    /// What every answer holds.
    needle: &'static str,
}

impl<'a> Repeat<'a> {
    pub(crate) fn new(asks: &'a [Ask], within: Duration, needle: &'static str) -> Self {
        Self { asks, at: Cell::new(0), until: Instant::now() + within, needle }
    }
}

impl Work for Repeat<'_> {
    fn next(&self, _: usize) -> Option<Ask> {
        let at = self.at.get();
        self.at.set((at + 1) % self.asks.len());
        self.asks.get(at).filter(|_| Instant::now() < self.until).cloned()
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        holds(answer, self.needle)
    }
}

/// One request so many times.
pub(crate) struct Times {
    ask: Ask,
    left: Cell<usize>,
    /// What every answer holds.
    needle: &'static str,
}

impl Times {
    pub(crate) const fn new(ask: Ask, count: usize, needle: &'static str) -> Self {
        Self { ask, left: Cell::new(count), needle }
    }
}

impl Work for Times {
    fn next(&self, _: usize) -> Option<Ask> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(self.ask.clone())
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        holds(answer, self.needle)
    }
}

/// Each request once.
pub(crate) struct Once {
    asks: RefCell<Vec<Ask>>,
    /// What every answer says.
    status: StatusCode,
}

impl Once {
    pub(crate) fn new(asks: Vec<Ask>, status: StatusCode) -> Self {
        Self { asks: RefCell::new(asks), status }
    }
}

impl Work for Once {
    fn next(&self, _: usize) -> Option<Ask> {
        self.asks.borrow_mut().pop()
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        answer.status() == self.status
    }
}

/// So many tokens, kept.
pub(crate) struct Mint {
    ask: Ask,
    left: Cell<usize>,
    tokens: RefCell<Vec<String>>,
}

impl Mint {
    pub(crate) fn new(ask: Ask, count: usize) -> Self {
        Self { ask, left: Cell::new(count), tokens: RefCell::default() }
    }

    pub(crate) fn into_tokens(self) -> Vec<String> {
        self.tokens.into_inner()
    }
}

impl Work for Mint {
    fn next(&self, _: usize) -> Option<Ask> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(self.ask.clone())
    }

    fn accept(&self, _: usize, answer: &Response<Bytes>) -> bool {
        let body: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
        let token = body.and_then(|body| Some(body.get("access_token")?.as_str()?.to_owned()));
        let good = answer.status() == StatusCode::OK && token.is_some();
        self.tokens.borrow_mut().extend(token);
        good
    }
}
