//! Pages: what a handler is given, and which forms it never sees.

use axum::Router;
use http::header::{RETRY_AFTER, SET_COOKIE};
use raft_store_core::{Freshness, StoreError};
use woad_identity::opaque::{OpaqueToken, TokenHash};
use woad_identity::session;

use super::{OwnFormCall, PageCall, PageFault, ParametersCall, PlainPages, error_page};
use crate::context::{Peer, RequestContext};
use crate::cookie;
use crate::error::{Refused, Shape};
use crate::route::{Requires, Route, Routes};
use crate::services::Services;
use crate::testing::{Answer, FORM, HOST_NAME, World, call, vo};

async fn show(services: Services, call: PageCall) -> String {
    let who = match call.session {
        Some(hash) => {
            let request = call.context.request();
            let live = services.store.view(&request, Freshness::Linearizable, |view| session::live(view, &vo(), &hash));
            live.await.unwrap().answer.map_or_else(|none| none.to_string(), |live| live.user().row.user_name.clone())
        }
        None => "nobody".to_owned(),
    };
    let parameter = |form: &crate::Form| form.get("x").unwrap_or_default().to_owned();
    format!("{who}|{}|{}|{}", call.path.join("/"), parameter(&call.query), parameter(&call.form))
}

async fn act(_: Services, OwnFormCall(call): OwnFormCall) -> String {
    format!("done {}", call.form.get("x").unwrap_or_default())
}

async fn every(_: Services, call: ParametersCall) -> String {
    let all: Vec<String> = call.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    all.join(";")
}

fn router(world: &World) -> Router {
    let routes = Routes::new(Shape::OAuth)
        .with(Route::get("/show/{name}", show))
        .with(Route::post("/show/{name}", show))
        .with(Route::post("/act", act))
        .with(Route::post("/every", every))
        .with(Route::get("/every", every));
    let requires: Vec<_> = routes.declared().map(|(_, _, requires)| requires).collect();
    assert_eq!(requires, [Requires::Page, Requires::Page, Requires::OwnForm, Requires::Page, Requires::Page]);
    world.router(routes)
}

fn cookie_of(name: &str, token: &OpaqueToken) -> String {
    format!("{name}={}", token.reveal())
}

#[tokio::test]
async fn a_page_knows_its_session_and_its_parameters() {
    let world = World::new();
    let (router, session) = (router(&world), world.session());
    let cookie = cookie_of("__Host-woad", &session);
    let get = async |cookie: &str| call(&router, "GET", "/show/a%20b?x=1", &[("cookie", cookie)], "").await.text;
    assert_eq!(get(&cookie).await, "anna|a b|1|");
    assert_eq!(get("other=1").await, "nobody|a b|1|");
    assert_eq!(get("__Host-woad=short").await, "nobody|a b|1|");
    assert_eq!(get(&format!("{cookie}; {cookie}")).await, "nobody|a b|1|", "one of two cookies was planted");
    let headers = [("cookie", cookie.as_str()), ("content-type", FORM), ("origin", "https://rp.example")];
    assert_eq!(call(&router, "POST", "/show/a", &headers, "x=2").await.text, "anna|a||2", "from anywhere");
    world.suspend();
    assert_ne!(get(&cookie).await, "anna|a b|1|");
}

/// AZ18.
#[tokio::test]
async fn only_a_form_that_this_browser_was_shown_acts() {
    let world = World::new();
    let (router, session) = (router(&world), world.session());
    let other = OpaqueToken::from_random(&[9; 32]);
    let mine = cookie_of("__Host-woad", &session);
    let before = cookie_of("__Host-woad-csrf", &other);
    let (proof, of_other) = (world.proof(&session.hash()), world.proof(&other.hash()));
    let post = async |headers: &[(&str, &str)], proof: &str| -> Answer {
        let all = [&[("content-type", FORM)], headers].concat();
        call(&router, "POST", "/act", &all, &format!("x=1&csrf={proof}")).await
    };
    let own = format!("https://{HOST_NAME}");
    for (headers, proof) in [
        (&[("cookie", mine.as_str())][..], &proof),
        (&[("cookie", mine.as_str()), ("origin", &own), ("sec-fetch-site", "same-origin")], &proof),
        (&[("cookie", mine.as_str()), ("origin", "null"), ("sec-fetch-site", "same-origin")], &proof),
        (&[("cookie", before.as_str())], &of_other),
    ] {
        let answer = post(headers, proof).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "done 1"), "{headers:?}");
    }
    let empty = String::new();
    let both = format!("{mine}; {before}");
    for (headers, proof) in [
        (&[("cookie", mine.as_str())][..], &empty),
        (&[("cookie", mine.as_str())], &of_other),
        (&[("cookie", before.as_str())], &proof),
        (&[("cookie", both.as_str())], &of_other),
        (&[], &proof),
        (&[("cookie", mine.as_str()), ("origin", "https://evil.example")], &proof),
        (&[("cookie", mine.as_str()), ("sec-fetch-site", "cross-site")], &proof),
        (&[("cookie", mine.as_str()), ("sec-fetch-site", "same-site")], &proof),
    ] {
        let answer = post(headers, proof).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert!(answer.text.starts_with("Error: forged. Reference: "), "{}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_form_gets_a_page() {
    let world = World::new();
    let router = router(&world);
    let huge = "x=".to_owned() + &"a".repeat(crate::limits::MAX_FORM_BYTES);
    for (headers, body, status) in [
        (&[("content-type", "application/json")][..], "{}", 415),
        (&[], "", 415),
        (&[("content-type", FORM)], huge.as_str(), 413),
        (&[("content-type", FORM)], "x=%zz", 400),
        (&[("content-type", FORM)], "x=1&x=2", 400),
        (&[("content-type", FORM), ("content-encoding", "gzip")], "x=1", 415),
    ] {
        let answer = call(&router, "POST", "/show/a", headers, body).await;
        assert_eq!(answer.status, status, "{headers:?}");
        assert!(answer.text.starts_with("Error: "), "{}", answer.text);
    }
    assert_eq!(call(&router, "GET", "/show/a?x=%zz", &[], "").await.status, 400);
    assert_eq!(call(&router, "GET", "/show/a%00", &[], "").await.status, 400);
}

#[tokio::test]
async fn an_endpoint_may_see_every_parameter_as_it_was_sent() {
    let world = World::new();
    let router = router(&world);
    let form = [("content-type", FORM)];
    let posted = call(&router, "POST", "/every?a=1&a=2", &form, "a=3&b=&c=%20").await;
    assert_eq!(posted.text, "a=1;a=2;a=3;b=;c= ");
    assert_eq!(call(&router, "GET", "/every?a=1&a=1", &[], "").await.text, "a=1;a=1");
    for (method, uri, body, status) in [
        ("GET", "/every?a=%zz", "", 400),
        ("POST", "/every", "a=%FF", 400),
        ("POST", "/every", &"a=1&".repeat(65), 400),
    ] {
        assert_eq!(call(&router, method, uri, &form, body).await.status, status, "{method} {uri}");
    }
    assert_eq!(call(&router, "POST", "/every", &[], "a=1").await.status, 415);
}

#[test]
fn error_pages_have_their_status_and_when_to_try_again() {
    let context = RequestContext::new(Peer::Unknown);
    let page = super::ErrorPage::new(PageFault::NotFound, &context, &http::HeaderMap::new(), None);
    let shown = error_page(&PlainPages, &page.clone().of_store(StoreError::Contended));
    assert_eq!((shown.status().as_u16(), shown.headers()[RETRY_AFTER].to_str().unwrap()), (503, "1"));
    let attempt = raft_store_core::AttemptId([0; 16]);
    assert_eq!(page.clone().of_store(StoreError::Unknown { attempt }).fault, PageFault::Unknown);
    assert_eq!(error_page(&PlainPages, &page.with_retry_after(9)).headers()[RETRY_AFTER], "9");
    for (fault, status) in [
        (PageFault::UnknownClient, 400),
        (PageFault::RedirectUri, 400),
        (PageFault::Stale, 400),
        (PageFault::Forged, 403),
        (PageFault::LinkGone, 410),
        (PageFault::Throttled, 429),
        (PageFault::Refused(Refused::BodyTooLarge), 413),
        (PageFault::Refused(Refused::Misdirected), 421),
    ] {
        assert_eq!(fault.status().as_u16(), status, "{fault:?}");
    }
}

#[test]
fn names_of_faults_are_distinct_or_meant_to_be_one() {
    let all = [
        PageFault::UnknownClient,
        PageFault::RedirectUri,
        PageFault::BadRequest,
        PageFault::Stale,
        PageFault::Forged,
        PageFault::LinkGone,
        PageFault::Forbidden,
        PageFault::NotFound,
        PageFault::Throttled,
        PageFault::Unavailable,
        PageFault::Unknown,
        PageFault::Refused(Refused::Broken),
        PageFault::Refused(Refused::Misdirected),
        PageFault::Refused(Refused::Method),
    ];
    let mut names: Vec<_> = all.iter().map(|fault| fault.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len());
    assert_eq!(PageFault::Refused(Refused::NotFound).name(), PageFault::NotFound.name());
}

#[test]
fn a_set_cookie_fits_a_token() {
    let token = OpaqueToken::from_random(&[1; 32]);
    let set = cookie::SESSION.set(token.reveal(), None).unwrap();
    let mut headers = http::HeaderMap::new();
    headers.insert(SET_COOKIE, set.clone());
    let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
    headers.insert(http::header::COOKIE, pair.parse().unwrap());
    assert_eq!(cookie::SESSION.of(&headers).and_then(TokenHash::of_presented), Some(token.hash()));
}
