//! Latency against load, as a picture: what was answered a second to the right, how long it took upwards.

mod axis;
mod svg;

use std::time::Duration;

use serde_json::{Value, json};

use crate::load::Rate;

pub(crate) use self::svg::draw;

/// A number of requests under way, and what came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) in_flight: usize,
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

impl Point {
    pub(crate) const fn new(in_flight: usize, rate: &Rate) -> Self {
        Self { in_flight, per_second: rate.per_second, p50: rate.p50, p99: rate.p99 }
    }
}

/// A server under rising load.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) who: String,
    pub(crate) points: Vec<Point>,
}

impl Curve {
    /// The most that was answered a second.
    pub(crate) fn most(&self) -> f64 {
        self.points.iter().map(|point| point.per_second).fold(0.0, f64::max)
    }

    /// Its points in words.
    pub(crate) fn text(&self) -> String {
        let words = self.points.iter().map(|Point { in_flight, per_second, p50, p99 }| {
            let ms = |time: &Duration| time.as_secs_f64() * 1e3;
            format!("{in_flight}: {per_second:.0} /s {:.1} {:.1}", ms(p50), ms(p99))
        });
        format!("{} (in flight: rate, p50 and p99 in ms): {}", self.who, words.collect::<Vec<_>>().join("; "))
    }
}

/// Servers that do the same.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What is counted a second.
    pub(crate) what: &'static str,
    pub(crate) curves: Vec<Curve>,
}

impl Panel {
    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let curves = self.curves.iter().map(|curve| {
            let points = curve.points.iter().map(|point| {
                json!({
                    "in_flight": point.in_flight, "per_second": point.per_second, "p50_us": point.p50.as_micros(),
                    "p99_us": point.p99.as_micros(),
                })
            });
            json!({"who": curve.who, "points": points.collect::<Vec<_>>()})
        });
        json!({"title": self.title, "curves": curves.collect::<Vec<_>>()})
    }
}
