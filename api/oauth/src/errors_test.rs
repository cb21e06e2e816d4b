//! Bad input, and the answer it gets.

use axum::body::Body;
use http::Request;

use crate::testing::{FORM, HOST_NAME, World, basic, secret};

/// Statuses and `error` of token requests as `reader`.
#[tokio::test]
async fn token_requests_are_refused_with_their_code() {
    let world = World::new();
    let long_scope = format!("grant_type=client_credentials&scope={}", "a".repeat(3000));
    let many_scopes = format!("grant_type=client_credentials&scope={}", "a+".repeat(10_000));
    let large = format!("grant_type=client_credentials&x={}", "a".repeat(70_000));
    let grant = "grant_type=client_credentials";
    let table = [
        (String::new(), 400, "invalid_request"),
        ("grant_type=".to_owned(), 400, "invalid_request"),
        ("grant_type=password".to_owned(), 400, "unsupported_grant_type"),
        ("grant_type=authorization_code".to_owned(), 400, "invalid_request"),
        ("grant_type=authorization_code&code=x".to_owned(), 400, "invalid_grant"),
        ("grant_type=refresh_token".to_owned(), 400, "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x".to_owned(), 400, "invalid_grant"),
        (format!("{grant}&{grant}"), 400, "invalid_request"),
        (format!("{grant}&scope=openid&scope=openid"), 400, "invalid_request"),
        (format!("{grant}&aud=a&aud=b"), 400, "invalid_request"),
        (format!("{grant}&scope=email"), 400, "invalid_scope"),
        (format!("{grant}&scope=storage.read:/"), 400, "invalid_scope"),
        (format!("{grant}&scope=storage.read:/database"), 400, "invalid_scope"),
        (format!("{grant}&scope=storage.read:/data/../x"), 400, "invalid_scope"),
        (format!("{grant}&scope=storage.read:/data/%252e%252e/x"), 400, "invalid_scope"),
        (format!("{grant}&scope=storage.read:data"), 400, "invalid_scope"),
        (format!("{grant}&scope=a%22b"), 400, "invalid_scope"),
        (format!("{grant}&scope=a%5Cb"), 400, "invalid_scope"),
        (format!("{grant}&scope=a%09b"), 400, "invalid_request"),
        (format!("{grant}&scope=a%00"), 400, "invalid_request"),
        (format!("{grant}&scope=%FF"), 400, "invalid_request"),
        (format!("{grant}&scope=%zz"), 400, "invalid_request"),
        (long_scope, 400, "invalid_scope"),
        (many_scopes, 400, "invalid_scope"),
        (large, 413, "invalid_request"),
        (format!("{grant}&expires_in=0"), 400, "invalid_request"),
        (format!("{grant}&expires_in=-1"), 400, "invalid_request"),
        (format!("{grant}&expires_in=abc"), 400, "invalid_request"),
        (format!("{grant}&resource=https%3A%2F%2Fa%23f"), 400, "invalid_target"),
        (format!("{grant}&resource=https%3A%2F%2Fa%3Fq"), 400, "invalid_target"),
        (format!("{grant}&resource=nonsense"), 400, "invalid_target"),
        (format!("{grant}&client_id=watcher"), 401, "invalid_client"),
        (format!("{grant}&client_secret=x"), 400, "invalid_request"),
        (format!("{grant}&client_assertion=x"), 400, "invalid_request"),
    ];
    for (form, status, error) in table {
        let answer = world.form("/token", "reader", &form).await;
        let shown: String = form.chars().take(80).collect();
        assert_eq!(answer.error(), (status, error.to_owned()), "{shown}: {}", answer.text);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let idle = world.form("/token", "idle", grant).await;
    assert_eq!(idle.error(), (400, "unauthorized_client".to_owned()));
    assert_eq!(idle.json()["error_description"], "Unauthorized grant type: client_credentials");
    let scope = world.form("/token", "reader", &format!("{grant}&scope=email")).await;
    assert_eq!(scope.json()["error_description"], "Scope 'email' not allowed for client 'reader'");
}

#[tokio::test]
async fn clients_that_prove_nothing_are_refused_alike() {
    let world = World::new();
    let right = secret("reader");
    let basics = [
        basic("reader", "wrong"),
        basic("nobody", "wrong"),
        basic("reader", ""),
        basic("reader", &right[..right.len() - 1]),
        basic("reader", &format!("{right}x")),
        basic("reader", &"x".repeat(2000)),
        basic("Reader", &right),
        basic("a b", "c"),
    ];
    for path in ["/token", "/introspect", "/revoke"] {
        for authorization in &basics {
            let headers = [("authorization", authorization.as_str()), ("content-type", FORM)];
            let answer = world.call("POST", path, &headers, "grant_type=client_credentials&token=x").await;
            assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{path} {}", answer.text);
            assert_eq!(answer.json()["error_description"], "Bad client credentials");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Basic "));
        }
        for authorization in ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Basic /zpi", "Bearer x", "Digest x"] {
            let headers = [("authorization", authorization), ("content-type", FORM)];
            let answer = world.call("POST", path, &headers, "grant_type=client_credentials&token=x").await;
            assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{path} {authorization}");
            assert!(answer.headers.contains_key("www-authenticate"));
        }
        let nobody = world
            .call("POST", path, &[("content-type", FORM)], "grant_type=client_credentials&token=x&client_id=reader")
            .await;
        assert_eq!(nobody.error(), (401, "invalid_client".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn wrong_methods_name_the_right_one() {
    let world = World::new();
    for (path, allowed) in [("/token", "POST"), ("/introspect", "POST"), ("/revoke", "POST"), ("/jwk", "GET")] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"] {
            if method == allowed {
                continue;
            }
            let answer = world.call(method, path, &[("content-type", FORM)], "").await;
            assert_eq!(answer.status, 405, "{method} {path}");
            let allow = answer.headers["allow"].to_str().unwrap();
            assert!(allow.contains(allowed) && !allow.contains("PROPFIND"), "{method} {path}: {allow}");
        }
        let override_ = [("x-http-method-override", allowed), ("content-type", FORM)];
        assert_eq!(world.call("DELETE", path, &override_, "").await.status, 405);
    }
}

#[tokio::test]
async fn wrong_media_types_are_refused() {
    let world = World::new();
    let authorization = basic("reader", &secret("reader"));
    for (path, status) in [("/token", 400), ("/introspect", 415), ("/revoke", 415)] {
        for media in ["application/json", "text/plain", "multipart/form-data", &format!("{FORM}; charset=utf-16")] {
            let headers = [("authorization", &*authorization), ("content-type", media)];
            let answer = world.call("POST", path, &headers, "grant_type=client_credentials&token=x").await;
            assert_eq!(answer.error(), (status, "invalid_request".to_owned()), "{path} {media}");
        }
        let none = world.call("POST", path, &[("authorization", &*authorization)], "token=x").await;
        assert_eq!(none.status.as_u16(), status);
        let headers = [("authorization", &*authorization), ("content-type", FORM), ("content-encoding", "gzip")];
        assert_eq!(world.call("POST", path, &headers, "x").await.status, 415);
    }
}

#[tokio::test]
async fn parameters_in_the_query_are_refused() {
    let world = World::new();
    let authorization = basic("watcher", &secret("watcher"));
    let headers = [("authorization", &*authorization), ("content-type", FORM)];
    for path in ["/introspect?token=x", "/revoke?token=x", "/token?client_secret=x", "/token?scope=openid"] {
        let answer = world.call("POST", path, &headers, "grant_type=client_credentials&token=x").await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{path}");
    }
    for path in ["/introspect", "/revoke"] {
        let answer = world.call("POST", path, &headers, "token_type_hint=access_token").await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn hosts_that_are_not_ours_are_misdirected() {
    let world = World::new();
    for host in ["evil.example", "iam.example.org.evil.example", "iam.example.org:8443", "127.0.0.1"] {
        for path in ["/jwk", "/.well-known/openid-configuration"] {
            let headers = [("host", host), ("x-forwarded-host", HOST_NAME), ("forwarded", "host=iam.example.org")];
            assert_eq!(world.call("GET", path, &headers, "").await.status, 421, "{host}");
        }
    }
    let forwarded = [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")];
    let answer = world.call("GET", "/.well-known/openid-configuration", &forwarded, "").await;
    assert_eq!(answer.json()["issuer"], format!("https://{HOST_NAME}/"));
    let none = Request::builder().uri("/jwk").body(Body::empty()).unwrap();
    assert_eq!(world.send(none).await.status, 400);
}

#[tokio::test]
async fn unknown_and_ambiguous_paths_lead_nowhere() {
    let world = World::new();
    for path in ["/", "/nothing", "/token/", "/TOKEN", "/jwk/x", "/.well-known/webfinger", "/%6Awk"] {
        let answer = world.get(path).await;
        assert_eq!(answer.error(), (404, "not_found".to_owned()), "{path}");
    }
    for path in ["//jwk", "/./jwk", "/x/../jwk", "/%2e/jwk", "/%2fjwk", "/jwk;a=b", "/jwk%00"] {
        assert_eq!(world.get(path).await.status, 400, "{path}");
    }
    let long = format!("/{}", "a".repeat(9000));
    assert_eq!(world.get(&long).await.status, 414);
    let cookie = "c".repeat(17_000);
    assert_eq!(world.call("GET", "/jwk", &[("cookie", &cookie)], "").await.status, 431);
}

#[tokio::test]
async fn every_answer_is_protected_and_named() {
    let world = World::new();
    for path in ["/jwk", "/nothing", "/token", "//"] {
        let headers = world.get(path).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert!(headers.contains_key("strict-transport-security"));
        assert!(headers.contains_key("x-request-id"));
    }
}

#[tokio::test]
async fn scripts_of_any_origin_may_ask_without_credentials_of_the_browser() {
    let world = World::new();
    for path in ["/token", "/introspect", "/revoke", "/jwk", "/.well-known/openid-configuration"] {
        let asked = [("origin", "https://a.example"), ("access-control-request-method", "POST")];
        let preflight = world.call("OPTIONS", path, &asked, "").await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.headers["access-control-allow-origin"], "*");
        assert!(!preflight.headers.contains_key("access-control-allow-credentials"));
        let methods = preflight.headers["access-control-allow-methods"].to_str().unwrap();
        assert!(methods.contains("POST") && methods.contains("GET"));
    }
    assert_eq!(world.get("/jwk").await.headers["access-control-allow-origin"], "*");
    assert_eq!(world.call("OPTIONS", "/nothing", &[], "").await.status, 404);
}

#[tokio::test]
async fn no_error_repeats_a_secret_or_token() {
    let world = World::new();
    let secret = "s3cr3t-that-is-only-ours";
    let headers = [("authorization", &*basic("reader", secret)), ("content-type", FORM)];
    for (path, form) in [
        ("/token", format!("grant_type={secret}")),
        ("/token", format!("grant_type=client_credentials&client_secret={secret}")),
        ("/token", format!("grant_type=client_credentials&expires_in={secret}")),
        ("/introspect", format!("token={secret}")),
        ("/revoke", format!("token={secret}")),
    ] {
        let answer = world.call("POST", path, &headers, &form).await;
        assert!(answer.status.is_client_error() && !answer.text.contains(secret), "{}", answer.text);
    }
}
