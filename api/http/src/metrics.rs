//! Metrics of HTTP and of issued tokens.

use std::time::Duration;

use http::{Method, StatusCode};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

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

/// Handles on the metrics. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    tokens: IntCounterVec,
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
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        registry.register(Box::new(tokens.clone()))?;
        Ok(Self { requests, seconds, tokens })
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
