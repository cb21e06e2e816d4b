//! What somebody may sign in with elsewhere, single attributes and labels, and which addresses count as verified.

use serde_json::{Value, json};

use crate::testing::{Answer, World};

const USERS: &str = "/v1/realms/vo/users";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const PEM: &str = include_str!("../../identity/testdata/person.pem");

async fn with(names: &[&str]) -> World {
    let world = World::with_realm().await;
    for name in names {
        assert_eq!(world.post(USERS, &json!({ "user_name": name }).to_string()).await.status, 201);
    }
    world
}

fn at(user: &str, rest: &str) -> String {
    format!("{USERS}/name:{user}/{rest}")
}

async fn post(world: &World, user: &str, rest: &str, body: Value) -> Answer {
    world.post(&at(user, rest), &body.to_string()).await
}

/// The kinds of identity in the audit chain's events of this name.
async fn audited(world: &World, what: &str) -> Vec<Value> {
    let events = world.get("/v1/realms/vo/audit").await.json();
    let events = events["events"].as_array().unwrap().iter().map(|event| &event["event"]);
    events.filter(|event| event["what"] == what).map(|event| event["changes"]["kind"].clone()).collect()
}

#[tokio::test]
async fn an_identity_is_added_once_and_removed_once() {
    let names = json!({"subject": "CN=Alice,O=Grid", "issuer": "CN=CA,O=Grid"});
    let account = json!({"kind": "saml", "issuer": "https://idp.example.org", "subject": "42"});
    for (list, member, added, removed) in [
        ("certificates", "certificates", names.clone(), names),
        ("certificates", "certificates", json!({ "pem": PEM }), json!({ "pem": PEM })),
        ("ssh-keys", "ssh_keys", json!({ "value": KEY }), Value::Null),
        ("linked", "linked", account.clone(), account),
    ] {
        let world = with(&["alice", "bob"]).await;
        for _ in 0..2 {
            let shown = post(&world, "alice", list, added.clone()).await;
            assert_eq!(shown.status, 200, "{list}: {}", shown.text);
            assert_eq!(shown.json()[member].as_array().unwrap().len(), 1, "{list}: {}", shown.text);
        }
        let taken = post(&world, "bob", list, added.clone()).await;
        assert_eq!(taken.problem(), (409, "identity-taken".to_owned()), "{list}");
        assert!(!taken.text.contains("alice"), "{}", taken.text);

        let known = match &removed {
            Value::Null => {
                let shown = world.get(&format!("{USERS}/name:alice")).await.json();
                let fingerprint = shown["ssh_keys"][0]["fingerprint"].as_str().unwrap();
                json!({ "fingerprint": format!("SHA256:{fingerprint}") })
            }
            known => known.clone(),
        };
        let not_theirs = post(&world, "bob", &format!("{list}/remove"), known.clone()).await;
        assert_eq!(not_theirs.problem(), (404, "no-such-identity".to_owned()), "{list}");
        let shown = post(&world, "alice", &format!("{list}/remove"), known.clone()).await;
        assert_eq!((shown.status.as_u16(), &shown.json()[member]), (200, &json!([])), "{list}: {}", shown.text);
        let again = post(&world, "alice", &format!("{list}/remove"), known).await;
        assert_eq!(again.problem(), (404, "no-such-identity".to_owned()), "{list}");
        assert_eq!(post(&world, "bob", list, added).await.status, 200, "{list}");

        assert_eq!(audited(&world, "user.link_identity").await.len(), 2, "{list}");
        assert_eq!(audited(&world, "user.unlink_identity").await.len(), 1, "{list}");
    }
}

#[tokio::test]
async fn the_one_that_counts_is_chosen() {
    let world = with(&["alice"]).await;
    let named = |name: &str| json!({"subject": format!("CN={name}"), "issuer": "CN=CA", "label": name});
    post(&world, "alice", "certificates", named("one")).await;
    let mut two = named("two");
    two["primary"] = json!(true);
    let shown = post(&world, "alice", "certificates", two.clone()).await.json();
    let primary = |shown: &Value| -> Vec<bool> {
        shown["certificates"].as_array().unwrap().iter().map(|one| one["primary"].as_bool().unwrap()).collect()
    };
    assert_eq!(primary(&shown), [false, true]);
    let shown = post(&world, "alice", "certificates/remove", two).await.json();
    assert_eq!(primary(&shown), [true]);
}

#[tokio::test]
async fn an_identity_that_is_none_is_refused() {
    let world = with(&["alice"]).await;
    for (list, body, kind) in [
        ("certificates", json!({}), "invalid-user"),
        ("certificates", json!({"subject": "CN=a"}), "invalid-user"),
        ("certificates", json!({"pem": "s3cret"}), "invalid-user"),
        ("certificates", json!({"pem": PEM, "subject": "CN=a", "issuer": "CN=b"}), "invalid-user"),
        ("certificates", json!({"subject": "CN=a", "issuer": "CN=b", "label": "x".repeat(37)}), "invalid-user"),
        ("certificates/remove", json!({"subject": ""}), "invalid-user"),
        ("ssh-keys", json!({"value": "s3cret"}), "invalid-user"),
        ("ssh-keys", json!({"value": format!("command=\"rm\" {KEY}")}), "invalid-user"),
        ("ssh-keys", json!({}), "about:blank"),
        ("ssh-keys/remove", json!({ "value": KEY }), "about:blank"),
        ("linked", json!({"kind": "oidc", "issuer": "", "subject": "1"}), "invalid-user"),
        ("linked", json!({"kind": "ldap", "issuer": "i", "subject": "1"}), "about:blank"),
        ("linked", json!({"kind": "oidc", "issuer": "i"}), "about:blank"),
    ] {
        let answer = post(&world, "alice", list, body.clone()).await;
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{list} {body}: {}", answer.text);
        assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    }
    let nobody = post(&world, "bob", "ssh-keys", json!({ "value": KEY })).await;
    assert_eq!(nobody.problem(), (404, "no-such-user".to_owned()));
    let full = (0..20).map(|n| json!({"kind": "oidc", "issuer": "i", "subject": n.to_string()}));
    for account in full {
        assert_eq!(post(&world, "alice", "linked", account).await.status, 200);
    }
    let one_more = post(&world, "alice", "linked", json!({"kind": "oidc", "issuer": "i", "subject": "x"})).await;
    assert_eq!(one_more.problem(), (400, "invalid-user".to_owned()));
}

#[tokio::test]
async fn one_attribute_or_label_is_set_and_the_others_stay() {
    let world = with(&["alice"]).await;
    let put = async |rest: &str, body: &str| world.call("PUT", &at("alice", rest), &[], body).await;
    for (rest, value) in [("attributes/shell", "sh"), ("attributes/site", "x"), ("attributes/shell", "zsh")] {
        let answer = put(rest, &json!({ "value": value }).to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    for (rest, value) in [("labels/hr.cern%2Fstatus", "ok"), ("labels/plain", ""), ("labels/hr.cern%2Fstatus", "left")]
    {
        let answer = put(rest, &json!({ "value": value }).to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let shown = world.get(&format!("{USERS}/name:alice")).await.json();
    assert_eq!(shown["attributes"], json!([{"name": "shell", "value": "zsh"}, {"name": "site", "value": "x"}]));
    let labels = json!([
        {"prefix": "hr.cern", "name": "status", "value": "left"}, {"prefix": "", "name": "plain", "value": ""}
    ]);
    assert_eq!(shown["labels"], labels);

    // Taking away what is not there is no error.
    for rest in ["attributes/shell", "attributes/shell", "labels/hr.cern%2Fstatus", "labels/hr.cern%2Fstatus"] {
        assert_eq!(world.call("DELETE", &at("alice", rest), &[], "").await.status, 200, "{rest}");
    }
    let shown = world.get(&format!("{USERS}/name:alice")).await.json();
    assert_eq!((shown["attributes"].as_array().unwrap().len(), shown["labels"].as_array().unwrap().len()), (1, 1));

    for (rest, body, kind) in [
        ("attributes/1", r#"{"value":"x"}"#, "invalid-user"),
        ("attributes/a", r#"{"value":null}"#, "about:blank"),
        ("attributes/a", "{}", "about:blank"),
        ("attributes/a", "", "about:blank"),
        ("labels/-%2Fa", r#"{"value":"x"}"#, "invalid-user"),
        ("labels/a%2F", r#"{"value":"x"}"#, "invalid-user"),
    ] {
        let answer = put(rest, body).await;
        assert_eq!(answer.problem(), (400, kind.to_owned()), "{rest} {body}: {}", answer.text);
    }
    let nobody = world.call("DELETE", &at("bob", "attributes/a"), &[], "").await;
    assert_eq!(nobody.problem(), (404, "no-such-user".to_owned()));
}

/// As in INDIGO, an address that an administrator or an import gives is one that somebody has looked at.
#[tokio::test]
async fn addresses_that_an_administrator_or_an_import_gives_are_verified() {
    let world = World::with_realm().await;
    let verified = |shown: &Value| -> Vec<bool> {
        shown["emails"].as_array().unwrap().iter().map(|email| email["verified"].as_bool().unwrap()).collect()
    };
    for (name, provenance) in [("alice", "administrator"), ("bob", "import")] {
        let email = json!([{"value": format!("{name}@example.org"), "primary": true}]);
        let body = json!({"user_name": name, "provenance": provenance, "emails": email});
        assert_eq!(verified(&world.post(USERS, &body.to_string()).await.json()), [true], "{name}");
    }
    // One that says that it is not, is not.
    let emails = json!({"emails": [{"value": "new@example.org"}, {"value": "x@example.org", "verified": false}]});
    let changed = world.call("PATCH", &format!("{USERS}/name:alice"), &[], &emails.to_string()).await;
    assert_eq!(verified(&changed.json()), [true, false], "{}", changed.text);
    let first = r#"{"user_name":"root","email":"root@example.org"}"#;
    let made = world.post("/v1/realms/vo/administrators", first).await;
    assert_eq!(verified(&made.json()["user"]), [true], "{}", made.text);
}
