//! What the demo asks by SCIM.

use std::time::Instant;

use reqwest::StatusCode;
use serde_json::Value;

use super::fault::Fault;
use super::oauth::{Timed, no_answer};
use super::site::Site;

/// The request.
pub(super) const WHAT: &str = "GET /scim/v2/Users?count=1";

/// How many people a realm has.
pub(super) async fn people(site: &Site, token: &str) -> Result<Timed<usize>, Fault> {
    let started = Instant::now();
    let path = WHAT.trim_start_matches("GET ");
    let request = site.client.get(format!("{}{path}", site.url)).bearer_auth(token);
    let response = request.send().await.map_err(|error| no_answer(site, WHAT, &error))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| no_answer(site, WHAT, &error))?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let total = body.get("totalResults").and_then(Value::as_u64).and_then(|total| usize::try_from(total).ok());
    match total.filter(|_| status == StatusCode::OK) {
        Some(value) => Ok(Timed { value, took: started.elapsed() }),
        None => Err(Fault::Answer { number: site.number, what: WHAT, seen: format!("{status}, and no list") }),
    }
}
