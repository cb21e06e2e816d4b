//! A template as an answer.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::csp;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// Pages use none of what a browser could lend them.
const NO_PERMISSIONS: &str = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
    midi=(), payment=(), usb=()";

/// A page whose forms lead to us alone.
pub(crate) fn show(status: StatusCode, template: &impl Template) -> Response {
    with_policy(status, template, &csp::own())
}

/// A page whose form may end at `target`.
pub(crate) fn show_leading_to(status: StatusCode, template: &impl Template, target: Option<&str>) -> Response {
    with_policy(status, template, &csp::leading_to(target))
}

fn with_policy(status: StatusCode, template: &impl Template, policy: &str) -> Response {
    let mut response = match template.render() {
        Ok(html) => (status, html).into_response(),
        Err(error) => {
            tracing::error!(%error, "page not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // A policy that is no header would be a fault of `csp`: then nothing at all is allowed.
    let policy = HeaderValue::from_str(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(NO_PERMISSIONS));
    response
}

/// 303: whatever was posted, the browser asks for the next page without it (RFC 9700 §4.12).
pub(crate) fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(error) => {
            tracing::error!(%error, "location is no header");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Says when it is worth trying again, in whole seconds.
pub(crate) fn retry_after(response: &mut Response, after: Duration) {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}
