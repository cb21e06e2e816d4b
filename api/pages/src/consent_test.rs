//! The consent page, over HTTP.

use std::time::Duration;

use url::Url;
use woad_identity::client::{self, ClientPatch};
use woad_identity::{Actor, ClientId, UserId, consent, realm};

use crate::testing::{Answer, Browser, CALLBACK, PASSWORD, World, vo};

fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let url = Url::parse(answer.location()).unwrap_or_else(|_| panic!("no URL: {:?}", answer.location()));
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

async fn open(browser: &Browser<'_>, text: &str) -> (String, Answer) {
    let path = format!("/consent?continue={text}");
    let page = browser.get(&path).await;
    (path, page)
}

#[tokio::test]
async fn from_the_login_over_the_consent_to_a_code() {
    let world = World::new();
    let browser = world.browser();
    let text = world.continuation("rp", &[("prompt", "login")]);
    world.pass(Duration::from_secs(5));
    let (_, page) = open(&browser, &text).await;
    assert_eq!((page.status.as_u16(), page.location()), (303, format!("/login?continue={text}").as_str()));
    let answer = browser.sign_in(page.location(), "alice", PASSWORD).await;
    assert_eq!(answer.location(), format!("/authorize?continue={text}"));

    let (path, page) = open(&browser, &text).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.says("The <rp>") && page.says("know who you are here") && page.says("rp.example"));
    assert!(page.text.contains("read data in <bdi dir=\"auto\">/data</bdi>"));
    assert!(page.text.contains("Signed in as <bdi dir=\"auto\">alice</bdi>."));
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.ends_with("form-action 'self' https://rp.example"), "{policy}");

    let answer = browser.answer(&path, &page, &[("remember", "until-revoked"), ("authorize", "true")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(answer.location().starts_with(&format!("{CALLBACK}?code=")), "{}", answer.location());
    assert_eq!(parameter(&answer, "code").unwrap().len(), 43);
    assert_eq!(parameter(&answer, "state").as_deref(), Some("s&1"));
    assert_eq!(parameter(&answer, "iss").as_deref(), Some("https://iam.example.org/"));

    // Remembered: nothing is asked again, and the account page shows it, until it is taken back.
    let (_, page) = open(&browser, &text).await;
    assert_eq!(page.location(), format!("/authorize?continue={text}"));
    let account = browser.get("/account").await;
    assert!(account.says("The <rp>") && account.says("Withdraw"));
    let csrf = account.field("csrf");
    let gone = browser.post("/account/approvals/remove", &[("csrf", &csrf), ("client", "rp")]).await;
    assert_eq!(gone.location(), "/account?done=approval");
    assert!(browser.get(gone.location()).await.says("The access is withdrawn."));
    assert_eq!(open(&browser, &text).await.1.status, 200);
}

#[tokio::test]
async fn a_refusal_is_told_to_the_client() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let (path, page) = open(&browser, &world.continuation("rp", &[])).await;
    let answer = browser.answer(&path, &page, &[("abort", "true"), ("remember", "until-revoked")]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&answer, "state").as_deref(), Some("s&1"));
    assert_eq!(parameter(&answer, "code"), None);
}

/// E-15.
#[tokio::test]
async fn other_scopes_than_were_shown_are_refused() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let (path, page) = open(&browser, &world.continuation("rp", &[])).await;
    for scope in ["", "openid", "openid storage.read:/data scim:read", "openid storage.read:/"] {
        let answer = browser.answer(&path, &page, &[("scope", scope)]).await;
        assert_eq!(answer.status, 400, "{scope}");
        assert!(answer.says("This page has expired"));
    }
    for (field, value) in [("scope", "a\"b"), ("remember", "always")] {
        assert_eq!(browser.answer(&path, &page, &[(field, value)]).await.status, 400, "{field}");
    }
    // The client loses a scope while the person reads.
    let fields = ClientPatch { scope: Some("openid".to_owned()), ..ClientPatch::default() };
    let id = ClientId::parse("rp").unwrap();
    let changed = world.decided(|tx| {
        let realm = realm::get(tx, &vo())?.unwrap();
        client::update(tx, &realm, &id, &fields, &Actor::system())
    });
    assert!(changed.is_ok());
    let answer = browser.answer(&path, &page, &[]).await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(parameter(&answer, "code"), None);
    let held = world.memory.look(|view| consent::list(view, &vo(), UserId([1; 16]))).unwrap();
    assert!(held.is_empty(), "nothing was remembered");
}

/// AZ18.
#[tokio::test]
async fn a_form_of_another_session_is_refused() {
    let world = World::new();
    let (alice, bob) = (world.signed_in("alice").await, world.signed_in("bob").await);
    let (path, page) = open(&bob, &world.continuation("rp", &[])).await;
    let answer = alice.answer(&path, &page, &[]).await;
    assert_eq!(answer.status, 403);
    assert!(answer.says("This form cannot be accepted"));
    assert_eq!(world.browser().answer(&path, &page, &[]).await.status, 403);
    assert_eq!(bob.answer(&path, &page, &[("csrf", "")]).await.status, 403);
}

#[tokio::test]
async fn somebody_else_signs_in_for_the_same_request() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let text = world.continuation("rp", &[]);
    let (_, page) = open(&browser, &text).await;
    let csrf = page.field("csrf");
    let answer = browser.post("/logout", &[("csrf", &csrf), ("continue", &text)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, format!("/authorize?continue={text}").as_str()));
    let (_, page) = open(&browser, &text).await;
    assert_eq!(page.location(), format!("/login?continue={text}"));
}

#[tokio::test]
async fn a_program_on_ones_own_device_is_asked_for_each_time() {
    let world = World::new();
    let fields = ClientPatch {
        redirect_uris: Some(vec!["http://127.0.0.1/cb".to_owned()]),
        token_endpoint_auth_method: Some("none".to_owned()),
        ..ClientPatch::default()
    };
    world.client("app", fields);
    let browser = world.signed_in("alice").await;
    let text = world.continuation("app", &[("redirect_uri", "http://127.0.0.1:4711/cb")]);
    let (path, page) = open(&browser, &text).await;
    assert!(page.says("cannot be verified"));
    assert!(!page.text.contains("name=\"remember\""));
    let answer = browser.answer(&path, &page, &[("remember", "until-revoked")]).await;
    assert!(answer.location().starts_with("http://127.0.0.1:4711/cb?code="), "{}", answer.text);
    assert_eq!(open(&browser, &text).await.1.status, 200);
}

#[tokio::test]
async fn a_client_that_registered_itself_is_warned_of() {
    let world = World::new();
    world.client("wild", ClientPatch::default());
    let browser = world.signed_in("alice").await;
    let (_, page) = open(&browser, &world.continuation("wild", &[])).await;
    assert!(page.says("This application registered itself."));
}

#[tokio::test]
async fn only_web_addresses_are_linked() {
    let world = World::new();
    let fields = ClientPatch {
        policy_uri: Some("https://rp.example/policy?a=1&b=2".to_owned()),
        contacts: Some(vec!["help@rp.example".to_owned()]),
        ..ClientPatch::default()
    };
    world.client("nice", fields);
    let browser = world.signed_in("alice").await;
    let (_, page) = open(&browser, &world.continuation("nice", &[])).await;
    assert!(page.says("Contact: ") && page.says("help@rp.example"));
    let elements = page.page();
    let link = elements.iter().find(|element| element.get("target") == Some("_blank")).unwrap();
    assert_eq!(link.get("href"), Some("https://rp.example/policy?a=1&b=2"));
    assert_eq!(link.get("rel"), Some("noopener noreferrer nofollow"));
}

#[tokio::test]
async fn a_continuation_ends_after_an_hour_and_is_no_other_kinds() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let text = world.continuation("rp", &[]);
    let (path, page) = open(&browser, &text).await;
    let csrf = page.field("csrf");
    assert_eq!(browser.get(&format!("/consent?continue={csrf}")).await.status, 400);
    assert_eq!(browser.get("/consent").await.status, 400);
    world.pass(Duration::from_secs(1700));
    assert_eq!(browser.get("/account").await.status, 200);
    world.pass(Duration::from_secs(1700));
    assert_eq!(browser.get("/account").await.status, 200);
    world.pass(Duration::from_secs(300));
    assert_eq!(browser.get(&path).await.status, 400);
    assert_eq!(browser.answer(&path, &page, &[]).await.status, 400);
}

#[tokio::test]
async fn a_client_that_is_gone_gets_nobody_sent_to_it() {
    let world = World::new();
    let browser = world.signed_in("alice").await;
    let (path, page) = open(&browser, &world.continuation("rp", &[])).await;
    let id = ClientId::parse("rp").unwrap();
    world.decided(|tx| client::set_active(tx, &vo(), &id, false, &Actor::system())).unwrap();
    for fields in [&[][..], &[("abort", "true")]] {
        let answer = browser.answer(&path, &page, fields).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
        assert!(answer.says("The application is not known here"));
    }
    assert_eq!(browser.get(&path).await.status, 400);
}
