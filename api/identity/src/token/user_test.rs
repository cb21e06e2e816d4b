//! Tokens about people: what they say, and when they cease to count.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use raft_store_core::Outcome;
use serde_json::{Value, json};

use super::scene::{Scene, gid, list, uid};
use super::*;
use crate::client::{self, ClientPatch, GrantType};
use crate::grant;
use crate::group;
use crate::keys::TokenFault;
use crate::policy::{Matching, Rule, Selector};
use crate::realm::{NewRealm, Settings};
use crate::refresh;
use crate::testing::{START, actor, id, new_realm, vo};
use crate::user::{self, UserNotBefore, Users};

const ALL: &str = "openid profile email attr offline_access wlcg.groups storage.read:/ scim:read iam:admin.read";

fn realm(settings: Settings) -> NewRealm {
    NewRealm { settings, ..new_realm("vo") }
}

fn wlcg() -> Scene {
    Scene::new(&realm(Settings { default_profile: Profile::Wlcg, ..Settings::default() }), ALL)
}

fn telling(profile: Profile) -> Scene {
    let settings = Settings { default_profile: profile, include_authn_info: true, ..Settings::default() };
    Scene::new(&realm(settings), ALL)
}

fn refused(scene: &Scene, user: u8, by: GrantType) -> IssueRefused {
    scene.redeem("app", user, &list("openid"), by).unwrap_err()
}

fn body(token: &str) -> Value {
    let body = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_token_names_its_person_client_grant_and_commit() {
    let scene = Scene::plain(ALL);
    let claims = scene.claims(&scene.permit("openid profile email"));
    assert_eq!(claims["sub"], uid(1).to_string());
    assert_eq!(claims["client_id"], "app");
    assert_eq!(claims["scope"], "openid profile email");
    let jti = Jti::parse(claims["jti"].as_str().unwrap()).unwrap();
    assert_eq!((jti.grant, jti.revision.0), (Some(GrantId([9; 16])), 0x77));
    for unasked in ["name", "email", "groups", "preferred_username"] {
        assert_eq!(claims[unasked], Value::Null, "{unasked}");
    }
}

#[test]
fn authentication_facts_stand_in_access_tokens_where_the_realm_wants_them() {
    let claims = telling(Profile::Iam).permit("openid profile email attr");
    let claims = telling(Profile::Iam).claims(&claims);
    assert_eq!(claims["name"], "Alice Ayer");
    assert_eq!(claims["groups"], json!(["cms", "cms/ALARM", "cms/uscms"]));
    assert_eq!(claims["email"], "alice@example.org");
    assert_eq!(claims["attr"], json!({"nick": "ally"}));
    let scene = telling(Profile::Wlcg);
    let claims = scene.claims(&scene.permit("openid profile email"));
    assert_eq!((&claims["name"], &claims["groups"]), (&json!("Alice Ayer"), &Value::Null));
    assert_eq!(claims["organisation_name"], Value::Null);
    let claims = scene.claims(&scene.permit("openid"));
    assert_eq!(claims["name"], Value::Null);
}

/// The WLCG profile's examples, on their way through every place that shows groups, and through a refresh.
#[test]
fn groups_keep_the_order_in_which_they_were_asked_for() {
    let scene = wlcg();
    for (scopes, groups) in [
        ("openid wlcg.groups", &["/cms"][..]),
        ("openid wlcg.groups:/cms/uscms wlcg.groups:/cms/ALARM", &["/cms/uscms", "/cms/ALARM", "/cms"]),
        ("wlcg.groups openid wlcg.groups:/cms/uscms wlcg.groups:/cms/ALARM", &["/cms", "/cms/uscms", "/cms/ALARM"]),
    ] {
        let permit = scene.permit(scopes);
        let refreshed = scene.redeem("app", 1, permit.scopes(), GrantType::RefreshToken).unwrap();
        let access = scene.access(scopes);
        let shown = [
            scene.claims(&permit),
            scene.claims(&refreshed),
            body(&scene.id_token(&permit, None, false)),
            scene.introspect("storage", &access),
            scene.userinfo(&access).unwrap(),
        ];
        for shown in shown {
            assert_eq!(shown["wlcg.groups"], json!(groups), "{scopes}: {shown}");
        }
    }
    assert_eq!(scene.claims(&scene.permit("openid"))["wlcg.groups"], Value::Null);
}

#[test]
fn a_group_that_somebody_left_disappears_from_tokens_that_were_issued() {
    let scene = wlcg();
    let token = scene.access("openid wlcg.groups:/cms/uscms wlcg.groups:/cms/ALARM");
    scene.leave(1, 2);
    scene.group(4, "atlas", None, false);
    scene.join(1, 4);
    assert_eq!(scene.introspect("storage", &token)["wlcg.groups"], json!(["/cms/ALARM", "/cms"]));
    assert_eq!(scene.userinfo(&token).unwrap()["wlcg.groups"], json!(["/cms/ALARM", "/cms"]));
    scene.leave(1, 1);
    assert_eq!(scene.introspect("storage", &token)["wlcg.groups"], Value::Null);
    let telling = telling(Profile::Iam);
    let token = telling.access("openid profile");
    telling.leave(1, 2);
    assert_eq!(telling.introspect("storage", &token)["groups"], json!(["cms", "cms/ALARM"]));
    assert_eq!(telling.userinfo(&token).unwrap()["groups"], json!(["cms", "cms/ALARM"]));
}

#[test]
fn what_ends_a_person_ends_their_tokens_at_once() {
    type Act = fn(&Scene);
    let suspend: Act = |scene| {
        scene.decided(|tx| user::set_status(tx, &vo(), uid(1), false, &actor())).unwrap();
    };
    let restored: Act = |scene| {
        scene.decided(|tx| user::set_status(tx, &vo(), uid(1), false, &actor())).unwrap();
        scene.decided(|tx| user::set_status(tx, &vo(), uid(1), true, &actor())).unwrap();
    };
    let end: Act = |scene| {
        scene.decided(|tx| user::set_end_time(tx, &vo(), uid(1), Some(START.0), &actor())).unwrap();
    };
    let delete: Act = |scene| {
        scene.decided(|tx| user::delete(tx, &vo(), uid(1), &actor())).unwrap();
    };
    let gone: Act = |scene| {
        scene.commit(|tx| {
            tx.delete::<Users>(&(vo(), uid(1))).unwrap();
        });
    };
    let other_password: Act = |scene| scene.commit(|tx| tx.touch::<UserNotBefore>(&(vo(), uid(1))));
    let unapproved: Act = |scene| scene.commit(|tx| tx.touch::<ConsentNotBefore>(&(vo(), uid(1), id("app"))));
    let grant_ended: Act = |scene| scene.commit(|tx| end_tokens(tx, &vo(), GrantId([9; 16])).unwrap());
    let disabled: Act = |scene| scene.disable("app");
    for (what, act) in [
        ("suspended", suspend),
        ("suspended and restored", restored),
        ("ended", end),
        ("deleted", delete),
        ("gone", gone),
        ("another password", other_password),
        ("approval removed", unapproved),
        ("grant ended", grant_ended),
        ("client disabled", disabled),
    ] {
        let scene = Scene::plain(ALL);
        scene.person(2, "bob");
        let token = scene.access("openid profile");
        assert_eq!(scene.introspect("storage", &token)["active"], true, "{what}");
        act(&scene);
        assert_eq!(scene.introspect("storage", &token), json!({"active": false}), "{what}");
        assert!(matches!(scene.userinfo(&token), Err(UserinfoRefused::Inactive(_))), "{what}");
    }
}

#[test]
fn what_ends_others_leaves_a_token_alone() {
    let scene = Scene::plain(ALL);
    scene.person(2, "bob");
    scene.app("other", "openid");
    let token = scene.access("openid profile");
    scene.decided(|tx| user::set_status(tx, &vo(), uid(2), false, &actor())).unwrap();
    scene.disable("other");
    scene.commit(|tx| {
        tx.touch::<ConsentNotBefore>(&(vo(), uid(1), id("other")));
        tx.touch::<ConsentNotBefore>(&(vo(), uid(2), id("app")));
        end_tokens(tx, &vo(), GrantId([8; 16])).unwrap();
    });
    assert_eq!(scene.introspect("storage", &token)["active"], true);
}

#[test]
fn an_end_time_that_comes_ends_tokens() {
    let scene = Scene::plain(ALL);
    let end = START.0 + 600_000;
    scene.decided(|tx| user::set_end_time(tx, &vo(), uid(1), Some(end), &actor())).unwrap();
    let token = scene.access("openid");
    scene.pass(599);
    assert!(scene.active(&token));
    scene.pass(1);
    assert!(!scene.active(&token));
    assert_eq!(refused(&scene, 1, GrantType::RefreshToken), IssueRefused::UserInactive("alice".into()));
}

#[test]
fn nobody_inactive_is_issued_anything() {
    let scene = Scene::plain(ALL);
    assert_eq!(refused(&scene, 77, GrantType::AuthorizationCode), IssueRefused::UserGone);
    scene.decided(|tx| user::set_status(tx, &vo(), uid(1), false, &actor())).unwrap();
    for by in [GrantType::AuthorizationCode, GrantType::RefreshToken] {
        let why = refused(&scene, 1, by);
        assert_eq!(why.to_string(), "User alice is not active.");
    }
}

#[test]
fn only_grants_about_people_are_about_people() {
    let scene = Scene::plain(ALL);
    for by in GrantType::ALL.iter().copied() {
        let permitted = scene.redeem("app", 1, &list("openid"), by);
        let served = matches!(by, GrantType::AuthorizationCode | GrantType::RefreshToken);
        assert_eq!(permitted.err(), (!served).then_some(IssueRefused::Grant(by)));
    }
    let codes = ClientPatch {
        grant_types: Some(vec!["authorization_code".into()]),
        redirect_uris: Some(vec!["https://app.example.org/cb".into()]),
        ..ClientPatch::default()
    };
    scene.client("codes", "openid", codes);
    let refreshed = scene.redeem("codes", 1, &list("openid"), GrantType::RefreshToken);
    assert_eq!(refreshed.unwrap_err(), IssueRefused::Grant(GrantType::RefreshToken));
}

/// A grant whose scopes were all filtered asks for none, and not for everything.
#[test]
fn a_grant_without_scopes_stays_without() {
    let scene = Scene::plain(ALL);
    let permit = scene.redeem("app", 1, &list(""), GrantType::RefreshToken).unwrap();
    assert_eq!(permit.scopes(), &list(""));
    assert!(!permit.has_id_token());
    assert_eq!(scene.claims(&permit)["scope"], "");
}

#[test]
fn a_policy_made_later_binds_refreshes_introspection_and_userinfo() {
    let scene = Scene::plain(ALL);
    let asked = "openid profile email storage.read:/x";
    let (permit, token) = (scene.permit(asked), scene.access(asked));
    assert_eq!(permit.scopes().to_string(), asked);
    let whom = Selector::Group(gid(1));
    scene.policy(Rule::Deny, Matching::Path, whom, Some(&["storage.read:/"])).unwrap();
    scene.policy(Rule::Deny, Matching::Equal, whom, Some(&["email"])).unwrap();
    let refreshed = scene.redeem("app", 1, permit.scopes(), GrantType::RefreshToken).unwrap();
    assert_eq!(refreshed.scopes().to_string(), "openid profile");
    let told = scene.introspect("storage", &token);
    assert_eq!((&told["scope"], &told["email"]), (&json!("openid profile"), &Value::Null));
    assert_eq!(scene.userinfo(&token).unwrap()["email"], Value::Null);
}

#[test]
fn what_a_client_lost_its_grants_lose() {
    let scene = Scene::plain(ALL);
    let asked = list("openid profile email");
    let realm = scene.realm();
    let patch = ClientPatch { scope: Some("openid email".into()), ..ClientPatch::default() };
    scene.decided(|tx| client::update(tx, &realm, &id("app"), &patch, &actor())).unwrap();
    let refreshed = scene.redeem("app", 1, &asked, GrantType::RefreshToken).unwrap();
    assert_eq!(refreshed.scopes().to_string(), "openid email");
    assert!(matches!(scene.explain("app", 1, "openid profile").outcome, Err(IssueRefused::Scope(_))));
}

#[test]
fn power_over_the_realm_is_an_administrators_while_they_are_one() {
    let scene = Scene::plain(ALL);
    scene.person(2, "root");
    let asked = "openid scim:read iam:admin.read";
    assert_eq!(scene.permit(asked).scopes().to_string(), "openid");
    let role = |user, on| {
        let authority = user::Authority::Administrator;
        scene.decided(|tx| user::set_authority(tx, &vo(), uid(user), authority, on, &actor())).unwrap();
    };
    role(1, true);
    role(2, true);
    assert_eq!(scene.permit(asked).scopes().to_string(), asked);
    assert_eq!(scene.explain("app", 1, "").outcome.unwrap().to_string(), ALL.replace(" scim:read iam:admin.read", ""));
    let text = scene.access(asked);
    let present = |scene: &Scene| {
        let realm = scene.realm();
        let present = scene.store.look(|view| {
            let token = verify(view, &realm, &scene.keys, &text)?.unwrap();
            let Ok(live) = live(view, &vo(), &token)? else { return Ok(None) };
            present_scopes(view, &realm, &live, &token).map(Some)
        });
        present.unwrap().map(|scopes| scopes.to_string())
    };
    assert_eq!(present(&scene).as_deref(), Some(asked));
    role(1, false);
    assert!(matches!(present(&scene).as_deref(), None | Some("openid")));
}

#[test]
fn introspection_tells_of_the_person_by_scope() {
    let scene = Scene::plain(ALL);
    let told = scene.introspect("storage", &scene.access("openid profile email"));
    assert_eq!(told["sub"], uid(1).to_string());
    assert_eq!(told["username"], "alice");
    assert_eq!(told["name"], "Alice Ayer");
    assert_eq!(told["preferred_username"], "alice");
    assert_eq!(told["groups"], json!(["cms", "cms/ALARM", "cms/uscms"]));
    assert_eq!(told["email"], "alice@example.org");
    let told = scene.introspect("storage", &scene.access("openid"));
    for silent in ["name", "preferred_username", "groups", "email", "organisation_name", "attr"] {
        assert_eq!(told[silent], Value::Null, "{silent}");
    }
}

#[test]
fn userinfo_tells_by_scope_alone() {
    let scene = Scene::plain(ALL);
    assert_eq!(scene.userinfo(&scene.access("openid")).unwrap(), json!({"sub": uid(1).to_string()}));
    assert_eq!(scene.userinfo(&scene.access("profile")), Err(UserinfoRefused::NoOpenId));
    let told = scene.userinfo(&scene.access("openid email")).unwrap();
    assert_eq!(told, json!({"sub": uid(1).to_string(), "email": "alice@example.org", "email_verified": true}));
    scene.client("robot", "openid", ClientPatch::default());
    assert_eq!(scene.userinfo(&scene.token("robot")), Err(UserinfoRefused::NoUser));
}

#[test]
fn an_id_token_says_who_signed_in_when_and_how() {
    let scene = Scene::plain(ALL);
    let permit = scene.permit("openid profile");
    let claims = body(&scene.id_token(&permit, Some("n-0S6_WzA2Mj\"\\"), true));
    assert_eq!(claims["aud"], "app");
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj\"\\");
    assert_eq!(claims["auth_time"], START.0 / 1000 - 5);
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["kid"], "es1");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    assert_eq!(claims["groups"], json!(["cms", "cms/ALARM", "cms/uscms"]));
    let plain = body(&scene.id_token(&permit, None, false));
    for absent in ["nonce", "auth_time", "acr", "azp", "scope", "client_id", "email"] {
        assert_eq!(plain[absent], Value::Null, "{absent}");
    }
    let realm = scene.realm();
    let patch = ClientPatch { require_auth_time: Some(true), ..ClientPatch::default() };
    scene.decided(|tx| client::update(tx, &realm, &id("app"), &patch, &actor())).unwrap();
    let asked = body(&scene.id_token(&scene.permit("openid"), None, false));
    assert_eq!(asked["auth_time"], START.0 / 1000 - 5);

    let ask = IdTokenAsk { nonce: None, auth_time: false, access_token: "x" };
    let without = id_token(&scene.permit("profile"), &ask, &scene.signer(), [1; 16]);
    assert_eq!(without, Err(IdTokenError::NotPermitted));
}

/// OpenID Connect Core §A.3 has this access token and hash.
#[test]
fn at_hash_is_the_left_half_of_the_tokens_hash() {
    let scene = Scene::plain(ALL);
    let ask = IdTokenAsk { nonce: None, auth_time: false, access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y" };
    let token = id_token(&scene.permit("openid"), &ask, &scene.signer(), [1; 16]).unwrap();
    assert_eq!(body(&token)["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
}

#[test]
fn neither_token_passes_for_the_other() {
    for scene in [Scene::plain(ALL), wlcg(), telling(Profile::Iam)] {
        let permit = scene.permit("openid profile email wlcg.groups");
        let (id_token, access) = (scene.id_token(&permit, Some("n"), true), scene.access("openid profile"));
        let realm = scene.realm();
        let as_access = |text: &str| scene.store.look(|view| verify(view, &realm, &scene.keys, text)).unwrap().err();
        let as_hint = |text: &str| scene.store.look(|view| verify_id_token(view, &realm, &scene.keys, text)).unwrap();
        assert_eq!(as_access(&id_token), Some(TokenFault::Malformed));
        assert_eq!(scene.introspect("storage", &id_token), json!({"active": false}));
        assert_eq!(as_hint(&access), Err(TokenFault::Malformed));
        scene.client("robot", "openid", ClientPatch::default());
        assert_eq!(as_hint(&scene.token("robot")), Err(TokenFault::Malformed));
        let hint = as_hint(&id_token).unwrap();
        assert_eq!((hint.user, &hint.client), (uid(1), &id("app")));
        scene.pass(100_000);
        assert_eq!(as_hint(&id_token).unwrap(), hint, "a hint may be old");
        let (head, _) = id_token.rsplit_once('.').unwrap();
        assert!(as_hint(&format!("{head}.{}", access.rsplit('.').next().unwrap())).is_err());
    }
}

#[test]
fn a_sub_that_is_neither_its_client_nor_a_person_is_a_fault() {
    let scene = Scene::plain(ALL);
    let mut claims = scene.claims(&scene.permit("openid"));
    for sub in ["storage", "", "00000000-0000-0000-0000", "app "] {
        claims["sub"] = sub.into();
        let token = scene.signer().sign_jwt(claims.to_string().as_bytes()).unwrap();
        assert!(!scene.active(&token), "{sub}");
    }
}

#[test]
fn revoking_a_token_of_a_person_ends_that_token() {
    let scene = Scene::plain(ALL);
    let token = scene.access("openid");
    assert_eq!(scene.revoke("storage", &token), Revocation::NotTheCallers);
    assert!(scene.active(&token));
    assert_eq!(scene.revoke("app", &token), Revocation::Revoked);
    assert!(!scene.active(&token));
    assert_eq!(scene.revoke("app", "wr1.x.y"), Revocation::UnknownRefresh);
    assert_eq!(scene.introspect("storage", "wr1.x.y"), json!({"active": false}));
}

#[test]
fn a_refresh_token_is_introspected_and_revoked_with_its_grant() {
    let scene = Scene::plain(ALL);
    let (realm, app) = (scene.realm(), scene.login("app").unwrap());
    let asked = "openid profile offline_access";
    let access = scene.access(asked);
    let held = grant::Grant {
        client_id: "app".into(),
        user: uid(1).0.to_vec(),
        scope: asked.into(),
        born_revision: scene.revision().0,
        ..grant::Grant::default()
    };
    let refresh = scene.store.run(|tx| {
        let refresh = refresh::begin(tx, &realm, app.record(), GrantId([9; 16]), held.clone(), &[5; 32])?;
        Ok(Outcome::Commit(refresh))
    });
    let refresh = refresh.unwrap().reveal().to_owned();
    let told = scene.introspect("storage", &refresh);
    let iat = START.0 / 1000;
    assert_eq!(
        told,
        json!({
            "active": true, "scope": asked, "client_id": "app", "exp": iat + 2_592_000, "iat": iat,
            "sub": uid(1).to_string(), "username": "alice", "iss": "https://vo.example.org/",
        })
    );
    scene.policy(Rule::Deny, Matching::Equal, Selector::Everybody, Some(&["profile"])).unwrap();
    assert_eq!(scene.introspect("storage", &refresh)["scope"], "openid offline_access");

    let fields = ClientPatch {
        allow_introspection: Some(true),
        introspect_own_audience_only: Some(true),
        ..ClientPatch::default()
    };
    scene.client("narrow", ALL, fields);
    assert_eq!(scene.introspect("narrow", &refresh), json!({"active": false}));
    assert_eq!(scene.revoke("storage", &refresh), Revocation::NotTheCallers);
    assert!(scene.active(&access));
    assert_eq!(scene.revoke("app", &refresh), Revocation::Revoked);
    assert_eq!(scene.introspect("storage", &refresh), json!({"active": false}));
    assert_eq!(scene.introspect("storage", &access), json!({"active": false}), "its access tokens end with it");
}

#[test]
fn people_in_as_many_groups_as_there_may_be_sign_in() {
    let scene = Scene::plain(ALL);
    let more = u8::try_from(group::MAX_MEMBERSHIPS - 3).unwrap();
    for n in 10..10 + more {
        scene.group(n, &format!("{n}-{}", "a-very-long-name-".repeat(12)), None, false);
        scene.join(1, n);
    }
    let token = scene.id_token(&scene.permit("openid profile"), None, false);
    assert!(token.len() > crate::keys::MAX_TOKEN_BYTES);
    assert_eq!(body(&token)["groups"].as_array().unwrap().len(), group::MAX_MEMBERSHIPS);
}

/// INDIGO's WLCG tokens carry the attributes that are asked for, whatever the realm's setting.
#[test]
fn attributes_stand_in_a_wlcg_token_that_asks_for_them() {
    let scene = wlcg();
    assert_eq!(scene.claims(&scene.permit("openid profile attr"))["attr"], json!({"nick": "ally"}));
    assert_eq!(scene.claims(&scene.permit("openid profile attr"))["name"], Value::Null);
    assert_eq!(scene.claims(&scene.permit("openid"))["attr"], Value::Null);
}
