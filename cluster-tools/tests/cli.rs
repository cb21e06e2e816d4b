//! `woadctl` as a program: what it sends, what it prints, how it ends.

#![cfg(test)]

mod fake_node;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fake_node::FakeNode;
use serde_json::{Value, json};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_woadctl"));
    command.env_remove("WOAD_OPERATIONS_SOCKET").env_remove("WOAD_OPERATOR_TOKEN").stdin(Stdio::null());
    command
}

fn run(socket: &Path, line: &str) -> Output {
    command().arg("--socket").arg(socket).args(line.split(' ')).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const PROBLEM: &str = r#"{"type":"urn:woad:problem:KIND","title":"t","status":0,"detail":"in plain words"}"#;

#[test]
fn exit_codes_tell_what_happened() {
    let table = [(409, "unsafe", 1), (404, "no-such-member", 1), (503, "unavailable", 3), (503, "outcome-unknown", 4)];
    for (status, kind, expected) in table {
        let node = FakeNode::answering(status, &PROBLEM.replace("KIND", kind));
        let output = run(node.socket(), "cluster remove 3 --yes");
        assert_eq!(code(&output), expected, "{kind}: {}", err(&output));
        assert!(err(&output).contains("in plain words") && out(&output).is_empty(), "{kind}: {}", err(&output));
        assert_eq!(node.requests(), ["DELETE /v1/cluster/members/3"]);
    }
}

#[test]
fn nobody_there_and_no_answer_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&folder.path().join("none"), "cluster status");
    assert_eq!(code(&output), 3, "{}", err(&output));

    let node = FakeNode::hanging_up();
    let output = run(node.socket(), "cluster status");
    assert_eq!(code(&output), 3, "a read that got no answer did nothing: {}", err(&output));
    let output = run(node.socket(), "cluster transfer");
    assert_eq!(code(&output), 4, "a change that got no answer may have happened: {}", err(&output));
    let output = run(node.socket(), "realm create vo --issuer https://a.example --idempotency-key abc");
    assert_eq!(code(&output), 4);
    assert!(err(&output).contains("--idempotency-key abc"), "{}", err(&output));
}

#[test]
fn what_destroys_asks_first() {
    let node = FakeNode::answering(204, "");
    for line in ["cluster remove 3", "client delete vo c", "client rotate-secret vo c"] {
        let output = run(node.socket(), line);
        assert_eq!(code(&output), 2, "{line}: {}", err(&output));
        assert!(err(&output).contains("--yes"), "{}", err(&output));
    }
    assert_eq!(node.requests(), [""; 0]);
    assert_eq!(code(&run(node.socket(), "client delete vo a/b --yes")), 0);
    assert_eq!(node.requests(), ["DELETE /v1/realms/vo/clients/a%2Fb"]);
}

#[test]
fn json_is_what_the_node_answered() {
    let status = json!({
        "cluster_id": "c", "node": 1, "state": "leader", "term": 2, "leader": 1, "last_log": 9, "applied": 9,
        "members": [
            {"id": 1, "peer_address": "a:1", "voter": true, "leader": true},
            {"id": 2, "peer_address": "b:1", "voter": true, "leader": false, "matched": 9, "last_ack_ms": 20}
        ]
    });
    let node = FakeNode::answering(200, &status.to_string());
    let output = run(node.socket(), "cluster status --output json");
    assert_eq!(serde_json::from_str::<Value>(&out(&output)).unwrap(), status);
    assert!(err(&output).contains("2 voters tolerate 0 failures"), "{}", err(&output));

    let table = out(&run(node.socket(), "cluster status"));
    assert!(table.contains("state    leader\n"), "{table}");
    assert!(table.contains("MEMBER  PEER ADDRESS  VOTES  LEADS  MATCHED  ACK MS AGO  DISK  LOST DATA\n"), "{table}");
    assert!(table.contains("2       b:1           yes    no     9        20          -     -\n"), "{table}");
}

#[test]
fn a_list_of_clients_follows_its_pages() {
    let node = FakeNode::answering_each(&[
        (200, r#"{"clients":[{"client_id":"a b"}],"next":"a b"}"#),
        (200, r#"{"clients":[{"client_id":"c"}]}"#),
    ]);
    let output = run(node.socket(), "client list vo --output json");
    assert_eq!(
        serde_json::from_str::<Value>(&out(&output)).unwrap(),
        json!({"clients": [{"client_id": "a b"}, {"client_id": "c"}]})
    );
    assert_eq!(node.requests(), ["GET /v1/realms/vo/clients", "GET /v1/realms/vo/clients?after=a%20b"]);
}

#[test]
fn the_recovery_bundle_goes_to_a_private_new_file() {
    const ANSWER: &str = r#"{"recovery_bundle":{"cluster_id":"c1","cluster_key":"s3cret"}}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.json");
    let line = format!("cluster init --bundle {}", path.display());

    let node = FakeNode::answering(201, ANSWER);
    let output = run(node.socket(), &line);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("c1") && !out(&output).contains("s3cret") && !err(&output).contains("s3cret"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let bundle: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(bundle, json!({"cluster_id": "c1", "cluster_key": "s3cret"}));

    // A second time: the file is not touched, and nothing is asked of the node.
    let before = node.requests();
    let output = run(node.socket(), &line);
    assert_eq!((code(&output), node.requests()), (1, before), "{}", err(&output));
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(&path).unwrap()).unwrap(), bundle);

    // Without a file: to standard output, with a warning beside it.
    let output = run(node.socket(), "cluster init");
    assert_eq!(serde_json::from_str::<Value>(&out(&output)).unwrap(), bundle);
    assert!(err(&output).contains("shown this once"));
}

#[test]
fn a_refused_init_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.json");
    let node = FakeNode::answering(409, &PROBLEM.replace("KIND", "initialised"));
    let output = run(node.socket(), &format!("cluster init --bundle {}", path.display()));
    assert_eq!((code(&output), path.exists()), (1, false));
}

#[test]
fn an_answer_that_cannot_be_read_is_not_repeated() {
    for answer in [r#"{"token":"s3cret""#, r#"["s3cret"]"#, "s3cret"] {
        let node = FakeNode::answering(200, answer);
        let output = run(node.socket(), "cluster init");
        assert_eq!(code(&output), 1, "{answer}");
        assert!(!out(&output).contains("s3cret") && !err(&output).contains("s3cret"), "{answer}");
    }
}

#[test]
fn a_client_is_made_and_its_secret_shown_once() {
    let node = FakeNode::answering(201, r#"{"client":{"client_id":"c","scope":"wlcg"},"client_secret":"s3cret"}"#);
    let output = run(node.socket(), "client create vo --name job --scope wlcg");
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(out(&output).matches("s3cret").count(), 1);
    let body: Value = serde_json::from_str(&node.bodies()[0]).unwrap();
    let expected = json!({"client_name": "job", "scope": "wlcg", "grant_types": ["client_credentials"]});
    assert_eq!(body, json!({ "client": expected }));
}

#[test]
fn a_join_token_is_all_that_is_printed() {
    let node = FakeNode::answering_each(&[
        (201, r#"{"token":"t0ken","expires_ms":60000}"#),
        (200, r#"{"members":[{"voter":true},{"voter":true},{"voter":true}]}"#),
    ]);
    let output = run(node.socket(), "token create join --ttl 2h");
    assert_eq!(out(&output), "t0ken\n");
    assert!(err(&output).contains("even number"), "{}", err(&output));
    assert_eq!(node.bodies()[0], r#"{"valid_seconds":7200}"#);
}

#[test]
fn an_operator_elsewhere_shows_a_token() {
    let output = command().args(["--url", "http://127.0.0.1:9", "cluster", "status"]).output().unwrap();
    assert_eq!(code(&output), 2, "{}", err(&output));
    let with_token = |url: &str| {
        let mut command = command();
        command.env("WOAD_OPERATOR_TOKEN", "0123456789abcdef0123456789abcdef");
        command.args(["--url", url, "cluster", "status"]).output().unwrap()
    };
    let output = with_token("http://127.0.0.1:9");
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert_eq!(code(&with_token("http://198.51.100.1:9")), 2);
}

#[test]
fn a_demo_whose_nodes_do_not_run_fails_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        path
    };
    let demo = |binary: &Path| {
        let temporary = folder.path().join("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let output = command()
            .args(["demo", "--check", "--node-binary"])
            .arg(binary)
            .env("TMPDIR", &temporary)
            .output()
            .unwrap();
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "the folder is gone");
        output
    };
    let output = demo(&folder.path().join("none"));
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("is not there"), "{}", err(&output));

    let output = demo(&program("dies", "#!/bin/sh\necho last words, folder $(stat -c %a ..) >&2\nexit 7\n"));
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("last words, folder 700"), "{}", out(&output));
    assert!(err(&output).contains("“The cluster forms”: node 1 ended by itself (exit status: 7)"), "{}", err(&output));
}
