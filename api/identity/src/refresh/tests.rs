//! When a refresh token is good, and what ends with it.

use serde_json::json;

use super::*;
use crate::authorize::testing::{ANNA, Flow, WEB, claims};
use crate::client::ClientPatch;
use crate::grant::GrantDead;
use crate::ids::RealmId;
use crate::session::testing::set_active;
use crate::testing::{actor, id, vo};
use crate::token::{GrantId, IssueRefused};
use crate::user;

fn families(flow: &Flow) -> usize {
    use raft_store_core::Read;
    flow.world.store.look(|view| view.all::<FamiliesOfUser>(&(vo(), ANNA))).unwrap().len()
}

fn looked(flow: &Flow, token: &str) -> Result<(), RefreshFault> {
    flow.world.store.look(|view| look(view, &vo(), token)).unwrap().map(|_| ())
}

/// What happens to a grant, and why it does not count then.
type Case = (fn(&Flow), GrantDead);

#[test]
fn a_refresh_replaces_the_token() {
    let flow = Flow::new();
    let first = flow.refresh_token("web");
    assert_eq!(looked(&flow, &first), Ok(()));
    let second = flow.refresh("web", &first).unwrap();
    assert_ne!(first, second);
    assert_eq!((looked(&flow, &first), looked(&flow, &second)), (Err(RefreshFault::Replaced), Ok(())));
    assert!(!flow.world.holds(second.as_bytes()), "a token is kept as a hash");
    let refreshed = flow.refresh_with("web", &second, None, &[]).unwrap();
    assert_eq!(refreshed.permit.scopes().to_string(), "openid profile offline_access");
    assert_eq!(families(&flow), 1);
}

/// F-12: the answer was lost, and the client asks again, at another replica.
#[test]
fn within_the_grace_a_confidential_client_gets_the_same_successor_again() {
    let flow = Flow::new();
    let first = flow.refresh_token("web");
    let second = flow.refresh("web", &first).unwrap();
    let before = flow.world.revision();
    flow.world.pass(9);
    assert_eq!(flow.refresh("web", &first).unwrap(), second);
    assert_eq!(flow.world.revision(), before, "and nothing is written");
    let third = flow.refresh("web", &second).unwrap();
    assert_ne!(third, second);
}

#[test]
fn after_the_grace_a_second_use_ends_the_family() {
    let flow = Flow::new();
    let first = flow.refresh_token("web");
    let refreshed = flow.refresh_with("web", &first, None, &[]).unwrap();
    let access = flow.access_token(&refreshed.permit);
    flow.world.pass(10);
    assert!(flow.world.active(&access));
    assert_eq!(flow.refresh("web", &first).unwrap_err(), RefreshError::Reused);
    assert_eq!(flow.last_event(), "refresh.reuse");
    assert_eq!(flow.refresh("web", refreshed.token.reveal()).unwrap_err(), RefreshError::Unknown);
    assert!(!flow.world.active(&access), "its access tokens end with it");
    assert_eq!(families(&flow), 0);
}

#[test]
fn a_token_from_before_the_last_replacement_ends_the_family_also_within_the_grace() {
    let flow = Flow::new();
    let first = flow.refresh_token("web");
    let second = flow.refresh("web", &first).unwrap();
    let third = flow.refresh("web", &second).unwrap();
    assert_eq!(flow.refresh("web", &first).unwrap_err(), RefreshError::Reused);
    assert_eq!(flow.refresh("web", &third).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn a_public_client_has_no_grace() {
    let flow = Flow::new();
    let first = flow.refresh_token("app");
    let second = flow.refresh("app", &first).unwrap();
    assert_eq!(flow.refresh("app", &first).unwrap_err(), RefreshError::Reused);
    assert_eq!(flow.refresh("app", &second).unwrap_err(), RefreshError::Unknown);
}

#[test]
fn nobody_ends_a_family_with_a_token_that_never_was() {
    let flow = Flow::new();
    let token = flow.refresh_token("app");
    let (head, tail) = token.rsplit_once('.').unwrap();
    let before = flow.world.revision();
    let made_up = format!("{head}.{}", "A".repeat(tail.len()));
    for cut in 1..=40 {
        assert_eq!(flow.refresh("app", &token[..token.len() - cut]).unwrap_err(), RefreshError::Unknown);
    }
    for bad in [made_up, token.to_lowercase(), format!("{token}{token}"), format!("{token}="), String::new()] {
        assert_eq!(flow.refresh("app", &bad).unwrap_err(), RefreshError::Unknown, "{bad}");
    }
    assert_eq!(flow.refresh("web", &token).unwrap_err(), RefreshError::OtherClient);
    assert_eq!(flow.world.revision(), before);
    assert!(flow.refresh("app", &token).is_ok());
}

#[test]
fn a_client_may_keep_its_token_and_writes_nothing_then() {
    let flow = Flow::new();
    flow.patch("web", &ClientPatch { reuse_refresh_token: Some(true), ..ClientPatch::default() });
    let token = flow.refresh_token("web");
    let before = flow.world.revision();
    assert_eq!(flow.refresh("web", &token).unwrap(), token);
    assert_eq!(flow.refresh("web", &token).unwrap(), token);
    assert_eq!(flow.world.revision(), before);
}

#[test]
fn a_public_client_keeps_no_token() {
    let flow = Flow::new();
    flow.patch("app", &ClientPatch { reuse_refresh_token: Some(true), ..ClientPatch::default() });
    let first = flow.refresh_token("app");
    assert_ne!(flow.refresh("app", &first).unwrap(), first);
}

/// TK11: an optional group is told only where its person saw that it is asked for.
#[test]
fn a_group_by_name_is_no_part_of_the_grant_of_all_groups() {
    let flow = Flow::new();
    let scope = Some("openid offline_access wlcg.groups".into());
    flow.patch("web", &ClientPatch { scope, ..ClientPatch::default() });
    let begun = |groups: &str| {
        let query = WEB.replace("profile%20offline_access", &format!("offline_access%20{groups}"));
        flow.redeem(&flow.code(&query)).unwrap().refresh.unwrap().reveal().to_owned()
    };
    let named = "wlcg.groups:/cms/ALARM";
    let (all, one) = (begun("wlcg.groups"), begun(&named.replace(':', "%3A")));
    for (token, asked) in [(&all, named), (&one, "wlcg.groups:/cms"), (&one, "wlcg.groups")] {
        let refused = flow.refresh_with("web", token, Some(asked), &[]).unwrap_err();
        assert!(matches!(refused, RefreshError::Scope(_)), "{asked}: {refused}");
    }
    for (token, asked) in [(&all, "wlcg.groups"), (&one, named)] {
        assert_eq!(flow.refresh_with("web", token, Some(asked), &[]).unwrap().permit.scopes().to_string(), asked);
    }
}

#[test]
fn a_client_may_have_its_access_tokens_ended_by_each_refresh() {
    for keeps in [true, false] {
        let flow = Flow::new();
        let patch = ClientPatch {
            reuse_refresh_token: Some(keeps),
            clear_access_tokens_on_refresh: Some(true),
            ..ClientPatch::default()
        };
        flow.patch("web", &patch);
        let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
        let first = flow.access_token(&redeemed.permit);
        let refreshed = flow.refresh_with("web", redeemed.refresh.unwrap().reveal(), None, &[]).unwrap();
        let second = flow.access_token(&refreshed.permit);
        assert!(!flow.world.active(&first) && flow.world.active(&second));
        let again = flow.refresh("web", refreshed.token.reveal());
        assert!(again.is_ok(), "the family itself goes on");
    }
}

/// TK10: whatever it is used for, it ends.
#[test]
fn a_family_ends_with_its_time() {
    let flow = Flow::new();
    let token = flow.refresh_token("web");
    flow.world.pass(2_592_000 - 1);
    let token = flow.refresh("web", &token).unwrap();
    flow.world.pass(1);
    assert_eq!(flow.refresh("web", &token).unwrap_err(), RefreshError::Unknown);

    flow.patch("web", &ClientPatch { refresh_token_validity_seconds: Some(60), ..ClientPatch::default() });
    flow.sign_in(ANNA);
    let token = flow.refresh_token("web");
    flow.world.pass(60);
    assert_eq!(looked(&flow, &token), Err(RefreshFault::Unknown));
}

/// TK11.
#[test]
fn scope_and_audience_are_narrowed_and_never_widened() {
    let flow = Flow::new();
    let query = format!("{WEB}&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example")
        .replace("profile", "storage.read:/data");
    let token = flow.redeem(&flow.code(&query)).unwrap().refresh.unwrap().reveal().to_owned();
    let scope = |asked| flow.refresh_with("web", &token, Some(asked), &[]).map(|done| done.permit.scopes().to_string());
    // The token is kept, so that one serves the whole table.
    flow.patch("web", &ClientPatch { reuse_refresh_token: Some(true), ..ClientPatch::default() });
    assert_eq!(scope("openid").unwrap(), "openid");
    assert_eq!(scope("storage.read:/data/x openid").unwrap(), "storage.read:/data/x openid");
    for wider in ["profile", "openid email", "storage.read:/", "storage.read:/data2", "storage.read:/data/../x"] {
        assert!(matches!(scope(wider), Err(RefreshError::Scope(_))), "{wider}");
    }
    assert_eq!(scope("").unwrap(), "openid storage.read:/data offline_access");

    let aud = |asked: &[&str]| {
        let done = flow.refresh_with("web", &token, None, asked)?;
        Ok::<_, RefreshError>(claims(&flow.access_token(&done.permit))["aud"].clone())
    };
    assert_eq!(aud(&["https://a.example"]).unwrap(), json!("https://a.example"));
    assert_eq!(aud(&[]).unwrap(), json!(["https://a.example", "https://b.example"]), "the family keeps its own");
    assert_eq!(aud(&["https://c.example"]).unwrap_err(), RefreshError::Audience);
}

#[test]
fn a_scope_taken_from_the_client_is_not_refreshed() {
    let flow = Flow::new();
    let token = flow.refresh_token("web");
    flow.patch("web", &ClientPatch { scope: Some("openid offline_access".into()), ..ClientPatch::default() });
    let refreshed = flow.refresh_with("web", &token, None, &[]).unwrap();
    assert_eq!(refreshed.permit.scopes().to_string(), "openid offline_access");
    flow.patch("web", &ClientPatch { scope: Some("email".into()), ..ClientPatch::default() });
    let error = flow.refresh("web", refreshed.token.reveal()).unwrap_err();
    assert_eq!(error, RefreshError::NoScope, "and nothing is not everything");
}

#[test]
fn a_client_without_the_grant_refreshes_nothing() {
    let flow = Flow::new();
    let token = flow.refresh_token("web");
    let only_codes = Some(vec!["authorization_code".to_owned()]);
    flow.patch("web", &ClientPatch { grant_types: only_codes, ..ClientPatch::default() });
    let error = flow.refresh("web", &token).unwrap_err();
    assert!(matches!(error, RefreshError::Refused(IssueRefused::Grant(_))), "{error}");
}

/// TK12.
#[test]
fn a_family_dies_with_what_it_rests_on() {
    let cases: [Case; 4] = [
        (|flow| set_active(&flow.world, ANNA, false), GrantDead::UserInactive("anna".into())),
        (
            |flow| {
                set_active(&flow.world, ANNA, false);
                set_active(&flow.world, ANNA, true);
            },
            GrantDead::UserEnded,
        ),
        (|flow| flow.world.decided(|tx| user::delete(tx, &vo(), ANNA, &actor())).unwrap(), GrantDead::UserGone),
        (|flow| flow.end_approvals("web"), GrantDead::ConsentRemoved),
    ];
    for (kill, why) in cases {
        let flow = Flow::new();
        let first = flow.refresh_token("web");
        let second = flow.refresh("web", &first).unwrap();
        kill(&flow);
        assert_eq!(looked(&flow, &second), Err(RefreshFault::Dead(why.clone())));
        assert_eq!(flow.refresh("web", &second).unwrap_err(), RefreshError::Dead(why));
    }
}

#[test]
fn a_later_family_lives_when_an_earlier_one_was_ended() {
    let flow = Flow::new();
    let first = flow.refresh_token("web");
    flow.end_approvals("web");
    let second = flow.refresh_token("web");
    assert!(flow.refresh("web", &first).is_err());
    let second = flow.refresh("web", &second).unwrap();
    assert!(flow.refresh("web", &second).is_ok(), "a replacement does not make a family younger or older");
}

/// IR05, IR06.
#[test]
fn revoking_ends_the_family_and_its_access_tokens() {
    let flow = Flow::new();
    let redeemed = flow.redeem(&flow.code(WEB)).unwrap();
    let (access, token) = (flow.access_token(&redeemed.permit), redeemed.refresh.unwrap());
    let revoke = |client, realm: &RealmId, token: &str| {
        flow.world.store.run(|tx| super::revoke(tx, realm, &id(client), token, &actor())).unwrap()
    };
    assert_eq!(revoke("other", &vo(), token.reveal()), RefreshRevocation::NotTheCallers);
    assert_eq!(revoke("web", &vo(), "wr1.x.y"), RefreshRevocation::Unknown);
    assert!(flow.world.active(&access));
    assert_eq!(revoke("web", &vo(), token.reveal()), RefreshRevocation::Revoked);
    assert_eq!(flow.last_event(), "refresh.revoke");
    assert!(!flow.world.active(&access));
    assert_eq!(flow.refresh("web", token.reveal()).unwrap_err(), RefreshError::Unknown);
    assert_eq!(revoke("web", &vo(), token.reveal()), RefreshRevocation::Unknown);
}

/// TK29.
#[test]
fn the_oldest_family_goes_for_one_too_many() {
    let flow = Flow::new();
    let oldest = flow.refresh_token("web");
    let held = flow.world.store.look(|view| look(view, &vo(), &oldest)).unwrap().unwrap().family.row.grant.unwrap();
    let (realm, client) = (flow.world.realm(), flow.client("web"));
    flow.world.pass(1);
    let seed = |n: u8| {
        let grant = GrantId([n; 16]);
        flow.world.commit(|tx| {
            begin(tx, &realm, client.record(), grant, held.clone(), &[n; 32]).unwrap();
        });
    };
    for n in 0..u8::try_from(MAX_FAMILIES_PER_CLIENT).unwrap() - 1 {
        seed(100 + n);
    }
    assert_eq!(looked(&flow, &oldest), Ok(()));
    let newest = flow.refresh_token("app");
    assert_eq!((looked(&flow, &oldest), looked(&flow, &newest)), (Ok(()), Ok(())), "another client's is not counted");
    seed(99);
    assert_eq!(families(&flow), MAX_FAMILIES_PER_CLIENT + 1);
    assert_eq!(looked(&flow, &oldest), Err(RefreshFault::Unknown));
}

/// TK08: whichever commits first, the other is evaluated again on what it left.
#[test]
fn two_uses_at_once_conflict() {
    let flow = Flow::new();
    let (token, realm, client) = (flow.refresh_token("app"), flow.world.realm(), flow.client("app"));
    let audience = crate::audience::Audience::default();
    let presented =
        PresentedRefresh { token: &token, scopes: None, audience: &audience, expires_in: None, seed: &[5; 32] };
    let use_it = |tx: &mut raft_store_core::Tx<'_>| redeem(tx, &realm, &client, &presented, &actor());
    assert!(flow.world.race(use_it, use_it));
    let suspend = |tx: &mut raft_store_core::Tx<'_>| user::set_status(tx, &vo(), ANNA, false, &actor());
    assert!(flow.world.race(suspend, use_it), "and a suspension conflicts with a refresh");
}

#[test]
fn what_a_deleted_person_leaves_is_removed() {
    let flow = Flow::new();
    flow.refresh_token("web");
    flow.refresh_token("app");
    let step = |limit| flow.world.store.run(|tx| purge(tx, &vo(), ANNA, limit).map(raft_store_core::Outcome::Commit));
    assert_eq!((step(1).unwrap(), step(5).unwrap(), step(5).unwrap()), (1, 1, 0));
}
