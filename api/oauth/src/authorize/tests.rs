//! `/authorize` on the wire.

use http::header::{CONTENT_TYPE, COOKIE};
use url::form_urlencoded::Serializer;
use woad_identity::consent::Remember;

use crate::people_testing::{APP, WEB, WEB_SCOPES};
use crate::testing::{FORM, World};

/// `WEB` with this redirect URI, decoded.
fn to(redirect_uri: &str) -> String {
    let all = [("response_type", "code"), ("client_id", "web"), ("redirect_uri", redirect_uri), ("scope", "openid")];
    Serializer::new(String::new()).extend_pairs(all).finish()
}

/// Section 4.2, AZ01 to AZ03: 400, a page, and nowhere to go.
#[tokio::test]
async fn nobody_is_sent_anywhere_but_where_the_client_registered() {
    let world = World::with_people();
    let cookie = world.sign_in();
    assert!(world.authorize(&to("https://rp.example/cb"), Some(&cookie)).await.location().starts_with("/consent?"));
    let long = format!("https://rp.example/{}", "c".repeat(4096));
    for uri in [
        "https://rp.example/cb/",
        "https://rp.example/cb?x=1",
        "https://rp.example/cb#f",
        "https://rp.example/cb#",
        "https://rp.example/cb?",
        "https://rp.example/CB",
        "https://rp.example/cb/../cb",
        "https://rp.example/cb%2f..",
        "https://rp.example/./cb",
        "https://rp.example:443/cb",
        "http://rp.example/cb",
        "HTTPS://RP.EXAMPLE/cb",
        "https://rp.example.evil.tld/cb",
        "https://rp.example@evil.tld/cb",
        "https://user:pass@rp.example/cb",
        "https://evil.tld#@rp.example/cb",
        "https://evil.tld\\@rp.example/cb",
        "https:/rp.example/cb",
        "https:rp.example/cb",
        "//rp.example/cb",
        "/cb",
        "https://rp.example%00.evil",
        "https://rp.example/cb\0",
        "https://rp%2eexample/cb",
        "https://rpaexample/cb",
        "https://rp.example./cb",
        "https://\u{ff52}\u{ff50}.example/cb",
        "https://rp\u{3002}example/cb",
        "https://\u{433}\u{440}.example/cb",
        "https://xn--rp-.example/cb",
        "https://rp.example/\u{202e}cb",
        "https://rp.\u{200d}example/cb",
        "https://rp.example/c\tb",
        "https://rp.example/cb\r\nX: y",
        " https://rp.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "intent:x",
        "blob:https://rp.example/x",
        "com.example.app:/cb",
        "https://[fe80::1%25eth0]/cb",
        "https://[::1]:443@evil",
        "",
        long.as_str(),
    ] {
        let answer = world.authorize(&to(uri), Some(&cookie)).await;
        assert_eq!(answer.status, 400, "{uri:?}");
        assert!(!answer.headers.contains_key("location"), "{uri:?}");
        assert!(!answer.text.contains("evil"), "nothing is repeated: {uri:?}");
    }
    let twice = format!("{}&redirect_uri=https://rp.example/cb", to("https://rp.example/cb"));
    assert_eq!(world.authorize(&twice, Some(&cookie)).await.status, 400);
}

#[tokio::test]
async fn a_loopback_client_chooses_its_port_and_nothing_else() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let native =
        |uri: &str| APP.replace("client_id=app", "client_id=native").replace("https%3A%2F%2Fapp.example%2Fcb", uri);
    for uri in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"] {
        assert!(world.authorize(&native(uri), Some(&cookie)).await.location().starts_with("/consent?"), "{uri}");
    }
    for uri in [
        "http://localhost/cb",
        "http://127.1/cb",
        "http://0x7f000001/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://127.0.0.1:80/cb2",
        "https://127.0.0.1/cb",
    ] {
        let answer = world.authorize(&native(uri), Some(&cookie)).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("location")), (400, None), "{uri}");
    }
}

/// Section 4.3 and AZ02: without a client there is nobody to tell.
#[tokio::test]
async fn without_a_client_there_is_a_page() {
    let world = World::with_people();
    for query in [
        "",
        "response_type=code",
        "client_id=nobody",
        "client_id=web&client_id=web",
        "client_id=%00",
        "client_id=%FF",
        "client_id=%zz",
        "continue=nonsense",
        "continue=",
    ] {
        let answer = world.authorize(query, None).await;
        assert_eq!((answer.status.as_u16(), answer.headers.get("location")), (400, None), "{query}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    }
    assert_eq!(world.authorize(&format!("{WEB}&x={}", "x".repeat(9_000)), None).await.status, 414);
}

/// AZ09, AZ10, AZ12, AZ26.
#[tokio::test]
async fn faults_are_told_to_the_client_with_state_and_issuer() {
    let world = World::with_people();
    let state = "%00%22%27%3E%3Cscript%3E%20%2B%26%3D%25%0D%0Ax";
    let query = WEB.replace("state=s1", &format!("state={state}")).replace("scope=openid", "scope=nonsense");
    let unknown = world.authorize(&format!("{query}&unknown=%3Cb%3E"), None).await;
    assert!(unknown.location().starts_with("https://rp.example/cb?error=invalid_scope&"), "{}", unknown.location());
    assert!(unknown.location().ends_with(&format!("&state={state}&iss=https%3A%2F%2Fiam.example.org%2F")));
    let silent = world.authorize(&format!("{WEB}&prompt=none"), None).await;
    assert!(silent.location().starts_with("https://rp.example/cb?error=login_required&"), "{}", silent.location());
    let repeated = world.authorize(&format!("{WEB}&scope=openid"), None).await;
    assert_eq!(repeated.parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(repeated.parameter("state").as_deref(), Some("s1"));
    assert_eq!(repeated.headers["cache-control"], "no-store");
    assert!(repeated.text.is_empty());
}

#[tokio::test]
async fn a_request_goes_by_login_and_consent_to_its_client() {
    let world = World::with_people();
    let answer = world.authorize(WEB, None).await;
    assert!(answer.location().starts_with("/login?continue="));
    let waiting = format!("continue={}", answer.parameter("continue").unwrap());
    let before = world.revision();

    let again = world.authorize(&waiting, None).await;
    assert_eq!(again.location(), answer.location(), "the request stays the one that was made");
    let cookie = world.sign_in();
    let asked = world.authorize(&waiting, Some(&cookie)).await;
    assert_eq!(asked.location(), format!("/consent?{waiting}"));

    let code = world.consent(&cookie, WEB, WEB_SCOPES, Remember::UntilRevoked);
    assert!(code.starts_with("https://rp.example/cb?code="));
    let answer = world.authorize(&waiting, Some(&cookie)).await;
    assert!(answer.location().starts_with("https://rp.example/cb?code="));
    assert_eq!(answer.parameter("state").as_deref(), Some("s1"));
    assert_eq!(answer.parameter("iss").as_deref(), Some("https://iam.example.org/"));
    assert_eq!(answer.parameter("code").unwrap().len(), 43);
    assert!(before < world.revision());
    world.pass(3601);
    assert_eq!(world.authorize(&waiting, None).await.status, 400, "nobody waits longer than an hour");
}

/// An anonymous caller writes nothing, however often it asks.
#[tokio::test]
async fn nothing_is_written_before_somebody_is_granted_something() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let before = world.revision();
    for cookie in [None, Some(cookie.as_str()), Some("__Host-woad=nonsense")] {
        for query in [WEB, APP, "client_id=nobody", &format!("{WEB}&prompt=none")] {
            world.authorize(query, cookie).await;
        }
    }
    assert_eq!(world.revision(), before);
}

#[tokio::test]
async fn a_continuation_of_another_realm_or_changed_is_none() {
    let world = World::with_people();
    world.realm("two", "two.example.org");
    let text = world.authorize(WEB, None).await.parameter("continue").unwrap();
    let elsewhere = world.call("GET", &format!("/authorize?continue={text}"), &[("host", "two.example.org")], "").await;
    assert_eq!(elsewhere.status, 400);
    let changed = text.replacen(&text[4..5], if &text[4..5] == "A" { "B" } else { "A" }, 1);
    assert_eq!(world.authorize(&format!("continue={changed}"), None).await.status, 400);
}

#[tokio::test]
async fn a_posted_request_goes_on_by_get() {
    let world = World::with_people();
    let post = |query: &'static str, body: &'static str, media: &'static str| {
        let world = &world;
        async move { world.call("POST", &format!("/authorize{query}"), &[(CONTENT_TYPE.as_str(), media)], body).await }
    };
    let answer = post("", WEB, FORM).await;
    assert!(answer.location().starts_with("/authorize?continue="));
    let waiting = answer.location().split_once('?').unwrap().1.to_owned();
    assert!(world.authorize(&waiting, None).await.location().starts_with("/login?"));
    let split = post("?client_id=web", "response_type=code&redirect_uri=https://rp.example/cb", FORM).await;
    assert!(split.location().starts_with("/authorize?continue="));
    assert_eq!(post("?client_id=web", WEB, FORM).await.status, 400, "AZ08: once in the query, once in the body");
    let fault = post("?scope=openid", WEB, FORM).await;
    assert_eq!(fault.parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(post("", WEB, "application/json").await.status, 415);
    let huge = world.call("POST", "/authorize", &[(CONTENT_TYPE.as_str(), FORM)], &"x".repeat(33_000)).await;
    assert_eq!(huge.status, 413);
}

/// A continuation is our word to every page of ours that the request is a client's: it is not given for others'.
#[tokio::test]
async fn a_posted_request_is_taken_no_further_for_nobody() {
    let world = World::with_people();
    for body in [
        to("https://evil.example/cb"),
        to("https://rp.example/cb/"),
        to("javascript:alert(1)"),
        to("https://rp.example/cb").replace("client_id=web", "client_id=nobody"),
        "response_type=code&client_id=nobody".to_owned(),
    ] {
        let posted = world.call("POST", "/authorize", &[(CONTENT_TYPE.as_str(), FORM)], &body).await;
        assert_eq!((posted.status.as_u16(), posted.headers.get("location")), (400, None), "{body}");
        assert!(!posted.text.contains("evil"), "nothing is repeated: {body}");
        assert_eq!(world.authorize(&body, None).await.status, 400, "as by GET: {body}");
    }
}

/// IR14: a cookie counts here, so that no script of another origin reads an answer.
#[tokio::test]
async fn scripts_of_other_origins_read_nothing() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let headers = [("origin", "https://evil.example"), (COOKIE.as_str(), cookie.as_str())];
    for method in ["GET", "POST", "OPTIONS"] {
        let answer = world.call(method, &format!("/authorize?{WEB}"), &headers, "").await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{method}");
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(world.call(method, "/authorize", &[], "").await.status, 405, "{method}");
    }
}

/// AZ25: 12 payloads for each parameter that comes back or is shown.
#[tokio::test]
async fn markup_comes_back_nowhere() {
    let world = World::with_people();
    let payloads = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "</title><script>alert(1)</script>",
        "<iframe srcdoc='x'>",
        "{{7*7}}",
        "${7*7}",
        "<a href=//evil.example>",
        "\u{2028}<b>",
        "%3Cscript%3E",
        "&lt;script&gt;",
    ];
    for payload in payloads {
        for name in
            ["client_id", "redirect_uri", "state", "scope", "nonce", "login_hint", "ui_locales", "prompt", "continue"]
        {
            let mut query = Serializer::new(String::new());
            for (known, value) in url::form_urlencoded::parse(WEB.as_bytes()).filter(|(known, _)| known != name) {
                query.append_pair(&known, &value);
            }
            let answer = world.authorize(&query.append_pair(name, payload).finish(), None).await;
            assert!(!answer.text.contains(payload), "{name}: {payload}");
            let location = answer.headers.get("location").map_or("", |value| value.to_str().unwrap());
            assert!(!location.contains(['<', '>', '"', '\'', ' ']), "{name}: {location}");
        }
    }
}
