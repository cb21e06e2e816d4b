//! Tokens at an endpoint that takes them, and at one of SCIM.

use axum::Router;
use http::header::WWW_AUTHENTICATE;
use raft_store_core::Stored;
use woad_identity::realm::RealmNotBefore;
use woad_identity::{Actor, client};

use super::{BearerCall, BearerError, ScimCall};
use crate::error::Shape;
use crate::route::{Requires, Route, Routes};
use crate::services::Services;
use crate::testing::{ANNA, Answer, FORM, World, call, vo};

async fn who(_: Services, call: BearerCall) -> String {
    let user = call.bearer.user.as_ref().map(|Stored { key, .. }| key.1.to_string());
    format!("{} {} {}", call.bearer.token.client, user.unwrap_or_default(), call.form.get("x").unwrap_or_default())
}

async fn scim(_: Services, ScimCall(mut call): ScimCall) -> Result<String, axum::response::Response> {
    call.require("scim:read").map_err(|error| error.respond(Shape::Scim))?;
    let body = call.incoming.bytes(crate::media::Media::Scim, 1024).await;
    Ok(String::from_utf8(body.map_err(|error| error.respond(Shape::Scim))?.to_vec()).unwrap())
}

async fn person(_: Services, call: BearerCall) -> Result<String, axum::response::Response> {
    let person = call.bearer.person().map_err(|error: BearerError| error.respond(Shape::OAuth))?;
    Ok(person.row.user_name.clone())
}

fn router(world: &World) -> Router {
    let routes = Routes::new(Shape::OAuth)
        .with(Route::get("/who", who))
        .with(Route::post("/who", who))
        .with(Route::put("/scim", scim))
        .with(Route::get("/person", person));
    assert!(routes.declared().all(|(_, _, requires)| requires == Requires::AccessToken));
    world.router(routes)
}

fn challenge(answer: &Answer) -> &str {
    answer.headers.get(WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
}

async fn with(router: &Router, path: &str, token: &str) -> Answer {
    call(router, "GET", path, &[("authorization", &format!("Bearer {token}"))], "").await
}

/// IR08 and §4.4: where the token may be.
#[tokio::test]
async fn a_token_is_taken_from_header_or_form_and_from_nowhere_else() {
    let world = World::new();
    let router = router(&world);
    let token = world.token(None, "storage.read:/", &[]);
    let bearer = format!("Bearer {token}");
    let answer = with(&router, "/who", &token).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "robot  "));
    let lower = call(&router, "GET", "/who", &[("authorization", &format!("bearer {token}"))], "").await;
    assert_eq!(lower.status, 200);
    let form = format!("access_token={token}&x=1");
    let answer = call(&router, "POST", "/who", &[("content-type", FORM)], &form).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "robot  1"));

    let both = [("content-type", FORM), ("authorization", bearer.as_str())];
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    let json = [("content-type", "application/json")];
    let query = format!("/who?access_token={token}");
    for (method, uri, headers, body, status, error) in [
        ("GET", "/who", &[][..], "", 401, ""),
        ("GET", "/who", &[("authorization", "Basic YTpi")], "", 401, ""),
        ("GET", query.as_str(), &[], "", 400, ""),
        ("POST", "/who", &both, form.as_str(), 400, "invalid_request"),
        ("GET", "/who", &twice, "", 400, ""),
        ("POST", "/who", &json, "{}", 401, ""),
        ("GET", "/who", &[("authorization", "Bearer")], "", 400, "invalid_request"),
        ("GET", "/who", &[("authorization", "Bearer a b")], "", 400, "invalid_request"),
        ("GET", "/who", &[("authorization", "Bearer abc")], "", 401, "invalid_token"),
    ] {
        let answer = call(&router, method, uri, headers, body).await;
        assert_eq!(answer.status, status, "{method} {uri} {headers:?}: {}", answer.text);
        assert!(!answer.text.contains(&token), "a token is never repeated");
        if status == 401 && error.is_empty() {
            assert_eq!(challenge(&answer), "Bearer realm=\"woad\"", "nothing presented, nothing explained");
        } else {
            assert!(challenge(&answer).contains(error), "{}", challenge(&answer));
        }
    }
}

#[tokio::test]
async fn a_token_that_does_not_count_any_more_opens_nothing() {
    let world = World::new();
    let router = router(&world);
    let of_anna = world.token(Some(ANNA), "openid", &[]);
    let of_robot = world.token(None, "storage.read:/", &[]);
    let answer = with(&router, "/who", &of_anna).await;
    assert_eq!((answer.status, answer.text), (200, format!("robot {ANNA} ")));
    assert_eq!(with(&router, "/person", &of_anna).await.text, "anna");
    let answer = with(&router, "/person", &of_robot).await;
    assert_eq!(answer.status, 403);
    assert!(challenge(&answer).contains("insufficient_scope"));

    world.suspend();
    let answer = with(&router, "/who", &of_anna).await;
    assert_eq!(answer.status, 401);
    assert!(challenge(&answer).contains("error=\"invalid_token\""));
    assert_eq!(with(&router, "/who", &of_robot).await.status, 200);

    let robot = woad_identity::ClientId::parse("robot").unwrap();
    world.decided(|tx| client::set_active(tx, &vo(), &robot, false, &Actor::system()));
    assert_eq!(with(&router, "/who", &of_robot).await.status, 401);
    world.decided(|tx| client::set_active(tx, &vo(), &robot, true, &Actor::system()));
    let fresh = world.token(None, "storage.read:/", &[]);
    assert_eq!(with(&router, "/who", &fresh).await.status, 200);
    world.commit(|tx| tx.touch::<RealmNotBefore>(&vo()));
    assert_eq!(with(&router, "/who", &fresh).await.status, 401);
}

#[tokio::test]
async fn a_token_for_others_opens_nothing_here() {
    let world = World::new();
    let router = router(&world);
    for (audience, status) in [
        (&[][..], 200),
        (&["https://iam.example.org/"], 200),
        (&["https://wlcg.cern.ch/jwt/v1/any"], 200),
        (&["https://se.example.org", "https://iam.example.org/"], 200),
        (&["https://se.example.org"], 401),
        (&["https://iam.example.org"], 401),
        (&["robot"], 401),
    ] {
        let token = world.token(None, "storage.read:/", audience);
        assert_eq!(with(&router, "/who", &token).await.status, status, "{audience:?}");
    }
}

#[tokio::test]
async fn scim_gets_its_own_errors_and_its_body() {
    let world = World::new();
    let router = router(&world);
    let scim = [("content-type", "application/scim+json")];
    let none = call(&router, "PUT", "/scim", &scim, "{}").await;
    assert_eq!((none.status, challenge(&none)), (401, "Bearer realm=\"woad\""));
    assert!(none.text.contains("urn:ietf:params:scim:api:messages:2.0:Error") && none.text.contains("\"401\""));
    let poor = format!("Bearer {}", world.token(None, "storage.read:/", &[]));
    let refused = call(&router, "PUT", "/scim", &[scim[0], ("authorization", &poor)], "{}").await;
    assert_eq!(refused.status, 403);
    assert!(challenge(&refused).contains("error=\"insufficient_scope\""), "{}", challenge(&refused));
    assert!(challenge(&refused).contains("scope=\"scim:read\""));
    let rich = format!("Bearer {}", world.token(None, "scim:read", &[]));
    let done = call(&router, "PUT", "/scim", &[scim[0], ("authorization", &rich)], "{\"a\":1}").await;
    assert_eq!((done.status, done.text.as_str()), (200, "{\"a\":1}"));
    let form = format!("access_token={}", world.token(None, "scim:read", &[]));
    let in_body = call(&router, "PUT", "/scim", &[("content-type", FORM)], &form).await;
    assert_eq!(in_body.status, 401, "only in the header");
}

#[tokio::test]
async fn a_host_of_no_realm_is_misdirected_in_the_shape() {
    let world = World::new();
    let router = router(&world);
    let request = http::Request::put("/scim").header("host", "evil.example").body(axum::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    assert_eq!(response.status(), 421);
    assert_eq!(response.headers()["content-type"], "application/scim+json");
}
