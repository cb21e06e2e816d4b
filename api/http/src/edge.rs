//! What happens to every request before and after its handler: limits, a name, headers, a log line, metrics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use futures::FutureExt;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use hyper::body::Body as _;
use tracing::Instrument;

use crate::answers::Answers;
use crate::context::{Behind, Peer, RequestContext};
use crate::error::{Refused, Shape};
use crate::leftover::Leftover;
use crate::limits::{MAX_HEADER_BYTES, MAX_HEADERS, MAX_URI_BYTES};
use crate::load::{Admitted, Load};
use crate::metrics::Metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Headers that mean nothing when there are two of them.
const SINGLE: [HeaderName; 4] = [AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, http::header::HOST];
/// Query parameters that would leave a secret in somebody's log (RFC 6750 §2.3, RFC 9700 §4.3.2).
const NOT_IN_QUERY: [&str; 7] =
    ["access_token", "token", "refresh_token", "client_secret", "client_assertion", "password", "code_verifier"];

/// Wraps routers: everything passes the edge, and what no handler sees is refused as `answers` says.
pub fn wrap(router: Router, answers: impl Into<Answers>, metrics: Metrics) -> Router {
    let answers: Arc<Answers> = Arc::new(answers.into());
    let unknown = Arc::clone(&answers);
    router
        .fallback(move |request: Request| async move {
            let context = request.extensions().get::<RequestContext>().cloned();
            let context = context.unwrap_or_else(|| RequestContext::new(Peer::Unknown));
            unknown.refuse(Refused::NotFound, request.uri().path(), &context, request.headers())
        })
        .layer(from_fn(move |request: Request, next: Next| edge(Arc::clone(&answers), metrics.clone(), request, next)))
}

async fn edge(answers: Arc<Answers>, metrics: Metrics, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let peer = request.extensions().get::<Peer>().copied().unwrap_or(Peer::Unknown);
    let mut context = RequestContext::new(peer);
    context.behind = request.extensions_mut().remove::<Behind>().map(|Behind(client)| client);
    let span = tracing::info_span!("request", id = %context.id);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let shape = answers.shape(request.uri().path());
    let admitted = admit(&mut request);
    let checked = admitted.and_then(|admitted| check(request.uri(), request.headers(), shape).map(|()| admitted));
    let mut response = match checked {
        Err(refused) => answers.refuse(refused, request.uri().path(), &context, request.headers()),
        Ok(admitted) => {
            request.extensions_mut().insert(context.clone());
            let (request, leftover) = Leftover::watch(request);
            // Handlers leave nothing half-done behind: what they share is the store, which takes whole transactions.
            let answered = AssertUnwindSafe(next.run(request).instrument(span.clone())).catch_unwind();
            let response = answered.await.unwrap_or_else(|_| Refused::Broken.respond(shape));
            if let Some(leftover) = leftover {
                leftover.discard(response.status());
            }
            match admitted {
                Some(admitted) => counted(response, admitted),
                None => response,
            }
        }
    };
    context.presented.ended(response.status());
    protect(response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let took = start.elapsed();
    metrics.answered(route, &method, response.status(), took);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let ip = context.client().map(tracing::field::display);
    span.in_scope(|| {
        tracing::info!(
            target: "woad::access",
            request_id = %context.id,
            route,
            method = %method,
            status = response.status().as_u16(),
            micros,
            peer = ip,
        );
    });
    response
}

/// Counts a request as under way, at listeners that keep a count.
fn admit(request: &mut Request) -> Result<Option<Arc<Admitted>>, Refused> {
    let Some(load) = request.extensions_mut().remove::<Arc<Load>>() else { return Ok(None) };
    let admitted = load.admit().map_err(|_| Refused::Busy)?;
    request.extensions_mut().insert(Arc::clone(&admitted));
    Ok(Some(admitted))
}

/// Counts the answer's bytes too, until the last of them was taken.
fn counted(mut response: Response, admitted: Arc<Admitted>) -> Response {
    let bytes = response.body().size_hint().lower();
    admitted.hold(usize::try_from(bytes).unwrap_or(usize::MAX));
    response.extensions_mut().insert(admitted);
    response
}

/// What no endpoint takes.
fn check(uri: &Uri, headers: &HeaderMap, shape: Shape) -> Result<(), Refused> {
    let path = uri.path();
    let query = uri.query().unwrap_or_default();
    if path.len() + query.len() > MAX_URI_BYTES {
        return Err(Refused::UriTooLong);
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Refused::HeadersTooLarge);
    }
    let repeated = |name: &HeaderName| headers.get_all(name).iter().nth(1).is_some();
    let framed_twice = headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING);
    if framed_twice || SINGLE.iter().any(repeated) {
        return Err(Refused::ConflictingHeaders);
    }
    if !canonical(path, shape) {
        return Err(Refused::Path);
    }
    let name_of = |pair: &str| pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
    if query.split('&').any(|pair| NOT_IN_QUERY.contains(&name_of(pair).as_str())) {
        return Err(Refused::Query);
    }
    Ok(())
}

/// Whether a path can be read in one way only. Routes match the path as sent and decode parameters after that, so an
/// encoded delimiter could only mislead a proxy before us: the administration API, which has none, lets it stand in
/// a client's id.
fn canonical(path: &str, shape: Shape) -> bool {
    const ENCODED: [&str; 5] = ["%00", "%2f", "%5c", "%2e", "%25"];
    let lower = path.to_ascii_lowercase();
    let encoded = if shape == Shape::Problem { ENCODED.get(..1) } else { Some(ENCODED.as_slice()) };
    path.starts_with('/')
        && !lower.contains("//")
        && !lower.contains([';', '\\'])
        && !encoded.unwrap_or_default().iter().any(|bad| lower.contains(bad))
        && lower.split('/').all(|segment| segment != "." && segment != "..")
}

/// Headers that every answer carries. Nothing is cached unless its handler says so.
fn protect(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checked(uri: &str, headers: &[(&'static str, &str)]) -> Result<(), Refused> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        check(&uri.parse().unwrap(), &map, Shape::OAuth)
    }

    #[test]
    fn ordinary_requests_pass() {
        for uri in ["/", "/token", "/.well-known/openid-configuration", "/v1/realms/a/clients/b%20c?count=3"] {
            assert_eq!(checked(uri, &[("host", "a"), ("authorization", "Basic x")]), Ok(()), "{uri}");
        }
    }

    #[test]
    fn paths_that_can_be_read_in_two_ways_are_refused() {
        let table = [
            "//token",
            "/./token",
            "/a/../token",
            "/a//token",
            "/a%2ftoken",
            "/a%2Ftoken",
            "/%2e%2e/token",
            "/a%5ctoken",
            "/token;a=b",
            "/token%00",
            "/token%252f",
        ];
        for path in table {
            assert_eq!(checked(path, &[]), Err(Refused::Path), "{path}");
        }
    }

    /// OP10.
    #[tokio::test]
    async fn a_panic_ends_its_own_request_alone_and_is_counted() {
        async fn broken() -> &'static str {
            panic!("a secret")
        }
        let registry = prometheus::Registry::new();
        let router = Router::new()
            .route("/broken", axum::routing::get(broken))
            .route("/good", axum::routing::get(|| async { "good" }));
        let router = wrap(router, Shape::OAuth, Metrics::register(&registry).unwrap());
        let ask = async |path: &str| {
            let request = Request::builder().uri(path).body(axum::body::Body::empty()).unwrap();
            let response = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
            let status = response.status().as_u16();
            let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
            (status, String::from_utf8(body.to_vec()).unwrap())
        };
        let (status, body) = ask("/broken").await;
        assert_eq!(status, 500);
        assert!(body.contains("server_error") && !body.contains("secret"), "{body}");
        assert_eq!(ask("/good").await, (200, "good".to_owned()));
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        assert!(text.contains(r#"{code="500",method="GET",route="/broken"} 1"#), "{text}");
    }

    #[test]
    fn limits_hold() {
        let long = format!("/{}", "a".repeat(MAX_URI_BYTES));
        assert_eq!(checked(&long, &[]), Err(Refused::UriTooLong));
        let long = format!("/a?{}", "a".repeat(MAX_URI_BYTES));
        assert_eq!(checked(&long, &[]), Err(Refused::UriTooLong));
        assert_eq!(checked("/", &[("cookie", &"c".repeat(MAX_HEADER_BYTES))]), Err(Refused::HeadersTooLarge));
        let many = vec![("cookie", "a=b"); MAX_HEADERS + 1];
        assert_eq!(checked("/", &many), Err(Refused::HeadersTooLarge));
        for twice in ["authorization", "content-type", "content-length", "host"] {
            assert_eq!(checked("/", &[(twice, "1"), (twice, "1")]), Err(Refused::ConflictingHeaders), "{twice}");
        }
        let framed = [("content-length", "1"), ("transfer-encoding", "chunked")];
        assert_eq!(checked("/", &framed), Err(Refused::ConflictingHeaders));
    }

    proptest! {
        /// OP06: what passes has one reading: no step, no empty segment, no parameter, and none of these encoded.
        #[test]
        fn a_path_that_passes_is_read_by_everyone_alike(path in "/([a./;\\\\%]|%2[eEfF5]|%5[cC]|%00|%61){0,12}") {
            if canonical(&path, Shape::OAuth) {
                let decoded = crate::form::decode(path.as_bytes());
                let read = decoded.map_or(path.clone(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
                prop_assert!(!read.contains("//") && !read.contains([';', '\\', '\0']), "{}", read);
                prop_assert!(read.split('/').all(|segment| segment != "." && segment != ".."), "{}", read);
                prop_assert_eq!(read.matches('/').count(), path.matches('/').count());
            }
        }
    }

    #[test]
    fn secrets_in_the_query_are_refused() {
        for query in ["access_token=x", "a=b&token=x", "Client_Secret=x", "password"] {
            assert_eq!(checked(&format!("/jwk?{query}"), &[]), Err(Refused::Query), "{query}");
        }
        assert_eq!(checked("/jwk?tokens=x&a=token", &[]), Ok(()));
    }
}
