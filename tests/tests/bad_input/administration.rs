use anyhow::Result;
use bytes::Bytes;
use serde_json::json;

use crate::world::World;

fn realm(changes: &serde_json::Value) -> Vec<u8> {
    let mut body = json!({"id": "new", "issuer": "https://new.test", "hosts": ["new.test"]});
    if let (Some(body), Some(changes)) = (body.as_object_mut(), changes.as_object()) {
        body.extend(changes.clone());
    }
    body.to_string().into_bytes()
}

fn client(changes: &serde_json::Value) -> Vec<u8> {
    let mut client = json!({"client_name": "a client", "grant_types": ["client_credentials"], "scope": "wlcg"});
    if let (Some(client), Some(changes)) = (client.as_object_mut(), changes.as_object()) {
        client.extend(changes.clone());
    }
    json!({ "client": client }).to_string().into_bytes()
}

const REALMS: &str = "/v1/realms";
const CLIENTS: &str = "/v1/realms/main/clients";

/// Bodies that are no JSON, too much JSON, or JSON of another kind: 400 for each.
fn no_documents() -> Vec<(&'static str, Vec<u8>)> {
    let (deep, deeper) = (format!("{}{}", "[".repeat(129), "]".repeat(129)), "[".repeat(100_000));
    vec![
        ("nothing", Vec::new()),
        ("a word", b"word".to_vec()),
        ("null", b"null".to_vec()),
        ("an array", b"[]".to_vec()),
        ("the fields as an array", br#"["new","https://new.test",["new.test"]]"#.to_vec()),
        ("half", br#"{"id":"new""#.to_vec()),
        ("trailing data", [&realm(&json!({}))[..], b"{}"].concat()),
        ("a trailing comma", br#"{"id":"new",}"#.to_vec()),
        ("a byte order mark", [b"\xef\xbb\xbf", &realm(&json!({}))[..]].concat()),
        ("a repeated member", br#"{"id":"new","id":"other","issuer":"https://new.test"}"#.to_vec()),
        ("an unknown member", realm(&json!({"admin": true}))),
        ("129 levels", deep.into_bytes()),
        ("100 000 levels", deeper.into_bytes()),
        ("300 000 empty arrays", format!(r#"{{"id":[{}[]]}}"#, "[],".repeat(300_000)).into_bytes()),
        ("a number beyond numbers", br#"{"id":1e999999}"#.to_vec()),
        ("a lone surrogate", br#"{"id":"\ud800","issuer":"https://new.test"}"#.to_vec()),
        ("no UTF-8", b"{\"id\":\"\xff\",\"issuer\":\"https://new.test\"}".to_vec()),
        ("overlong UTF-8", b"{\"id\":\"\xc0\xaf\",\"issuer\":\"https://new.test\"}".to_vec()),
        ("UTF-16", "{\"id\":\"new\"}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_documents_and_values_are_400_and_change_nothing() -> Result<()> {
    let mut world = World::new().await?;
    let admin = world.target().admin.clone();
    let many: Vec<String> = (0..40).map(|number| format!("h{number}.test")).collect();
    let mut table: Vec<(String, &str, Vec<u8>, u16)> = Vec::new();
    for (name, body) in no_documents() {
        table.push((format!("realm: {name}"), REALMS, body.clone(), 400));
        table.push((format!("client: {name}"), CLIENTS, body, 400));
    }
    for (name, changes) in [
        ("an empty id", json!({"id": ""})),
        ("a slash", json!({"id": "a/b"})),
        ("capitals", json!({"id": "New"})),
        ("NUL in the id", json!({"id": "a\0b"})),
        ("64 characters", json!({"id": "a".repeat(64)})),
        ("a bidi override", json!({"id": "a\u{202e}b"})),
        ("no issuer", json!({"issuer": null})),
        ("a plain issuer", json!({"issuer": "http://new.test"})),
        ("an issuer with a path", json!({"issuer": "https://new.test/a"})),
        ("an issuer with user info", json!({"issuer": "https://a@new.test"})),
        ("an issuer without its host", json!({"hosts": ["other-host.test"]})),
        ("40 hosts", json!({"hosts": many})),
        ("a host twice", json!({"hosts": ["new.test", "NEW.test"]})),
        ("a host that is none", json!({"hosts": ["new.test", "a b"]})),
        ("an unknown algorithm", json!({"settings": {"access_token_alg": "none"}})),
        ("a negative grace", json!({"settings": {"grace_ms": -1}})),
        ("an endless grace", json!({"settings": {"grace_ms": u64::MAX}})),
        ("a fraction", json!({"settings": {"grace_ms": 1.5}})),
        ("endless tokens", json!({"settings": {"max_access_token_seconds": u32::MAX}})),
        ("an unknown setting", json!({"settings": {"x": 1}})),
    ] {
        table.push((format!("realm: {name}"), REALMS, realm(&changes), 400));
    }
    for (name, changes) in [
        ("no name", json!({"client_name": ""})),
        ("a bidi override", json!({"client_name": "good\u{202e}name"})),
        ("zero width", json!({"client_name": "good\u{200b}name"})),
        ("a control character", json!({"client_name": "good\u{7}name"})),
        ("a name of 1 000", json!({"client_name": "n".repeat(1_000)})),
        ("an unknown grant", json!({"grant_types": ["magic"]})),
        ("a scope with a quote", json!({"scope": "a\"b"})),
        ("an unknown method", json!({"token_endpoint_auth_method": "magic"})),
        ("a script as URI", json!({"client_uri": "javascript:alert(1)"})),
        ("a redirect with a fragment", json!({"redirect_uris": ["https://a.test/#b"]})),
        ("a lifetime below zero", json!({"access_token_validity_seconds": -1})),
        ("a string as boolean", json!({"allow_introspection": "yes"})),
        ("a secret of its own", json!({"client_secret": "mine"})),
    ] {
        table.push((format!("client: {name}"), CLIENTS, client(&changes), 400));
    }
    for (name, id) in [("NUL", "a\0b"), ("a space", "a b"), ("empty", ""), ("not ASCII", "\u{e9}")] {
        table.push((format!("client id: {name}"), CLIENTS, json!({"client_id": id}).to_string().into(), 400));
    }
    table.push(("realm: 2 MiB".to_owned(), REALMS, realm(&json!({"display_name": "x".repeat(2 << 20)})), 413));
    table.push(("an existing client".to_owned(), CLIENTS, json!({"client_id": "caller", "client": {"client_name": "again", "grant_types": ["client_credentials"], "scope": "wlcg"}}).to_string().into(), 409));
    table.push(("a client of no realm".to_owned(), "/v1/realms/none/clients", client(&json!({})), 404));
    for seconds in ["0", "-1", "99999999999", "\"1\"", "1.5"] {
        let body = format!("{{\"valid_seconds\":{seconds}}}");
        table.push((format!("a join token for {seconds} s"), "/v1/cluster/join-tokens", body.into(), 400));
    }
    table.push(("transfer to nobody".to_owned(), "/v1/cluster/transfer", br#"{"to":99}"#.to_vec(), 404));
    table.push(("transfer to a word".to_owned(), "/v1/cluster/transfer", br#"{"to":"x"}"#.to_vec(), 400));

    let before = admin.show(REALMS).await?;
    for (name, path, body, status) in table {
        let answer = admin.send("POST", path, "application/json", Bytes::from(body)).await?;
        world.answered(&name, &answer, status, "");
        let problem = answer.header("content-type").starts_with("application/problem+json");
        world.row(&name, problem, &format!("no problem document: {}", answer.header("content-type")));
    }
    world.row("the realms are as before", admin.show(REALMS).await? == before, "another list");
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_paths_and_queries_of_the_administration_are_refused() -> Result<()> {
    let mut world = World::new().await?;
    let admin = world.target().admin.clone();
    for (method, path, statuses) in [
        ("GET", "/v1/realms/none", &[404][..]),
        ("GET", "/v1/realms/MAIN", &[404]),
        ("GET", "/v1/realms/%00", &[400, 404]),
        ("GET", "/v1/realms/main%2f..%2fother", &[400, 404]),
        ("GET", "/v1/realms/../realms", &[400, 404]),
        ("GET", "/v1//realms", &[400, 404]),
        ("GET", "/v1/realms/", &[400, 404]),
        ("GET", "/v1/realms/main/clients/none", &[404]),
        ("GET", "/v1/realms/main/clients/%ff", &[400, 404]),
        ("GET", "/v1/realms/main/clients?count=0", &[400]),
        ("GET", "/v1/realms/main/clients?count=-1", &[400]),
        ("GET", "/v1/realms/main/clients?count=many", &[400]),
        ("GET", "/v1/realms/main/clients?count=99999999999999999999", &[400]),
        ("GET", "/v1/realms/main/clients?count=1&count=2", &[400]),
        ("GET", "/v1/realms/main/clients?after=%00", &[400]),
        ("GET", "/v1/realms/main/audit?from=x", &[400]),
        ("GET", "/v1/realms/main/audit?count=100000", &[400]),
        ("DELETE", "/v1/cluster/members/99", &[404]),
        ("DELETE", "/v1/cluster/members/x", &[404]),
        ("DELETE", "/v1/cluster/members/-1", &[404]),
        ("DELETE", "/v1/cluster/members/18446744073709551616", &[404]),
        ("DELETE", "/v1/realms/main/clients/none", &[404]),
        ("POST", "/v1/realms/main/clients/none/disable", &[404]),
        ("POST", "/v1/realms/none/clients/caller/disable", &[404]),
        ("POST", "/v1/realms/main/clients/none/rotate-secret", &[404]),
        ("POST", "/v1/cluster/init", &[409]),
        ("GET", "/", &[404]),
        ("GET", "/token", &[404]),
    ] {
        let answer = admin.send(method, path, "", Bytes::new()).await?;
        let right = statuses.contains(&answer.status);
        world.row(
            &format!("{method} {path}"),
            right,
            &format!("{statuses:?} expected: {} {}", answer.status, answer.body),
        );
    }
    // Administration is not on https.
    let answer = world.target().https.get("/v1/realms").await?;
    world.answered("administration by https", &answer, 404, "");
    let answer = world.target().https.get("/metrics").await?;
    world.answered("metrics by https", &answer, 404, "");
    world.finish().await
}
