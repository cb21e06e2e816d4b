//! What holds for every page: headers, escaping, limits.

use woad_identity::client::ClientPatch;
use woad_identity::link::LinkKind;

use crate::testing::{FORM, PASSWORD, World};

/// AZ25.
const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "</textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "{{7*7}}{% raw %}${7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u{202e}<b>\u{2066}\u{fffd}--><!--",
];

/// The markup of an answer must be well-formed, of known elements without handlers, whatever is in it; what is checked
/// here beside that is that the payload itself is nowhere.
fn harmless(answer: &crate::testing::Answer, payload: &str) {
    if answer.headers.get("content-type").is_some_and(|media| media == "text/html; charset=utf-8") {
        answer.page();
        assert!(!payload.contains('<') || !answer.text.contains(payload), "{payload} in {}", answer.text);
    }
    assert!(!answer.location().contains(['<', '"', '\'']), "{}", answer.location());
}

#[tokio::test]
async fn nothing_that_is_sent_comes_back_as_markup() {
    let world = World::new();
    let signed_in = world.signed_in("alice").await;
    let link = world.link(1, LinkKind::SetPassword);
    let csrf = signed_in.get("/account").await.field("csrf");
    for payload in PAYLOADS {
        let hint = world.continuation("rp", &[("login_hint", payload), ("ui_locales", payload), ("state", payload)]);
        let query = crate::testing::encoded(&[("p", payload)]);
        let value = query.trim_start_matches("p=");
        for browser in [&world.browser(), &signed_in] {
            for path in [
                format!("/login?continue={hint}"),
                format!("/login?continue={value}"),
                format!("/login?done={value}"),
                format!("/login?ui_locales={value}"),
                format!("/consent?continue={hint}"),
                format!("/consent?continue={value}"),
                format!(
                    "/logout?client_id={value}&state={value}&post_logout_redirect_uri={value}&id_token_hint={value}"
                ),
                format!("/account?done={value}"),
                format!("/link/{}", value.replace("%2F", "_").replace('+', "_")),
            ] {
                harmless(&browser.get(&path).await, payload);
            }
            for header in ["accept-language", "user-agent", "origin"] {
                if payload.is_ascii() {
                    harmless(&browser.send("GET", "/login?done=logout", &[(header, payload)], "").await, payload);
                }
            }
            let login = [("username", payload), ("password", payload), ("continue", payload), ("csrf", payload)];
            harmless(&browser.post("/login", &login).await, payload);
            harmless(
                &browser.post(&link, &[("password", payload), ("again", payload), ("csrf", payload)]).await,
                payload,
            );
        }
        let browser = world.browser();
        harmless(&browser.fill("/login", &[("username", payload), ("password", payload)]).await, payload);
        let names = ["session", "client", "current", "password", "again", "scope", "remember", "continue", "username"];
        let fields: Vec<_> = names.iter().map(|name| (*name, payload)).chain([("csrf", csrf.as_str())]).collect();
        for path in ["/account/sessions/end", "/account/approvals/remove", "/account/password", "/consent"] {
            harmless(&signed_in.post(path, &fields).await, payload);
        }
    }
}

#[tokio::test]
async fn names_of_clients_are_text() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    for (n, payload) in PAYLOADS.into_iter().filter(|payload| payload.is_ascii()).enumerate() {
        let id = format!("c{n}");
        world.client(&id, ClientPatch { client_name: Some(payload.to_owned()), ..ClientPatch::default() });
        let page = browser.get(&format!("/consent?continue={}", world.continuation(&id, &[]))).await;
        assert_eq!(page.status, 200);
        harmless(&page, payload);
        assert!(page.says(payload));
    }
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_and_referrers() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let link = world.link(2, LinkKind::SetPassword);
    let consent = format!("/consent?continue={}", world.continuation("rp", &[]));
    for path in ["/login?done=logout", "/account", "/logout", "/link/x", "/consent", &link, &consent] {
        let answer = browser.get(path).await;
        answer.page();
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for directive in
            ["default-src 'none'", "style-src 'self'", "img-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
        {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(policy.contains("form-action 'self'") && !policy.contains("script") && !policy.contains("unsafe"));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path} {name}");
        }
        assert!(answer.headers.contains_key("permissions-policy"));
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_in_html() {
    let world = World::new();
    let browser = world.browser();
    let large = format!("username={}", "x".repeat(70_000));
    let answer = browser.send("POST", "/login", &[("content-type", FORM)], &large).await;
    assert_eq!(answer.status, 413);
    assert!(answer.says("the body is too large"));
    for media in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let answer = browser.send("POST", "/login", &[("content-type", media)], "{}").await;
        assert_eq!(answer.status, 415, "{media}");
        answer.page();
    }
    for body in ["username=%", "username=%ff", "username=a&username=b", "username=%00"] {
        let answer = browser.send("POST", "/login", &[("content-type", FORM)], body).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.page();
    }
    for (method, path) in
        [("PUT", "/login"), ("DELETE", "/account"), ("POST", "/account"), ("GET", "/account/password")]
    {
        assert_eq!(browser.send(method, path, &[], "").await.status, 405, "{method} {path}");
    }
    let answer = browser.send("GET", "/login", &[("host", "evil.example")], "").await;
    assert_eq!(answer.status, 421);
    assert!(answer.says("Nobody answers here"));
    let password = format!("/login?password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(browser.get(&password).await.status, 400);
    assert_eq!(browser.send("HEAD", "/login", &[], "").await.status, 200);
}

#[tokio::test]
async fn errors_speak_the_persons_language_and_name_a_reference() {
    let world = World::new();
    let answer = world.browser().send("GET", "/link/x", &[("accept-language", "de-DE,de;q=0.9")], "").await;
    assert!(answer.says("Dieser Link funktioniert nicht mehr") && answer.text.contains("<html lang=\"de\""));
    let reference = answer.headers["x-request-id"].to_str().unwrap();
    assert!(answer.says(&format!("Kennung: {reference}")));
}

#[tokio::test]
async fn style_and_icon_are_kept_for_ever_under_their_own_name() {
    let world = World::new();
    let browser = world.browser();
    let page = browser.get("/login").await.page();
    let style = page.iter().find(|element| element.get("rel") == Some("stylesheet")).unwrap();
    let named = browser.get(style.get("href").unwrap()).await;
    assert_eq!(named.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(named.headers["cache-control"], "public, max-age=31536000, immutable");
    let plain = browser.get("/ui/style.css?v=other").await;
    assert_eq!(plain.headers["cache-control"], "public, no-cache");
    assert_eq!(plain.text, named.text);
    let tag = plain.headers["etag"].to_str().unwrap();
    assert_eq!(browser.send("GET", "/ui/style.css", &[("if-none-match", tag)], "").await.status, 304);
    assert_eq!(browser.get("/ui/icon.svg").await.headers["content-type"], "image/svg+xml");
}
