//! Who is told of to a person, and what taking it back ends.

use super::*;
use crate::authorize::testing::{ANNA, BEN, Flow, VERIFIER, WEB, public};
use crate::client::ClientPatch;
use crate::ids::UserId;
use crate::testing::{actor, id, vo};

const ALL: &str = "openid profile offline_access";

fn of(flow: &Flow, user: UserId) -> Vec<Access> {
    flow.world.store.look(|view| accesses(view, &vo(), user)).unwrap().clients
}

/// Client, whether it is remembered, scopes.
fn told(flow: &Flow) -> Vec<(String, bool, String)> {
    let line = |access: &Access| (access.client.key.1.to_string(), access.remembered, access.scopes.to_string());
    of(flow, ANNA).iter().map(line).collect()
}

fn take_back(flow: &Flow, client: &str) -> Result<(), NoAccess> {
    flow.world.decided(|tx| remove(tx, &vo(), ANNA, &id(client), &actor()))
}

/// A refresh token of the client that anybody can imitate.
fn native_token(flow: &Flow) -> String {
    let redirect_uri = "http://127.0.0.1:4711/cb";
    let code = flow.code(&public("native", redirect_uri));
    let redeemed = flow.redeem_with("native", &code, |presented| {
        presented.redirect_uri = Some(redirect_uri);
        presented.verifier = Some(VERIFIER);
    });
    redeemed.unwrap().refresh.unwrap().reveal().to_owned()
}

#[test]
fn what_was_approved_only_this_once_is_told_and_taken_back() {
    for client in ["web", "native"] {
        let flow = Flow::new();
        let (token, scopes) = match client {
            "web" => (flow.refresh_token("web"), ALL),
            _ => (native_token(&flow), "openid offline_access"),
        };
        assert_eq!(told(&flow), [(client.to_owned(), false, scopes.to_owned())]);
        assert_eq!(of(&flow, BEN), []);
        let token = flow.refresh(client, &token).unwrap();
        assert_eq!(take_back(&flow, client), Ok(()));
        assert_eq!(flow.last_event(), "consent.remove");
        let event = flow.world.events().pop().unwrap();
        let changes = serde_json::json!({"client": client, "remembered": false, "families": 1});
        assert_eq!(event["changes"], changes);
        assert!(flow.refresh(client, &token).is_err());
        assert_eq!(told(&flow), []);
        assert_eq!(take_back(&flow, client), Err(NoAccess));
    }
}

#[test]
fn an_approval_that_is_over_leaves_the_family_to_be_told_of() {
    let flow = Flow::new();
    flow.approve(WEB, Some((ALL, Remember::OneHour))).unwrap();
    let now = flow.world.store.look(|view| Ok(view.now())).unwrap();
    assert_eq!(of(&flow, ANNA)[0].until_ms, Some(now.plus_ms(ONE_HOUR_MS).0));
    flow.refresh_token("web");
    let access = of(&flow, ANNA).pop().unwrap();
    let family_ends = now.plus_ms(u64::from(flow.world.realm().row.refresh_token_seconds) * 1000).0;
    assert_eq!((access.remembered, access.until_ms), (true, Some(family_ends)));
    flow.world.pass(3_600);
    assert_eq!(told(&flow), [("web".to_owned(), false, ALL.to_owned())]);
    flow.sign_in(ANNA);
    flow.approve(&format!("{WEB}&prompt=consent"), Some((ALL, Remember::UntilRevoked))).unwrap();
    assert_eq!(of(&flow, ANNA)[0].until_ms, None, "what lasts has no end");
}

#[test]
fn what_counts_no_more_is_not_told() {
    let flow = Flow::new();
    flow.refresh_token("web");
    flow.refresh_token("app");
    assert_eq!(told(&flow).len(), 2);
    flow.end_approvals("web");
    assert_eq!(told(&flow).len(), 1);
    flow.world.pass(u64::from(flow.world.realm().row.refresh_token_seconds));
    assert_eq!(told(&flow), []);
    flow.sign_in(ANNA);
    flow.approve(WEB, Some((ALL, Remember::UntilRevoked))).unwrap();
    assert_eq!(told(&flow).len(), 1);
    let gone = flow.world.decided(|tx| client::delete(tx, &vo(), &id("web"), &actor()));
    assert!(gone.is_ok());
    assert_eq!(told(&flow), [], "an approval of a client that is gone allows nobody anything");
}

#[test]
fn what_was_allowed_last_is_told_first_and_so_many_at_most() {
    let flow = Flow::new();
    flow.refresh_token("web");
    flow.world.pass(1);
    native_token(&flow);
    let order: Vec<String> = told(&flow).into_iter().map(|(client, _, _)| client).collect();
    assert_eq!(order, ["native", "web"]);
    for number in 0..MAX_ACCESSES {
        let client = format!("c{number}");
        let fields = ClientPatch {
            grant_types: Some(vec!["authorization_code".into()]),
            redirect_uris: Some(vec!["https://rp.example/cb".into()]),
            ..ClientPatch::default()
        };
        flow.world.client(&client, "openid", fields);
        flow.world.commit(|tx| {
            let at = Place { user: ANNA, client: &id(&client), redirect_uri: "https://rp.example/cb" };
            remember(tx, &vo(), &at, &ScopeList::parse("openid").unwrap(), Remember::UntilRevoked).unwrap();
        });
    }
    let all = flow.world.store.look(|view| accesses(view, &vo(), ANNA)).unwrap();
    assert_eq!((all.clients.len(), all.more), (MAX_ACCESSES, true));
    assert_eq!(take_back(&flow, "native"), Ok(()));
    assert_eq!(take_back(&flow, "web"), Ok(()));
    let all = flow.world.store.look(|view| accesses(view, &vo(), ANNA)).unwrap();
    assert_eq!((all.clients.len(), all.more), (MAX_ACCESSES, false));
}
