//! What comes of a request.

use proptest::prelude::*;

use super::testing::{ANNA, BEN, Flow, WEB, challenge, pairs, parameter, public};
use super::*;
use crate::client::ClientPatch;
use crate::consent::Remember;
use crate::policy::{self, Matching, PolicyFields, Rule, Selector};
use crate::session::testing::set_active;
use crate::testing::{START, actor, vo};
use crate::token::{self, IdTokenAsk};

const ALL: &str = "openid profile offline_access";

/// With these parameters in place of those of the same names; an empty value takes one away.
fn with(query: &str, changes: &str) -> String {
    let changes = pairs(changes);
    let kept = pairs(query).into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let all = kept.chain(changes.iter().filter(|(_, value)| !value.is_empty()).cloned());
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
}

#[test]
fn only_the_person_is_told_as_long_as_the_client_is_not_certain() {
    let flow = Flow::new();
    for (change, why) in [
        ("client_id=", "client_id is missing"),
        ("client_id=nobody", "client_id is unknown"),
        ("client_id=a%20b", "client_id is unknown"),
        ("redirect_uri=https://evil.example/", "redirect_uri is not registered for this client"),
        ("client_id=nobody&response_type=token", "client_id is unknown"),
        ("redirect_uri=https://evil.example/&scope=%22", "redirect_uri is not registered for this client"),
    ] {
        assert_eq!(flow.error(&with(WEB, change)), format!("page: {why}"), "{change}");
    }
    assert_eq!(flow.error(&format!("{WEB}&client_id=web")), "page: client_id is repeated");
    assert_eq!(flow.error(&format!("{WEB}&redirect_uri=x")), "page: redirect_uri is repeated");
    assert_eq!(flow.error("response_type=code&client_id=web&redirect_uri="), "page: redirect_uri is missing");
    flow.world.disable("web");
    assert_eq!(flow.error(WEB), "page: the client is suspended");
}

/// Section 4.3.
#[test]
fn everything_else_is_told_to_the_client() {
    let flow = Flow::new();
    let long = "x".repeat(10 * 1024);
    let scopes: Vec<_> = (0..10_000).map(|n| format!("a{n}")).collect();
    let deep = format!(r#"{{"id_token":{{"a":{}1{}}}}}"#, "[".repeat(200), "]".repeat(200));
    let with_value = |name: &str, value: &str| {
        with(WEB, &url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish())
    };
    let none = "eyJhbGciOiJub25lIn0.e30.";
    let signed = "eyJhbGciOiJFUzI1NiJ9.e30.x";
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "CODE", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("scope", "nonsense", "invalid_scope"),
        ("scope", "openid \"", "invalid_scope"),
        ("scope", "openid\\", "invalid_scope"),
        ("scope", "openid\tprofile", "invalid_scope"),
        ("scope", "e\u{301}", "invalid_scope"),
        ("scope", &scopes.join(" "), "invalid_scope"),
        ("scope", &"x".repeat(64 * 1024), "invalid_scope"),
        ("scope", "storage.read:/a/../b", "invalid_scope"),
        ("scope", "storage.read:/%2e%2e", "invalid_scope"),
        ("scope", "storage.read:", "invalid_scope"),
        ("scope", "storage.read:a", "invalid_scope"),
        ("state", &long, "invalid_request"),
        ("nonce", &long, "invalid_request"),
        ("claims", &deep, "invalid_request"),
        ("claims", &"x".repeat(1 << 20), "invalid_request"),
        ("claims", "[]", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "1e9", "invalid_request"),
        ("max_age", "abc", "invalid_request"),
        ("max_age", "99999999999", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("display", "x", "invalid_request"),
        ("request", none, "invalid_request_object"),
        ("request", "x", "invalid_request_object"),
        ("request", signed, "request_not_supported"),
        ("request_uri", "http://169.254.169.254/", "request_uri_not_supported"),
        ("registration", "{}", "registration_not_supported"),
        ("resource", "https://a#b", "invalid_target"),
        ("resource", "a", "invalid_target"),
        ("audience", "a\u{1}", "invalid_request"),
        ("code_challenge_method", "S256", "invalid_request"),
        ("code_challenge", &challenge(), "invalid_request"),
        ("id_token_hint", &long, "invalid_request"),
    ] {
        let query = with_value(name, value);
        assert_eq!(flow.error(&query), error, "{name}={value:.60}");
        assert!(flow.follow(&query).url().is_some(), "{name}");
    }
    for ignored in [("ui_locales", "x".repeat(4096)), ("unknown", "x".into()), ("acr_values", "x".into())] {
        assert_eq!(flow.error(&with_value(ignored.0, &ignored.1)), "consent", "{}", ignored.0);
    }
    for repeated in ["scope=a", "state=a", "nonce=a", "unknown=a&unknown=b", "response_type=code"] {
        assert_eq!(flow.error(&format!("{WEB}&{repeated}")), "invalid_request", "{repeated}");
    }
    assert_eq!(flow.error(&format!("{WEB}&resource=https://a&resource=https://b&audience=&audience=")), "consent");
}

impl Evaluation {
    fn url(&self) -> Option<&RedirectUrl> {
        match self {
            Self::RedirectError { url, .. } => Some(url),
            _ => None,
        }
    }
}

/// AZ04, AZ06.
#[test]
fn public_clients_must_use_pkce_with_s256() {
    let flow = Flow::new();
    let app = public("app", "https://app.example/cb");
    assert_eq!(flow.error(&app), "consent");
    for change in [
        "code_challenge=&code_challenge_method=".to_owned(),
        "code_challenge_method=plain".to_owned(),
        "code_challenge_method=".to_owned(),
        "code_challenge_method=s256".to_owned(),
        format!("code_challenge={}", "a".repeat(42)),
        format!("code_challenge={}", "a".repeat(129)),
        format!("code_challenge={}%3D", "a".repeat(43)),
        format!("code_challenge={}%2B", "a".repeat(43)),
    ] {
        assert_eq!(flow.error(&with(&app, &change)), "invalid_request", "{change}");
    }
    assert_eq!(flow.error(WEB), "consent", "a client with a secret may do without");
    for method in ["S256", "plain"] {
        flow.patch("web", &ClientPatch { code_challenge_method: Some(method.into()), ..ClientPatch::default() });
        assert_eq!(flow.error(WEB), "invalid_request", "unless it is set not to");
    }
}

#[test]
fn a_client_must_have_the_grant() {
    let flow = Flow::new();
    let grants = Some(vec!["client_credentials".to_owned()]);
    flow.patch("web", &ClientPatch { grant_types: grants, ..ClientPatch::default() });
    assert_eq!(flow.error(WEB), "unauthorized_client");
    let types = Some(vec!["token".to_owned()]);
    flow.patch("other", &ClientPatch { response_types: types, ..ClientPatch::default() });
    assert_eq!(flow.error(&with(WEB, "client_id=other")), "unauthorized_client");
}

/// AZ13.
#[test]
fn prompt_none_shows_nothing() {
    let flow = Flow::new();
    let silent = format!("{WEB}&prompt=none");
    assert_eq!(flow.error(&silent), "consent_required");
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    assert_eq!(flow.error(&silent), "grant");
    assert_eq!(flow.error(&format!("{silent}&max_age=0&state2=")), "grant", "just signed in");
    flow.world.pass(1);
    assert_eq!(flow.error(&format!("{silent}&max_age=0")), "login_required");
    set_active(&flow.world, ANNA, false);
    assert_eq!(flow.error(&silent), "login_required");
    assert_eq!(flow.error(WEB), "login");
}

/// AZ14.
#[test]
fn a_sign_in_after_the_request_satisfies_it_and_none_before_does() {
    let flow = Flow::new();
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    flow.world.pass(100);
    let come_back =
        |query: &str, at: u64| matches!(flow.come_back(query, Some(START.0 + at * 1000)), Evaluation::Grant(_));
    for prompt in ["prompt=login", "prompt=select_account", "max_age=99", "max_age=0"] {
        let query = format!("{WEB}&{prompt}");
        assert_eq!(flow.error(&query), "login", "{prompt}");
        assert!(!come_back(&query, 1) && come_back(&query, 0), "{prompt}");
    }
    for enough in ["max_age=100", "max_age=4294967295"] {
        assert_eq!(flow.error(&format!("{WEB}&{enough}")), "grant", "{enough}");
    }
    flow.patch("web", &ClientPatch { default_max_age: Some(50), ..ClientPatch::default() });
    assert_eq!(flow.error(WEB), "login", "the client's own limit");
    assert_eq!(flow.error(&format!("{WEB}&max_age=100")), "grant", "which a request may change");
}

#[test]
fn a_request_for_one_person_is_not_granted_to_another() {
    let flow = Flow::new();
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
    let access = flow.access_token(&redeemed.permit);
    let signer =
        flow.world.store.look(|view| flow.world.keys.signer(view, &vo(), flow.world.realm().row.access_token_alg()?));
    let ask = IdTokenAsk { nonce: None, auth_time: false, access_token: &access };
    let hint = token::id_token(&redeemed.permit, &ask, &signer.unwrap().unwrap(), [1; 16]).unwrap();
    let hinted = format!("{WEB}&prompt=none&id_token_hint={hint}");
    let claimed =
        |who| format!("{WEB}&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22{who}%22%7D%7D%7D");
    assert_eq!((flow.error(&hinted), flow.error(&claimed(ANNA))), ("grant".into(), "grant".into()));
    assert_eq!(flow.error(&claimed(BEN)), "login");
    assert_eq!(flow.error(&format!("{WEB}&prompt=none&id_token_hint={access}")), "login_required", "not an ID token");
    assert_eq!(flow.error(&format!("{WEB}&id_token_hint=x")), "grant", "a hint that says nothing");
    flow.sign_in(BEN);
    assert_eq!(flow.error(&hinted), "login_required");
}

/// AZ24: what the policies take away is gone before anybody is asked, and is not issued later either.
#[test]
fn scopes_are_filtered_before_consent_and_at_each_issuance() {
    let flow = Flow::new();
    let (code, token) = (flow.code(WEB), flow.refresh_token("web"));
    let fields = PolicyFields {
        description: String::new(),
        rule: Rule::Deny,
        matching: Matching::Equal,
        selector: Selector::Everybody,
        scopes: Some(vec!["profile".into()]),
    };
    flow.world.decided(|tx| policy::create(tx, &vo(), &fields, &actor())).unwrap();
    let Evaluation::Consent(ask) = flow.follow(WEB) else { panic!("nobody is asked") };
    assert_eq!(ask.scopes.to_string(), "openid offline_access");
    assert_eq!(flow.redeem(&code).unwrap().permit.scopes().to_string(), "openid offline_access");
    let refreshed = flow.refresh_with("web", &token, None, &[]).unwrap();
    assert_eq!(refreshed.permit.scopes().to_string(), "openid offline_access");
    assert_eq!(flow.error(&with(WEB, "scope=profile")), "invalid_scope", "nothing is left to ask for");
}

/// E-15: what was shown is what is granted.
#[test]
fn other_scopes_than_were_shown_are_not_granted() {
    let flow = Flow::new();
    let before = flow.world.revision();
    for shown in ["openid", "openid profile email offline_access", "", "profile openid offline_access"] {
        let again = flow.approve(WEB, Some((shown, Remember::UntilRevoked))).unwrap_err();
        assert!(matches!(&*again, Evaluation::Consent(ask) if ask.scopes.to_string() == ALL), "{shown}");
    }
    assert_eq!(flow.world.revision(), before);
    assert!(flow.approve(WEB, Some((ALL, Remember::No))).is_ok());
}

#[test]
fn answers_carry_state_and_issuer() {
    let flow = Flow::new();
    let state = "%00%22%3E%3Cscript%3E%20%26%3D%25%0D%0A";
    let query = with(WEB, &format!("state={state}"));
    let url = flow.approve(&query, Some((ALL, Remember::No))).unwrap();
    assert!(url.as_str().starts_with("https://rp.example/cb?code="));
    assert!(url.as_str().ends_with(&format!("&state={state}&iss=https%3A%2F%2Fvo.example.org%2F")), "{}", url.as_str());
    assert!(!format!("{url:?}").contains("code"));
    let url = flow.approve(&with(WEB, "state="), Some((ALL, Remember::No))).unwrap();
    assert_eq!((parameter(&url, "state"), parameter(&url, "iss").is_some()), (None, true));

    let request = flow.request(&query);
    let denied = flow.world.store.look(|view| deny(view, &flow.world.realm(), &request)).unwrap();
    let url = denied.url().unwrap();
    assert_eq!(parameter(url, "error").as_deref(), Some("access_denied"));
    assert!(parameter(url, "state").is_some() && parameter(url, "iss").is_some() && parameter(url, "code").is_none());
}

#[test]
fn without_a_redirect_uri_the_only_one_is_meant() {
    let flow = Flow::new();
    let bare = with(WEB, "redirect_uri=");
    let bare = bare.replace("redirect_uri=&", "");
    let code = flow.code(&bare);
    assert!(flow.redeem_with("web", &code, |presented| presented.redirect_uri = None).is_ok());
    assert!(flow.redeem(&flow.code(&bare)).is_ok(), "naming it nevertheless does no harm");
    let two = Some(vec!["https://rp.example/cb".to_owned(), "https://rp.example/2".to_owned()]);
    flow.patch("web", &ClientPatch { redirect_uris: two, ..ClientPatch::default() });
    assert_eq!(flow.error(&bare), "page: redirect_uri is missing");
}

#[test]
fn a_loopback_client_chooses_its_port() {
    let flow = Flow::new();
    for port in [":1", ":4711", ""] {
        assert_eq!(flow.error(&public("native", &format!("http://127.0.0.1{port}/cb"))), "consent", "{port}");
    }
    assert!(flow.error(&public("native", "http://localhost/cb")).starts_with("page"));
}

#[test]
fn a_request_travels_unchanged() {
    let flow = Flow::new();
    let request = flow.request(&format!("{WEB}&max_age=5&prompt=login%20consent&login_hint=anna&resource=https://a"));
    let back = AuthorizationRequest::from_bytes(&request.to_bytes()).unwrap();
    assert_eq!(back, request);
    assert_eq!((back.client_id(), back.state(), back.login_hint()), ("web", Some("s1"), Some("anna")));
    assert_eq!(AuthorizationRequest::from_bytes(b"\xff"), None);
    let large = format!("{WEB}&nonce={}", "n".repeat(2000)).replace("nonce=n1&", "").replace("&nonce=n1", "");
    let large = with(&large, &format!("state={}", "s".repeat(2000)));
    assert_eq!(flow.error(&large), "consent");
    let wide: Vec<_> = (0..30).map(|n| format!("resource=https://{}{n}", "r".repeat(50))).collect();
    assert_eq!(flow.error(&format!("{large}&{}", wide.join("&"))), "invalid_request", "more than a URL can carry");
}

proptest! {
    #[test]
    fn any_parameters_are_a_request_or_a_fault(
        all in prop::collection::vec((
            "(client_id|redirect_uri|response_type|scope|state|nonce|prompt|max_age|claims|code_challenge|request|x)",
            any::<String>(),
        ), 0..12),
    ) {
        if let Ok(parsed) = AuthorizationRequest::parse(&all) {
            prop_assert!(parsed.request.to_bytes().len() <= MAX_REQUEST);
        }
    }
}

#[test]
fn a_code_is_written_by_nobody_who_is_not_granted() {
    let flow = Flow::new();
    let before = flow.world.revision();
    assert!(matches!(*flow.approve(WEB, None).unwrap_err(), Evaluation::Consent(_)));
    set_active(&flow.world, ANNA, false);
    let suspended = flow.world.revision();
    assert!(before < suspended);
    assert!(matches!(*flow.approve(WEB, Some((ALL, Remember::No))).unwrap_err(), Evaluation::Login(_)));
    assert_eq!(flow.world.revision(), suspended);
}
