//! Metrics of HTTP, of issued tokens and of sign-ins.

use std::time::Duration;

use http::{Method, StatusCode};
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// From a local read to a transaction that waited for an election.
const BUCKETS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// How a token request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOutcome {
    /// A token was issued.
    Issued,
    /// The request was refused.
    Refused,
    /// The store gave no answer.
    Unavailable,
}

impl TokenOutcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How the hashing of a password ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashOutcome {
    /// It was computed.
    Computed,
    /// Too many were waiting.
    Refused,
    /// It broke off.
    Failed,
}

impl HashOutcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Computed => "computed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// How an attempt to sign in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInOutcome {
    /// Somebody signed in.
    SignedIn,
    /// The password, or the person, was not right.
    Refused,
    /// There were too many attempts before.
    Throttled,
    /// The store or the pool gave no answer.
    Unavailable,
}

impl SignInOutcome {
    const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A request that waits for a hash, counted while this lives.
pub(crate) struct Waiting(IntGauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Handles on the metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    tokens: IntCounterVec,
    hashes: IntCounterVec,
    hash_queue: IntGauge,
    sign_ins: IntCounterVec,
    throttled: IntCounter,
}

impl Metrics {
    /// Creates the metrics and registers them.
    ///
    /// # Errors
    /// When a registry holds one of the names already.
    pub fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = Opts::new("woad_http_requests_total", "Requests answered, by route, method and status code");
        let requests = IntCounterVec::new(requests, &["route", "method", "code"])?;
        let seconds = HistogramOpts::new("woad_http_request_seconds", "Time to the answer's head, by route");
        let seconds = HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &["route"])?;
        let tokens = Opts::new("woad_tokens_total", "Token requests, by grant and outcome");
        let tokens = IntCounterVec::new(tokens, &["grant", "outcome"])?;
        let hashes = Opts::new("woad_password_hashes_total", "Password hashes asked for, by outcome");
        let hashes = IntCounterVec::new(hashes, &["outcome"])?;
        let hash_queue = IntGauge::new("woad_password_queue_length", "Requests that wait for a password hash")?;
        let sign_ins = Opts::new("woad_sign_ins_total", "Attempts to sign in with a password, by outcome");
        let sign_ins = IntCounterVec::new(sign_ins, &["outcome"])?;
        let help = "Requests refused with 429 because too many wrong credentials came from their address";
        let throttled = IntCounter::new("woad_authentications_throttled_total", help)?;
        registry.register(Box::new(throttled.clone()))?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(tokens.clone()))?;
        registry.register(Box::new(hashes.clone()))?;
        registry.register(Box::new(hash_queue.clone()))?;
        registry.register(Box::new(sign_ins.clone()))?;
        Ok(Self { requests, seconds, tokens, hashes, hash_queue, sign_ins, throttled })
    }

    /// Counts an answer. `route` is a template, never a path.
    pub fn answered(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        self.requests.with_label_values(&[route, method_label(method), status.as_str()]).inc();
        self.seconds.with_label_values(&[route]).observe(took.as_secs_f64());
    }

    /// Counts a token request. `grant` is one of the names the endpoint knows, or `unknown`.
    pub fn token(&self, grant: &'static str, outcome: TokenOutcome) {
        self.tokens.with_label_values(&[grant, outcome.name()]).inc();
    }

    /// Counts an attempt to sign in.
    pub fn sign_in(&self, outcome: SignInOutcome) {
        self.sign_ins.with_label_values(&[outcome.name()]).inc();
    }

    /// Counts a request refused for what its address presented before.
    pub(crate) fn throttled(&self) {
        self.throttled.inc();
    }

    /// Counts a password hash.
    pub fn hashed(&self, outcome: HashOutcome) {
        self.hashes.with_label_values(&[outcome.name()]).inc();
    }

    /// Counts a request as waiting for a hash, until the answer is dropped.
    pub(crate) fn hash_waits(&self) -> Waiting {
        self.hash_queue.inc();
        Waiting(self.hash_queue.clone())
    }
}

/// Methods are the sender's to choose, label values are not.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
