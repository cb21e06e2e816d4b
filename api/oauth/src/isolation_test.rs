//! What belongs to one realm or client is of no use to another.

use serde_json::Value;

use crate::testing::{Answer, FORM, HOST_NAME, World, basic, secret};

const GRANT: &str = "grant_type=client_credentials";
const OTHER: &str = "other.example";

/// Two realms with the very same signing keys; `reader` and `watcher` exist in both, `local` only at home.
fn world() -> World {
    let world = World::new();
    world.realm("other", OTHER);
    for client in ["reader", "watcher"] {
        world.client("other", client);
    }
    world.client("vo", "local");
    world
}

async fn at(world: &World, host: &str, path: &str, client: &str, form: &str) -> Answer {
    let headers = [("host", host), ("authorization", &*basic(client, &secret(client))), ("content-type", FORM)];
    world.call("POST", path, &headers, form).await
}

#[tokio::test]
async fn a_client_is_known_in_its_own_realm_alone() {
    let world = world();
    assert_eq!(at(&world, HOST_NAME, "/token", "local", GRANT).await.status, 200);
    for path in ["/token", "/introspect", "/revoke"] {
        let answer = at(&world, OTHER, path, "local", &format!("{GRANT}&token=x")).await;
        assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{path}");
        assert_eq!(answer.json()["error_description"], "Bad client credentials");
    }
}

/// JW08: though the keys are the same ones, the issuer is not.
#[tokio::test]
async fn a_token_counts_in_its_own_realm_alone() {
    let world = world();
    let answer = at(&world, HOST_NAME, "/token", "reader", GRANT).await.json();
    let token = answer["access_token"].as_str().unwrap();
    let active = async |host| at(&world, host, "/introspect", "watcher", &format!("token={token}")).await.text;
    assert!(active(HOST_NAME).await.contains("\"active\":true"));
    assert_eq!(active(OTHER).await, r#"{"active":false}"#);
    // The namesake there can't revoke it either.
    assert_eq!(at(&world, OTHER, "/revoke", "reader", &format!("token={token}")).await.status, 200);
    assert!(active(HOST_NAME).await.contains("\"active\":true"));
    assert_eq!(at(&world, HOST_NAME, "/revoke", "reader", &format!("token={token}")).await.status, 200);
    assert_eq!(active(HOST_NAME).await, r#"{"active":false}"#);
}

/// IR13.
#[tokio::test]
async fn a_realms_documents_name_that_realm_alone() {
    let world = world();
    for (host, not) in [(HOST_NAME, OTHER), (OTHER, HOST_NAME)] {
        let spoof = [("host", host), ("x-forwarded-host", not), ("forwarded", "host=evil"), ("x-original-url", "/x")];
        let answer = world.call("GET", "/.well-known/openid-configuration", &spoof, "").await;
        assert!(answer.text.contains(host) && !answer.text.contains(not) && !answer.text.contains("evil"));
    }
    for host in ["iam.example.org.", "iam.example.org:80", "IAM.EXAMPLE.ORG.evil", "iam.example.org@other.example"] {
        assert_eq!(world.call("GET", "/jwk", &[("host", host)], "").await.status, 421, "{host}");
    }
    for host in ["IAM.Example.ORG", "iam.example.org:443"] {
        assert_eq!(world.call("GET", "/jwk", &[("host", host)], "").await.status, 200, "{host}");
    }
}

/// TK13, bugs 4 and 43: an empty list asks for nothing in particular, so it gives what asking for none gives; no form of
/// asking gives more than the client holds.
#[tokio::test]
async fn no_way_of_asking_widens_the_scope() {
    let world = world();
    let all = "storage.read:/data wlcg.groups openid";
    for (asked, granted) in [
        ("", Some(all)),
        ("&scope=", Some(all)),
        ("&scope=+", Some(all)),
        ("&scope=+++", Some(all)),
        ("&scope=openid+openid++openid", Some("openid")),
        ("&scope=storage.read:/data/+storage.read:/data", Some("storage.read:/data")),
        ("&scope=wlcg.groups:/a", Some("wlcg.groups:/a")),
        ("&scope=*", None),
        ("&scope=.*", None),
        ("&scope=openid%7Cscim", None),
        ("&scope=OpenID", None),
        ("&scope=scim:read", None),
        ("&scope=iam:admin.read", None),
        ("&scope=openid+iam:admin.read", None),
        ("&scope=storage.read", None),
        ("&scope=storage.read:", None),
        ("&scope=storage.read:/", None),
        ("&scope=storage.read:/data*", None),
        ("&scope=storage.read:/data/..;/x", None),
        ("&scope=storage.read:/data/%25c0%25ae%25c0%25ae/x", None),
        ("&scope=storage.modify:/data", None),
        ("&scope=wlcg.groups:/a/../b", None),
        ("&scope=wlcg.groups%0A", None),
    ] {
        let answer = at(&world, HOST_NAME, "/token", "reader", &format!("{GRANT}{asked}")).await;
        match granted {
            Some(scopes) => {
                assert_eq!(answer.json()["scope"], scopes, "{asked}");
                assert_eq!(claims(&answer)["scope"], scopes, "{asked}");
            }
            None => assert!(answer.status == 400 && !answer.text.contains("access_token"), "{asked}: {}", answer.text),
        }
    }
}

/// TK25: the answer, the claims and the truth agree, whatever was asked.
#[tokio::test]
async fn no_way_of_asking_lengthens_a_token() {
    let world = world();
    for (asked, lives) in [
        ("", 3600),
        ("&expires_in=", 3600),
        ("&expires_in=1", 1),
        ("&expires_in=3601", 3600),
        ("&expires_in=4294967296", 3600),
        ("&expires_in=9999999999", 3600),
    ] {
        let answer = at(&world, HOST_NAME, "/token", "reader", &format!("{GRANT}{asked}")).await;
        let claims = claims(&answer);
        assert_eq!(answer.json()["expires_in"], lives, "{asked}");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), lives, "{asked}");
    }
    for bad in ["0", "-1", "%2B1", "1.5", "1e3", "0x10", "99999999999999999999", "NaN", "1+", "+1", "%D9%A1"] {
        let answer = at(&world, HOST_NAME, "/token", "reader", &format!("{GRANT}&expires_in={bad}")).await;
        assert_eq!(answer.error(), (400, "invalid_request".to_owned()), "{bad}");
    }
}

fn claims(answer: &Answer) -> Value {
    use base64::Engine;
    let body = answer.json();
    let part = body["access_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    serde_json::from_slice(&base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// TK26, 4: descriptions are printable ASCII without quotes, inside JSON, whatever was sent.
#[tokio::test]
async fn no_error_repeats_input_that_could_be_markup() {
    let world = world();
    for asked in [
        "scope=%3Cscript%3Ealert(1)%3C/script%3E",
        "resource=%3Cscript%3E",
        "grant_type2=%3Cscript%3E",
        "audience=%3Cscript%3E%09",
        "expires_in=%3Cscript%3E",
    ] {
        let answer = at(&world, HOST_NAME, "/token", "reader", &format!("{GRANT}&{asked}")).await;
        if answer.status.is_client_error() {
            assert_eq!(answer.headers["content-type"], "application/json", "{asked}");
            assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{asked}");
            let text = answer.json()["error_description"].as_str().unwrap().to_owned();
            assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'), "{text}");
        }
    }
}
