//! What is remembered, for how long, and how it is taken back.

use super::*;
use crate::authorize::testing::{ANNA, BEN, Flow, WEB, public};
use crate::client::ClientPatch;
use crate::testing::{actor, id, vo};

const ALL: &str = "openid profile offline_access";

fn listed(flow: &Flow) -> Vec<(String, String)> {
    let all = flow.world.store.look(|view| list(view, &vo(), ANNA)).unwrap();
    let approvals = all.iter().flat_map(|consent| &consent.row.approvals);
    approvals.map(|approval| (approval.redirect_uri.clone(), approval.scope.clone())).collect()
}

#[test]
fn an_approval_is_remembered_as_long_as_its_person_wants() {
    for (remember, seconds, then) in [
        (Remember::No, 0, "consent"),
        (Remember::OneHour, 3_599, "grant"),
        (Remember::OneHour, 3_600, "consent"),
        (Remember::UntilRevoked, 100_000_000, "grant"),
    ] {
        let flow = Flow::new();
        assert_eq!(flow.error(WEB), "consent");
        flow.approve(WEB, Some((ALL, remember))).unwrap();
        assert_eq!(flow.last_event(), "consent.give");
        flow.world.pass(seconds);
        flow.sign_in(ANNA);
        assert_eq!(flow.error(WEB), then, "{remember:?} after {seconds} s");
        assert_eq!(flow.approve(WEB, None).is_ok(), then == "grant");
    }
}

/// AZ17: by client, scope and redirect URI.
#[test]
fn an_approval_covers_its_own_scopes_client_and_redirect_uri() {
    let flow = Flow::new();
    let uris = Some(vec!["https://rp.example/cb".to_owned(), "https://rp.example/2".to_owned()]);
    flow.patch("web", &ClientPatch { redirect_uris: uris, ..ClientPatch::default() });
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    let fewer = WEB.replace("%20profile", "");
    assert_eq!(flow.error(&fewer), "grant");
    for more in [
        WEB.replace("profile", "profile%20email"),
        WEB.replace("profile", "storage.read%3A%2F"),
        WEB.replace("cb", "2"),
        WEB.replace("client_id=web", "client_id=other"),
        format!("{WEB}&prompt=consent"),
    ] {
        assert_eq!(flow.error(&more), "consent", "{more}");
    }
    flow.sign_in(BEN);
    assert_eq!(flow.error(WEB), "consent", "and its own person");
}

#[test]
fn what_lasts_is_added_to_what_lasts() {
    let flow = Flow::new();
    let mail = WEB.replace("profile", "email");
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    flow.approve(&mail, Some(("openid email offline_access", Remember::UntilRevoked))).unwrap();
    assert_eq!((flow.error(WEB), flow.error(&mail)), ("grant".into(), "grant".into()));
    flow.approve(&mail, Some(("openid email offline_access", Remember::No))).unwrap();
    assert_eq!(listed(&flow).len(), 1, "an approval for once changes nothing");
    let hour = WEB.replace("profile", "storage.read%3A%2F");
    flow.approve(&hour, Some(("openid storage.read:/ offline_access", Remember::OneHour))).unwrap();
    let kept = ("https://rp.example/cb".to_owned(), "openid storage.read:/ offline_access".to_owned());
    assert_eq!(listed(&flow), [kept], "what is approved for an hour lengthens nothing");
}

/// A client may ask for another path for each of its jobs, for years.
#[test]
fn what_is_remembered_stays_readable_however_much_is_approved() {
    let flow = Flow::new();
    let ask = |job: usize| {
        let paths = (0..100).map(|part| format!("storage.read:/job{job}/part{part}"));
        paths.collect::<Vec<_>>().join(" ")
    };
    let query = |scopes: &str| WEB.replace("openid%20profile%20offline_access", &scopes.replace(' ', "%20"));
    for job in 0..12 {
        flow.approve(&query(&ask(job)), Some((&ask(job), Remember::UntilRevoked))).unwrap();
        assert_eq!(flow.error(&query(&ask(job))), "grant", "the latest is always remembered");
    }
    assert_eq!(flow.error(&query(&ask(0))), "consent", "and the earliest forgotten");
    let [(_, scope)] = &listed(&flow)[..] else { panic!("one approval") };
    assert!(scope.len() <= MAX_KEPT + ask(11).len() + 1, "{}", scope.len());
}

/// AZ17: a program that anybody can imitate is asked about each time.
#[test]
fn only_a_client_whose_identity_is_assured_is_remembered() {
    let flow = Flow::new();
    let native = public("native", "http://127.0.0.1:4711/cb");
    let app = public("app", "https://app.example/cb");
    let shown = "openid offline_access";
    flow.approve(&native, Some((shown, Remember::UntilRevoked))).unwrap();
    flow.approve(&app, Some((shown, Remember::UntilRevoked))).unwrap();
    assert_eq!((flow.error(&native), flow.error(&app)), ("consent".into(), "grant".into()));
    assert_eq!(listed(&flow).len(), 1);
}

#[test]
fn what_is_taken_back_is_over_at_once() {
    let flow = Flow::new();
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
    let (access, token) = (flow.access_token(&redeemed.permit), redeemed.refresh.unwrap());
    let code = flow.code(WEB);
    let remove = |client| flow.world.decided(|tx| remove(tx, &vo(), ANNA, &id(client), &actor()));
    assert_eq!(remove("other"), Err(NoAccess));
    assert!(flow.world.active(&access));
    assert_eq!(remove("web"), Ok(()));
    assert_eq!(flow.last_event(), "consent.remove");
    assert!(!flow.world.active(&access));
    assert!(flow.refresh("web", token.reveal()).is_err() && flow.redeem(&code).is_err());
    assert_eq!(flow.error(WEB), "consent");
    assert_eq!(remove("web"), Err(NoAccess));
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    assert!(flow.redeem(&flow.code(WEB)).is_ok(), "what is approved anew counts");
}

#[test]
fn what_a_deleted_person_leaves_is_removed() {
    let flow = Flow::new();
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    let step = || flow.world.store.run(|tx| purge(tx, &vo(), ANNA, 5).map(raft_store_core::Outcome::Commit)).unwrap();
    assert_eq!((step(), step()), (1, 0));
}

#[test]
fn every_way_to_remember_has_its_name() {
    for remember in [Remember::No, Remember::OneHour, Remember::UntilRevoked] {
        assert_eq!(Remember::by_name(remember.name()), Some(remember));
    }
    assert_eq!(Remember::by_name("always"), None);
}
