//! Signing in and out, over HTTP.

use std::time::Duration;

use raft_store_core::Read;
use woad_identity::{Actor, UserId, user};

use crate::testing::{CALLBACK, PASSWORD, World, vo};

const REFUSED: &str = "The user name or password is not right, or the account cannot be used.";
const SESSION: &str = "__Host-woad";

fn session_of(browser: &crate::testing::Browser<'_>) -> Option<String> {
    browser.jar.borrow().get(SESSION).cloned()
}

#[tokio::test]
async fn somebody_signs_in_and_sees_their_account() {
    let world = World::new();
    let browser = world.browser();
    let page = browser.get("/account").await;
    assert_eq!((page.status.as_u16(), page.location()), (303, "/login"));
    let answer = browser.sign_in("/login", "alice", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/account"));
    for cookie in [SESSION, "__Host-woad-device"] {
        let set = answer.cookie(cookie).unwrap();
        assert!(set.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax") || set.contains("SameSite=Lax; Max-Age="));
    }
    assert!(answer.cookie("__Host-woad-csrf").unwrap().contains("Max-Age=0"));
    let account = browser.get("/account").await;
    assert!(account.says("alice") && account.says("You are signed in at one place."));
    let home = browser.get("/").await;
    assert_eq!((home.status.as_u16(), home.location()), (303, "/account"));
    let again = browser.get("/login").await;
    assert_eq!((again.status.as_u16(), again.location()), (303, "/account"));
}

#[tokio::test]
async fn an_email_address_signs_in_as_well() {
    let world = World::new();
    let answer = world.browser().sign_in("/login", "ALICE@example.org", PASSWORD).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn every_refusal_reads_the_same_and_keeps_what_was_typed() {
    let world = World::new();
    world.person("carol", 3);
    world.decided(|tx| user::set_status(tx, &vo(), UserId([3; 16]), false, &Actor::system())).unwrap();
    let mut pages = Vec::new();
    for name in ["alice", "carol", "nobody"] {
        let password = if name == "alice" { "wrong horse battery" } else { PASSWORD };
        let answer = world.browser().sign_in("/login", name, password).await;
        assert_eq!(answer.status, 403, "{name}");
        assert!(answer.says(REFUSED), "{name}");
        assert_eq!(answer.field("username"), name);
        assert!(answer.cookie(SESSION).is_none());
        assert!(!answer.text.contains(password));
        let csrf = answer.field("csrf");
        pages.push(answer.text.replace(&csrf, "CSRF").replace(name, "NAME"));
    }
    assert_eq!(pages[0], pages[1]);
    assert_eq!(pages[0], pages[2]);
}

#[tokio::test]
async fn empty_fields_are_pointed_at() {
    let world = World::new();
    let answer = world.browser().fill("/login", &[("username", ""), ("password", "")]).await;
    assert_eq!(answer.status, 400);
    let page = answer.page();
    let name = page.iter().find(|element| element.get("id") == Some("username")).unwrap();
    assert_eq!(name.get("aria-invalid"), Some("true"));
    assert_eq!(name.get("aria-describedby"), Some("username-fault"));
    assert!(answer.text.contains("role=\"alert\"") && answer.text.contains("href=\"#password\""));
}

/// LG08.
#[tokio::test]
async fn a_session_from_before_the_sign_in_dies_with_it() {
    let world = World::new();
    let attacker = world.signed_in("bob").await;
    let planted = session_of(&attacker).unwrap();
    let victim = world.browser();
    victim.jar.borrow_mut().insert(SESSION.to_owned(), planted.clone());
    let answer = victim.sign_in("/login?done=logout", "alice", PASSWORD).await;
    assert_eq!(answer.status, 303);
    assert_ne!(session_of(&victim), Some(planted));
    assert_eq!(attacker.get("/account").await.location(), "/login");
    assert!(victim.get("/account").await.says("alice"));
}

/// AZ18.
#[tokio::test]
async fn a_form_without_this_browsers_proof_signs_nobody_in() {
    let world = World::new();
    let (mine, other) = (world.browser(), world.browser());
    let theirs = other.get("/login").await.field("csrf");
    let own = mine.get("/login").await.field("csrf");
    let fields = |csrf: &'static str| [("username", "alice"), ("password", PASSWORD), ("csrf", csrf)];
    for csrf in ["", "x", Box::leak(theirs.into_boxed_str())] {
        let answer = mine.post("/login", &fields(csrf)).await;
        assert_eq!(answer.status, 403, "{csrf}");
        assert!(answer.says("This form had expired."), "{csrf}");
        assert_eq!(answer.field("username"), "alice");
        assert!(answer.cookie(SESSION).is_none());
    }
    let own: &'static str = Box::leak(own.into_boxed_str());
    for headers in [[("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")]] {
        let [header] = headers;
        let headers = [header, ("content-type", crate::testing::FORM)];
        let answer = mine.send("POST", "/login", &headers, &crate::testing::encoded(&fields(own))).await;
        assert_eq!(answer.status, 403, "{header:?}");
    }
    // The cookie is gone: what was typed stays, and the form works again.
    mine.jar.borrow_mut().clear();
    let again = mine.post("/login", &fields(own)).await;
    assert_eq!(again.status, 403);
    let answer = mine.answer("/login", &again, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let late = world.browser();
    let page = late.get("/login").await;
    world.pass(Duration::from_secs(13 * 3600));
    let answer = late.answer("/login", &page, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn too_many_attempts_are_told_to_wait_even_with_the_right_password() {
    let world = World::new();
    let browser = world.browser();
    for _ in 0..6 {
        assert_eq!(browser.sign_in("/login", "alice", "wrong horse battery").await.status, 403);
    }
    let answer = browser.sign_in("/login", "alice", PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert!(answer.says(REFUSED) && answer.says("Please wait a little and try again."));
    assert_eq!(answer.headers["retry-after"], "1");
    world.pass(Duration::from_secs(1));
    assert_eq!(browser.sign_in("/login", "alice", PASSWORD).await.status, 303);
    let text = prometheus::TextEncoder::new().encode_to_string(&world.registry.gather()).unwrap();
    for (outcome, count) in [("refused", 6), ("throttled", 1), ("signed_in", 1)] {
        assert!(text.contains(&format!("woad_sign_ins_total{{outcome=\"{outcome}\"}} {count}")), "{text}");
    }
}

#[tokio::test]
async fn a_suspended_person_is_signed_out_at_once() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    world.decided(|tx| user::set_status(tx, &vo(), UserId([1; 16]), false, &Actor::system())).unwrap();
    assert_eq!(browser.get("/account").await.location(), "/login");
}

#[tokio::test]
async fn a_hint_is_filled_in_and_the_client_named() {
    let world = World::new();
    let text = world.continuation("rp", &[("login_hint", "al\"ice"), ("ui_locales", "de")]);
    let page = world.browser().get(&format!("/login?continue={text}")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.field("username"), "al\"ice");
    assert!(page.text.contains("weiter zu <bdi dir=\"auto\">The &#60;rp&#62;</bdi>"), "{}", page.text);
    assert!(page.text.contains("<html lang=\"de\""));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' https://rp.example"), "{policy}");
}

#[tokio::test]
async fn a_continuation_that_is_none_leads_nowhere() {
    let world = World::new();
    let good = world.continuation("rp", &[]);
    let browser = world.browser();
    for bad in ["x", "https://evil.example", "//evil.example", &good[1..]] {
        let answer = browser.get(&format!("/login?continue={bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.says("This page has expired"));
        let csrf = browser.get("/login").await.field("csrf");
        let fields = [("username", "alice"), ("password", PASSWORD), ("csrf", &csrf), ("continue", bad)];
        assert_eq!(browser.post("/login", &fields).await.status, 400, "{bad}");
    }
    let path = format!("/login?continue={good}");
    let answer = browser.sign_in(&path, "alice", PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize?continue={good}").as_str()));
    world.pass(Duration::from_secs(3601));
    assert_eq!(browser.get(&path).await.status, 400);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_server() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let token = session_of(&browser).unwrap();
    let page = browser.get("/logout").await;
    assert!(page.says("Do you want to sign out of"));
    let answer = browser.answer("/logout", &page, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/login?done=logout"));
    assert!(session_of(&browser).is_none());
    assert!(browser.get("/login?done=logout").await.says("You are signed out."));
    browser.jar.borrow_mut().insert(SESSION.to_owned(), token);
    assert_eq!(browser.get("/account").await.location(), "/login");
}

#[tokio::test]
async fn the_login_page_leads_to_registered_addresses_alone() {
    let world = World::new();
    for (client, redirect_uri, named) in [
        ("rp", CALLBACK, true),
        ("rp", "https://evil.example/cb", false),
        ("rp", "https://rp.example/cb/", false),
        ("nobody", CALLBACK, false),
    ] {
        let text = world.continuation(client, &[("redirect_uri", redirect_uri)]);
        let page = world.browser().get(&format!("/login?continue={text}")).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert_eq!(policy.ends_with("form-action 'self' https://rp.example"), named, "{redirect_uri}: {policy}");
        assert!(named || policy.ends_with("form-action 'self'"), "{policy}");
        assert!(!page.text.contains("evil"));
    }
}

/// IR10.
#[tokio::test]
async fn nobody_is_signed_out_by_a_link_or_by_another_sites_form() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    for path in ["/logout", "/logout?client_id=rp&post_logout_redirect_uri=https://rp.example/bye&state=x"] {
        assert_eq!(browser.get(path).await.status, 200, "{path}");
    }
    for fields in [&[][..], &[("csrf", "x")], &[("csrf", "x"), ("client_id", "rp")]] {
        assert_eq!(browser.post("/logout", fields).await.status, 403, "{fields:?}");
    }
    let posted = [("client_id", "rp"), ("state", "a b")];
    let answer = browser.post("/logout", &posted).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "/logout?client_id=rp&state=a+b"));
    assert_eq!(browser.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_logout_leads_only_where_the_client_registered() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let path = "/logout?client_id=rp&post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=s%201";
    let page = browser.get(path).await;
    assert!(page.says("The <rp>"));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' https://rp.example"), "{policy}");
    let answer = browser.answer("/logout", &page, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "https://rp.example/bye?state=s%201"));
    for uri in ["https://rp.example/bye/", "https://evil.example", "https://rp.example/cb", "javascript:alert(1)"] {
        let query = crate::testing::encoded(&[("client_id", "rp"), ("post_logout_redirect_uri", uri)]);
        let answer = world.browser().get(&format!("/logout?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/login?done=logout"), "{uri}");
    }
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_touch() {
    let world = World::new();
    let before = world.memory.look(|view| Ok(view.revision())).unwrap();
    let browser = world.browser();
    for path in ["/login", "/logout", "/account", "/", "/consent", "/link/x", "/ui/style.css", "/ui/logo"] {
        browser.get(path).await;
    }
    let after = world.memory.look(|view| Ok(view.revision())).unwrap();
    assert_eq!(before, after, "anonymous requests write nothing");
}
