//! When a code is good, and what it takes with it.

use raft_store_core::{Outcome, Tx};
use serde_json::json;

use super::*;
use crate::audience::Audience;
use crate::authorize::testing::{ANNA, BEN, Flow, VERIFIER, WEB, challenge, claims, public};
use crate::client::{ClientNotBefore, ClientPatch};
use crate::grant::GrantDead;
use crate::realm::RealmNotBefore;
use crate::session::testing::set_active;
use crate::testing::{actor, id, vo};
use crate::token::ConsentNotBefore;
use crate::{session, user};

/// What happens to a grant, and why it does not count then.
type Case = (fn(&Flow), GrantDead);

#[test]
fn a_code_gives_what_was_granted_once() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    let redeemed = flow.redeem(&code).unwrap();
    assert_eq!(redeemed.permit.scopes().to_string(), "openid profile offline_access");
    assert_eq!((redeemed.nonce.as_deref(), redeemed.auth_time_asked), (Some("n1"), false));
    assert_eq!(redeemed.user.key.1, ANNA);
    assert!(redeemed.permit.has_id_token() && redeemed.refresh.is_some());
    assert!(!flow.world.holds(code.as_bytes()), "a code is kept as its hash");
    assert!(!flow.world.holds(redeemed.refresh.unwrap().reveal().as_bytes()), "and so is a refresh token");
}

#[test]
fn a_second_use_ends_everything_the_first_gave() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    let redeemed = flow.redeem(&code).unwrap();
    let (access, refresh) = (flow.access_token(&redeemed.permit), redeemed.refresh.unwrap());
    assert!(flow.world.active(&access));

    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Reused);
    assert_eq!(flow.last_event(), "code.reuse");
    assert!(!flow.world.active(&access));
    assert!(flow.refresh("web", refresh.reveal()).is_err());

    let before = flow.world.revision();
    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Reused);
    assert_eq!(flow.world.revision(), before, "noticed once");
    let other = flow.redeem(&flow.code(WEB)).unwrap();
    assert!(flow.world.active(&flow.access_token(&other.permit)), "another grant is untouched");
}

#[test]
fn who_cannot_show_the_proofs_neither_uses_nor_ends_anything() {
    let flow = Flow::new();
    let (plain, proved) = (flow.code(WEB), flow.code(&format!("{WEB}&{}", pkce())));
    let refused = |client: &str, code: &str, change: for<'a> fn(&mut PresentedCode<'a>), error: &RedeemError| {
        let before = flow.world.revision();
        assert_eq!(flow.redeem_with(client, code, change).unwrap_err(), *error);
        assert_eq!(flow.world.revision(), before, "nothing is written");
    };
    let wrong = |used: bool| {
        refused("other", &plain, |_| {}, &RedeemError::OtherClient);
        refused("web", &plain, |p| p.redirect_uri = Some("https://rp.example/cb/"), &RedeemError::RedirectUri);
        refused("web", &plain, |p| p.redirect_uri = None, &RedeemError::RedirectUri);
        // AZ05: a verifier without a challenge, and the reverse.
        refused("web", &plain, |p| p.verifier = Some(VERIFIER), &RedeemError::Verifier);
        refused("web", &proved, |_| {}, &RedeemError::Verifier);
        refused("web", &proved, |p| p.verifier = Some(&VERIFIER[1..]), &RedeemError::Verifier);
        refused("web", &proved, |p| p.verifier = Some("short"), &RedeemError::Verifier);
        assert!(!used || flow.redeem(&plain).unwrap_err() == RedeemError::Reused);
    };
    wrong(false);
    assert!(flow.redeem_with("web", &proved, |p| p.verifier = Some(VERIFIER)).is_ok());
    assert!(flow.redeem(&plain).is_ok());
    wrong(true);
}

fn pkce() -> String {
    format!("code_challenge={}&code_challenge_method=S256", challenge())
}

#[test]
fn what_is_no_code_is_unknown() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    let long = "a".repeat(1 << 20);
    for bad in ["", "' OR 1=1", &long, &code[..42], &format!("{code}="), &code.to_uppercase(), &format!(" {code}")] {
        assert_eq!(flow.redeem(bad).unwrap_err(), RedeemError::Unknown, "{bad:.40}");
    }
    assert!(flow.redeem(&code).is_ok());
}

#[test]
fn a_code_lives_for_a_minute() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    flow.world.pass(59);
    let late = flow.code(WEB);
    flow.world.pass(1);
    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Unknown);
    assert!(flow.redeem(&late).is_ok());
}

#[test]
fn a_used_code_is_remembered_for_an_hour() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    flow.redeem(&code).unwrap();
    flow.world.pass(3_599);
    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Reused);
    flow.world.pass(3_600);
    assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Unknown);
}

#[test]
fn a_code_dies_with_what_it_rests_on() {
    let cases: [Case; 6] = [
        (|flow| set_active(&flow.world, ANNA, false), GrantDead::UserInactive("anna".into())),
        (
            |flow| {
                set_active(&flow.world, ANNA, false);
                set_active(&flow.world, ANNA, true);
            },
            GrantDead::UserEnded,
        ),
        (|flow| flow.world.decided(|tx| user::delete(tx, &vo(), ANNA, &actor())).unwrap(), GrantDead::UserGone),
        (|flow| flow.world.commit(|tx| tx.touch::<RealmNotBefore>(&vo())), GrantDead::RealmEnded),
        (|flow| flow.world.commit(|tx| tx.touch::<ClientNotBefore>(&(vo(), id("web")))), GrantDead::ClientEnded),
        (|flow| flow.end_approvals("web"), GrantDead::ConsentRemoved),
    ];
    for (kill, why) in cases {
        let flow = Flow::new();
        let code = flow.code(WEB);
        kill(&flow);
        assert_eq!(flow.redeem(&code).unwrap_err(), RedeemError::Dead(why));
    }
}

#[test]
fn what_concerns_others_ends_no_code() {
    let flow = Flow::new();
    let code = flow.code(WEB);
    set_active(&flow.world, BEN, false);
    flow.end_approvals("other");
    let hash = flow.session.get();
    flow.world.decided(|tx| session::end(tx, &vo(), &hash, session::EndedBy::SignOut, &actor())).unwrap();
    assert!(flow.redeem(&code).is_ok(), "who signs out right after has still signed in");
}

#[test]
fn a_refresh_family_needs_the_scope_and_the_grant() {
    let flow = Flow::new();
    let without = WEB.replace("%20offline_access", "");
    assert!(flow.redeem(&flow.code(&without)).unwrap().refresh.is_none());
    let only_codes = Some(vec!["authorization_code".to_owned()]);
    flow.patch("web", &ClientPatch { grant_types: only_codes, ..ClientPatch::default() });
    assert!(flow.redeem(&flow.code(WEB)).unwrap().refresh.is_none());
}

#[test]
fn an_audience_can_be_narrowed_and_not_widened() {
    let flow = Flow::new();
    let both = format!("{WEB}&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example");
    let aud = |query: &str, asked: &[&str]| {
        let redeemed = flow.redeem_for(&flow.code(query), asked)?;
        Ok::<_, RedeemError>(claims(&flow.access_token(&redeemed.permit))["aud"].clone())
    };
    assert_eq!(aud(&both, &[]).unwrap(), json!(["https://a.example", "https://b.example"]));
    assert_eq!(aud(&both, &["https://b.example"]).unwrap(), json!("https://b.example"));
    assert_eq!(aud(&both, &["https://c.example"]).unwrap_err(), RedeemError::Audience);
    assert_eq!(aud(&both, &["https://a.example", "https://c.example"]).unwrap_err(), RedeemError::Audience);
    assert_eq!(aud(WEB, &["https://c.example"]).unwrap(), json!("https://c.example"), "a part of anyone");
}

#[test]
fn a_public_client_proves_itself_by_its_verifier() {
    let flow = Flow::new();
    let code = flow.code(&public("app", "https://app.example/cb"));
    let redeem = |verifier: Option<&'static str>| {
        flow.redeem_with("app", &code, |presented| {
            presented.redirect_uri = Some("https://app.example/cb");
            presented.verifier = verifier;
        })
    };
    assert_eq!(redeem(None).unwrap_err(), RedeemError::Verifier);
    assert!(redeem(Some(VERIFIER)).is_ok());
}

/// TK06: whichever commits first, the other is evaluated again on what it left.
#[test]
fn two_uses_at_once_conflict() {
    let flow = Flow::new();
    let (code, realm, client) = (flow.code(WEB), flow.world.realm(), flow.client("web"));
    let audience = Audience::default();
    let presented = PresentedCode {
        code: &code,
        redirect_uri: Some("https://rp.example/cb"),
        verifier: None,
        audience: &audience,
        expires_in: None,
        secret: &[9; 32],
    };
    let use_it = |tx: &mut Tx<'_>| redeem(tx, &realm, &client, &presented, &actor());
    let suspend = |tx: &mut Tx<'_>| user::set_status(tx, &vo(), ANNA, false, &actor());
    let take_back = |tx: &mut Tx<'_>| {
        tx.touch::<ConsentNotBefore>(&(vo(), ANNA, id("web")));
        Ok(Outcome::Commit(()))
    };
    assert!(flow.world.race(use_it, use_it));
    assert!(flow.world.race(suspend, use_it) && flow.world.race(take_back, use_it));
}
