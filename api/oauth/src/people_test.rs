//! What people's tokens are worth: from the code to the end of everything.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use woad_identity::client::ClientPatch;

use crate::people_testing::{ANNA, APP, CHALLENGE, VERIFIER, WEB, WEB_SCOPES, web_basic};
use crate::testing::{Answer, FORM, World};

/// How many present one code or token at once.
const AT_ONCE: usize = 50;

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}"))
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_sign_in_gives_tokens_about_its_person() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let query = format!("{WEB}&max_age=60&resource=https%3A%2F%2Fiam.example.org%2F");
    let answer = world.redeem(&world.code(&cookie, &query, WEB_SCOPES).await, "").await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let body = answer.json();
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "token_type", "refresh_token", "expires_in", "scope", "id_token"]);
    assert_eq!((text(&body, "token_type"), text(&body, "scope")), ("Bearer", WEB_SCOPES));
    assert_eq!(body["expires_in"], 3600);

    let access = claims(text(&body, "access_token"));
    assert_eq!((text(&access, "sub"), text(&access, "client_id")), (ANNA.to_string().as_str(), "web"));
    assert_eq!((text(&access, "scope"), text(&access, "aud")), (WEB_SCOPES, "https://iam.example.org/"));
    let id = claims(text(&body, "id_token"));
    assert_eq!((text(&id, "sub"), text(&id, "aud"), text(&id, "nonce")), (text(&access, "sub"), "web", "n1"));
    assert_eq!(id["amr"], json!(["pwd"]));
    assert!(id["auth_time"].is_u64() && id["at_hash"].is_string());

    let told = world.userinfo(text(&body, "access_token")).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    assert_eq!((text(&told, "sub"), text(&told, "preferred_username")), (text(&access, "sub"), "anna"));
    assert_eq!((text(&told, "name"), text(&told, "email")), ("Anna Müller", "anna@example.org"));
    let seen = world.introspect(text(&body, "access_token")).await;
    assert_eq!((&seen["active"], text(&seen, "username")), (&json!(true), "anna"));
}

#[tokio::test]
async fn tokens_are_given_for_what_was_granted() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let plain = WEB.replace("openid+profile+email+offline_access", "storage.read:/a");
    let body = world.redeem(&world.code(&cookie, &plain, "storage.read:/a").await, "").await.json();
    assert!(body.get("id_token").is_none() && body.get("refresh_token").is_none());
    assert_eq!(world.userinfo(text(&body, "access_token")).await.status, 403, "no openid, no userinfo");

    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let body = world.redeem(&code, "&expires_in=60").await.json();
    assert_eq!(body["expires_in"], 60);
}

/// Section 4.3: codes.
#[tokio::test]
async fn a_code_is_good_for_its_client_redirect_and_verifier() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let public = world.code(&cookie, APP, "openid offline_access").await;
    let at = |code: &str, more: &str| format!("grant_type=authorization_code&code={code}{more}");
    let cb = "&redirect_uri=https%3A%2F%2Frp.example%2Fcb";
    let app = "&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb";
    let long = "a".repeat(60_000);
    for (client, form) in [
        ("other", at(&code, cb)),
        ("web", at(&code, "")),
        ("web", at(&code, "&redirect_uri=https%3A%2F%2Frp.example%2Fcb%2F")),
        ("web", at(&code, &format!("{cb}&code_verifier={VERIFIER}"))),
        ("web", at(&code[..42], cb)),
        ("web", at("%27%20OR%201%3D1", cb)),
        ("web", at(&long, cb)),
        ("app", at(&public, app)),
        ("app", at(&public, &format!("{app}&code_verifier={}", "x".repeat(43)))),
        ("app", at(&public, &format!("{app}&code_verifier={CHALLENGE}"))),
        ("app", at(&public, &format!("{app}&code_verifier=short"))),
        ("app", at(&code, &format!("{cb}&client_id=app"))),
    ] {
        let answer = match client {
            "app" => world.call("POST", "/token", &[(CONTENT_TYPE.as_str(), FORM)], &form).await,
            _ => world.form("/token", client, &form).await,
        };
        assert_eq!(answer.error(), (400, "invalid_grant".to_owned()), "{client} {form:.90}: {}", answer.text);
        assert_eq!(answer.json()["error_description"], "Invalid authorization code");
    }
    let none = world.form("/token", "web", "grant_type=authorization_code").await;
    assert_eq!(none.error(), (400, "invalid_request".to_owned()));
    assert_eq!(world.redeem(&code, "").await.status, 200, "none of this used the code up");
    assert_eq!(world.redeem_public(&public).await.status, 200);
    let more = world.redeem(&world.code(&cookie, WEB, WEB_SCOPES).await, "&resource=https%3A%2F%2Fa%23f").await;
    assert_eq!(more.error(), (400, "invalid_target".to_owned()));
    let late = world.code(&cookie, WEB, WEB_SCOPES).await;
    world.pass(60);
    assert_eq!(world.redeem(&late, "").await.error(), (400, "invalid_grant".to_owned()));
}

/// A public client names itself in the form; whoever has a secret must use it, the registered way.
#[tokio::test]
async fn each_client_authenticates_in_its_own_way() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let public = world.code(&cookie, APP, "openid offline_access").await;
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Frp.example%2Fcb");
    let post = |form: String| {
        let world = &world;
        async move { world.call("POST", "/token", &[(CONTENT_TYPE.as_str(), FORM)], &form).await }
    };
    let unproved = post(format!("{form}&client_id=web")).await;
    assert_eq!(unproved.error(), (401, "invalid_client".to_owned()));
    let in_form = post(format!("{form}&client_id=web&client_secret={}", crate::testing::secret("web"))).await;
    assert_eq!(in_form.error(), (401, "invalid_client".to_owned()));
    let with_secret = post("grant_type=refresh_token&refresh_token=x&client_id=app&client_secret=x".to_owned()).await;
    assert_eq!(with_secret.error(), (401, "invalid_client".to_owned()));
    assert_eq!(world.redeem(&code, "").await.status, 200);
    assert_eq!(world.redeem_public(&public).await.status, 200);
    let headers = [(CONTENT_TYPE.as_str(), FORM)];
    let asked = world.call("POST", "/introspect", &headers, "token=x&client_id=app").await;
    assert_eq!(asked.error(), (401, "invalid_client".to_owned()), "IR01: a public client is told nothing");
    let own = post("grant_type=client_credentials&client_id=app".to_owned()).await;
    assert_eq!(own.error(), (400, "unauthorized_client".to_owned()));
}

/// TK06, in turn.
#[tokio::test]
async fn a_second_use_of_a_code_ends_what_the_first_gave() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let body = world.redeem(&code, "").await.json();
    assert_eq!(world.introspect(text(&body, "access_token")).await["active"], true);
    assert_eq!(world.redeem(&code, "").await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(world.introspect(text(&body, "access_token")).await, json!({"active": false}));
    assert_eq!(world.introspect(text(&body, "refresh_token")).await, json!({"active": false}));
    assert_eq!(world.userinfo(text(&body, "access_token")).await.status, 401);
    let refreshed = world.refresh("web", text(&body, "refresh_token"), "").await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned()));
}

async fn at_once(world: &Arc<World>, form: String) -> Vec<Answer> {
    let mut all = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (world, form) = (Arc::clone(world), form.clone());
        all.spawn(async move {
            let authorization = web_basic();
            let headers = [("authorization", authorization.as_str()), (CONTENT_TYPE.as_str(), FORM)];
            world.call("POST", "/token", &headers, &form).await
        });
    }
    all.join_all().await
}

/// TK06, at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_of_a_code_at_once_one_succeeds_and_nothing_of_it_lives_on() {
    let world = Arc::new(World::with_people());
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=https%3A%2F%2Frp.example%2Fcb");
    let answers = at_once(&world, form).await;
    let (given, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((given.len(), refused.len()), (1, AT_ONCE - 1));
    assert!(refused.iter().all(|answer| answer.error() == (400, "invalid_grant".to_owned())));
    let body = given[0].json();
    assert_eq!(world.introspect(text(&body, "access_token")).await, json!({"active": false}));
}

/// E-12: many refreshes at once of one token leave one family state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_uses_of_a_refresh_token_at_once_leave_one_successor() {
    let world = Arc::new(World::with_people());
    let first = world.tokens().await;
    let form = format!("grant_type=refresh_token&refresh_token={}", text(&first, "refresh_token"));
    let answers = at_once(&world, form).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "within the grace all get the answer");
    let mut successors: Vec<_> =
        answers.iter().map(|answer| text(&answer.json(), "refresh_token").to_owned()).collect();
    successors.sort();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    assert_eq!(world.refresh("web", &successors[0], "").await.status, 200);
}

#[tokio::test]
async fn a_public_clients_token_is_good_once() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let body = world.redeem_public(&world.code(&cookie, APP, "openid offline_access").await).await.json();
    let first = text(&body, "refresh_token");
    let second = world.refresh("app", first, "").await.json();
    assert_eq!(world.refresh("app", first, "").await.error(), (400, "invalid_grant".to_owned()));
    let again = world.refresh("app", text(&second, "refresh_token"), "").await;
    assert_eq!(again.error(), (400, "invalid_grant".to_owned()), "the family has ended");
    assert_eq!(world.introspect(text(&second, "access_token")).await, json!({"active": false}));
}

/// What was asked for can't be had: nothing is used up for it, or the next try would count as a theft.
#[tokio::test]
async fn a_token_that_would_be_too_large_costs_neither_code_nor_refresh_token() {
    let world = World::with_people();
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    let many = (0..12).map(|n| format!("&audience={n}{}", "a".repeat(1_000))).collect::<Vec<_>>().concat();
    let before = world.revision();
    assert_eq!(world.redeem(&code, &many).await.error(), (400, "invalid_request".to_owned()));
    assert_eq!(world.revision(), before);
    let body = world.redeem(&code, "").await.json();
    let token = text(&body, "refresh_token");
    let before = world.revision();
    assert_eq!(world.refresh("web", token, &many).await.error(), (400, "invalid_request".to_owned()));
    assert_eq!(world.revision(), before);
    assert_eq!(world.refresh("web", token, "").await.status, 200);
}

/// Section 4.3: refresh tokens.
#[tokio::test]
async fn a_refresh_token_is_good_for_its_client_and_for_no_more() {
    let world = World::with_people();
    let keep = ClientPatch { reuse_refresh_token: Some(true), ..ClientPatch::default() };
    world.patch("web", &keep);
    let body = world.tokens().await;
    let token = text(&body, "refresh_token");
    let before = world.revision();
    for (client, token, more, error) in [
        ("other", token, "", "invalid_grant"),
        ("web", &token[..token.len() - 1], "", "invalid_grant"),
        ("web", text(&body, "access_token"), "", "invalid_grant"),
        ("web", "nonsense", "", "invalid_grant"),
        ("web", token, "&scope=openid+storage.read:/", "invalid_scope"),
        ("web", token, "&scope=%22", "invalid_scope"),
        ("web", token, "&expires_in=0", "invalid_request"),
        ("web", token, "&resource=x", "invalid_target"),
        ("web", "", "", "invalid_request"),
    ] {
        let answer = world.refresh(client, token, more).await;
        assert_eq!(answer.error(), (400, error.to_owned()), "{client} {more}: {}", answer.text);
        assert!(token.is_empty() || !answer.text.contains(token), "no error repeats a token");
    }
    let narrow =
        world.refresh("web", token, "&scope=openid&resource=https%3A%2F%2Fse.example&expires_in=30").await.json();
    assert_eq!((text(&narrow, "scope"), &narrow["expires_in"]), ("openid", &json!(30)));
    assert_eq!(claims(text(&narrow, "access_token"))["aud"], "https://se.example");
    assert_eq!(text(&narrow, "refresh_token"), token, "the client keeps its token");
    assert!(narrow["id_token"].is_string() && claims(text(&narrow, "id_token")).get("nonce").is_none());
    assert_eq!(world.revision(), before, "and nothing is written");
    let whole = world.refresh("web", token, "").await.json();
    assert_eq!(text(&whole, "scope"), WEB_SCOPES, "a narrower token does not narrow the grant");
}

/// TK12, IR07: from the moment that a suspension was answered.
#[tokio::test]
async fn nothing_of_a_suspended_person_counts() {
    let world = World::with_people();
    let body = world.tokens().await;
    let (access, refresh) = (text(&body, "access_token"), text(&body, "refresh_token"));
    let cookie = world.sign_in();
    let code = world.code(&cookie, WEB, WEB_SCOPES).await;
    world.set_active(false);
    let answer = world.refresh("web", refresh, "").await;
    assert_eq!(answer.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(answer.json()["error_description"], "User anna is not active.");
    assert_eq!(world.redeem(&code, "").await.json()["error_description"], "User anna is not active.");
    assert_eq!(world.userinfo(access).await.status, 401);
    assert_eq!(world.introspect(access).await, json!({"active": false}));
    assert_eq!(world.introspect(refresh).await, json!({"active": false}));
    assert!(world.authorize(WEB, Some(&cookie)).await.location().starts_with("/login?"));
    world.set_active(true);
    assert_eq!(world.refresh("web", refresh, "").await.error(), (400, "invalid_grant".to_owned()), "nor is it revived");
    assert_eq!(world.userinfo(access).await.status, 401);
    assert_eq!(world.userinfo(text(&world.tokens().await, "access_token")).await.status, 200);
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_its_access_tokens() {
    let world = World::with_people();
    let body = world.tokens().await;
    let (access, refresh) = (text(&body, "access_token"), text(&body, "refresh_token"));
    assert_eq!(world.introspect(refresh).await["active"], true);
    let others = world.form("/revoke", "other", &format!("token={refresh}")).await;
    assert_eq!((others.status.as_u16(), &world.introspect(refresh).await["active"]), (200, &json!(true)), "IR06");
    let own = world.form("/revoke", "web", &format!("token={refresh}&token_type_hint=nonsense")).await;
    assert_eq!(own.status, 200);
    assert_eq!(world.introspect(access).await, json!({"active": false}));
    assert_eq!(world.introspect(refresh).await, json!({"active": false}));
    assert_eq!(world.refresh("web", refresh, "").await.error(), (400, "invalid_grant".to_owned()));
}

/// Section 4.4: userinfo.
#[tokio::test]
async fn userinfo_is_for_an_access_token_about_a_person() {
    let world = World::with_people();
    let body = world.tokens().await;
    let access = text(&body, "access_token");
    let bearer = format!("Bearer {access}");
    let form = format!("access_token={access}");
    let posted = world.call("POST", "/userinfo", &[(CONTENT_TYPE.as_str(), FORM)], &form).await;
    assert_eq!((posted.status.as_u16(), &posted.json()["sub"]), (200, &json!(ANNA.to_string())));
    assert_eq!(posted.headers["access-control-allow-origin"], "*");
    let header = world.call("POST", "/userinfo", &[("authorization", &bearer)], "").await;
    assert_eq!(header.status, 200);

    let robot = format!("Bearer {}", world.token("reader", "").await);
    let id_token = format!("Bearer {}", text(&body, "id_token"));
    let refresh = format!("Bearer {}", text(&body, "refresh_token"));
    for (authorization, status, error) in [
        (None, 401, ""),
        (Some(robot.as_str()), 403, "insufficient_scope"),
        (Some(id_token.as_str()), 401, "invalid_token"),
        (Some(refresh.as_str()), 401, "invalid_token"),
        (Some("Bearer nonsense"), 401, "invalid_token"),
    ] {
        let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().collect();
        let answer = world.call("GET", "/userinfo", &headers, "").await;
        assert_eq!(answer.status, status, "{error}: {}", answer.text);
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer ") && challenge.contains(error), "{challenge}");
    }
    let both = [("authorization", bearer.as_str()), (CONTENT_TYPE.as_str(), FORM)];
    assert_eq!(world.call("POST", "/userinfo", &both, &form).await.status, 400);
    assert_eq!(world.get(&format!("/userinfo?{form}")).await.status, 400);
}

#[tokio::test]
async fn tokens_are_counted_by_their_grant() {
    let world = World::with_people();
    let body = world.tokens().await;
    world.refresh("web", text(&body, "refresh_token"), "").await;
    world.refresh("web", "x", "").await;
    let text = prometheus::TextEncoder::new().encode_to_string(&world.registry.gather()).unwrap();
    for line in [
        r#"woad_tokens_total{grant="authorization_code",outcome="issued"} 1"#,
        r#"woad_tokens_total{grant="refresh_token",outcome="issued"} 1"#,
        r#"woad_tokens_total{grant="refresh_token",outcome="refused"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
