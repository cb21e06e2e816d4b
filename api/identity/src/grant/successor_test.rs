//! A client that is made anew under the id of one that was deleted is another client (IAM's bug 481, and its mirror).

use super::*;
use crate::authorize::testing::{ANNA, Flow, WEB};
use crate::client::ClientPatch;
use crate::code::RedeemError;
use crate::consent::Remember;
use crate::refresh::RefreshError;
use crate::testing::{actor, id, vo};

/// Deletes the client `web` and makes one that looks the same.
fn replace(flow: &Flow) {
    flow.world.decided(|tx| client::delete(tx, &vo(), &id("web"), &actor())).unwrap();
    flow.world.pass(1);
    let fields = ClientPatch {
        grant_types: Some(vec!["authorization_code".into(), "refresh_token".into()]),
        redirect_uris: Some(vec!["https://rp.example/cb".into()]),
        token_endpoint_auth_method: Some("client_secret_basic".into()),
        ..ClientPatch::default()
    };
    flow.world.client("web", "openid profile email offline_access storage.read:/", fields);
}

#[test]
fn it_inherits_no_code_no_family_and_no_token() {
    let flow = Flow::new();
    let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
    let (access, token) = (flow.access_token(&redeemed.permit), redeemed.refresh.unwrap());
    let code = flow.code(WEB);
    replace(&flow);
    assert!(!flow.world.active(&access));
    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Dead(GrantDead::ClientEnded));
    assert_eq!(flow.refresh("web", token.reveal()).unwrap_err(), RefreshError::Dead(GrantDead::ClientEnded));
    assert!(flow.redeem(&flow.code(WEB)).is_ok(), "and has what is granted to itself");
}

#[test]
fn it_inherits_no_approval() {
    let flow = Flow::new();
    let all = "openid profile offline_access";
    flow.approve(WEB, Some((all, Remember::UntilRevoked))).unwrap();
    assert_eq!(flow.error(WEB), "grant");
    replace(&flow);
    assert_eq!(flow.error(WEB), "consent");
    flow.approve(WEB, Some((all, Remember::UntilRevoked))).unwrap();
    assert_eq!(flow.error(WEB), "grant");
    let listed = flow.world.store.look(|view| crate::consent::list(view, &vo(), ANNA)).unwrap();
    assert_eq!(listed.len(), 1);
}
