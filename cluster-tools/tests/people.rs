//! `woadctl` for people and groups: what it sends, what it prints, how it ends.

#![cfg(test)]

mod fake_node;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fake_node::FakeNode;
use serde_json::{Value, json};

const ID: &str = "6f1d2c3b-0a9e-4d57-8c11-000000000001";
const PROBLEM: &str = r#"{"type":"urn:woad:problem:KIND","title":"t","status":0,"detail":"in plain words"}"#;

fn command(socket: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_woadctl"));
    command.env_remove("WOAD_OPERATIONS_SOCKET").env_remove("WOAD_OPERATOR_TOKEN").stdin(Stdio::null());
    command.arg("--socket").arg(socket).args(line.split(' '));
    command
}

fn run(socket: &Path, line: &str) -> Output {
    command(socket, line).output().unwrap()
}

fn run_with(socket: &Path, line: &str, input: &str) -> Output {
    let mut child =
        command(socket, line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
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

fn body(node: &FakeNode, place: usize) -> Value {
    serde_json::from_str(&node.bodies()[place]).unwrap()
}

#[test]
fn every_command_is_one_request() {
    let table = [
        ("user show vo alice", "GET /v1/realms/vo/users/name%3Aalice"),
        (&format!("user show vo {ID}"), "GET /v1/realms/vo/users/6f1d2c3b%2D0a9e%2D4d57%2D8c11%2D000000000001"),
        ("user delete vo alice --yes", "DELETE /v1/realms/vo/users/name%3Aalice"),
        ("user suspend vo alice", "POST /v1/realms/vo/users/name%3Aalice/suspend"),
        ("user restore vo alice", "POST /v1/realms/vo/users/name%3Aalice/restore"),
        ("user set-end-time vo alice never", "DELETE /v1/realms/vo/users/name%3Aalice/end-time"),
        ("user grant vo alice reader", "PUT /v1/realms/vo/users/name%3Aalice/authorities/reader"),
        ("user withdraw vo alice administrator", "DELETE /v1/realms/vo/users/name%3Aalice/authorities/administrator"),
        ("user sessions vo alice", "GET /v1/realms/vo/users/name%3Aalice/sessions"),
        ("user sessions vo alice --end-all", "DELETE /v1/realms/vo/users/name%3Aalice/sessions"),
        ("user sessions vo alice --end x/y", "DELETE /v1/realms/vo/users/name%3Aalice/sessions/x%2Fy"),
        ("group show vo a/b", "GET /v1/realms/vo/groups/name%3Aa%2Fb"),
        ("group delete vo a/b --yes", "DELETE /v1/realms/vo/groups/name%3Aa%2Fb"),
        ("member add vo a/b alice", "PUT /v1/realms/vo/groups/name%3Aa%2Fb/members/name%3Aalice"),
        ("member remove vo a/b alice", "DELETE /v1/realms/vo/groups/name%3Aa%2Fb/members/name%3Aalice"),
        ("manager add vo a alice", "PUT /v1/realms/vo/groups/name%3Aa/managers/name%3Aalice"),
        ("manager remove vo a alice", "DELETE /v1/realms/vo/groups/name%3Aa/managers/name%3Aalice"),
        ("manager list vo a", "GET /v1/realms/vo/groups/name%3Aa/managers"),
        ("policy list vo", "GET /v1/realms/vo/scope-policies"),
        ("policy show vo 2", "GET /v1/realms/vo/scope-policies/2"),
        ("group move vo a/b --top", "DELETE /v1/realms/vo/groups/name%3Aa%2Fb/parent"),
        ("user attribute remove vo alice a/b", "DELETE /v1/realms/vo/users/name%3Aalice/attributes/a%2Fb"),
        ("user label remove vo alice hr.x/a=1", "DELETE /v1/realms/vo/users/name%3Aalice/labels/hr%2Ex%2Fa"),
        ("policy delete vo 2 --yes", "DELETE /v1/realms/vo/scope-policies/2"),
    ];
    let node = FakeNode::answering(200, "{}");
    for (place, (line, expected)) in table.iter().enumerate() {
        let output = run(node.socket(), line);
        assert_eq!(code(&output), 0, "{line}: {}", err(&output));
        assert_eq!(node.requests()[place], *expected, "{line}");
        assert_eq!(node.bodies()[place], "", "{line}");
    }
}

#[test]
fn bodies_say_what_the_options_say() {
    let at = 1_801_396_800_000_u64;
    let table = [
        (
            "user create vo alice --given Alice --email a@x --suspended --end-time 2027-01-31T12:00:00Z",
            json!({
                "name": {"given": "Alice"}, "emails": [{"value": "a@x", "primary": true}], "user_name": "alice",
                "active": false, "end_time_ms": at
            }),
        ),
        ("user update vo alice --user-name bob --display-name B", json!({"display_name": "B", "user_name": "bob"})),
        ("user set-end-time vo alice 2027-01-31T12:00:00Z", json!({"end_time_ms": at})),
        ("user link vo alice --ttl 10m", json!({"valid_seconds": 600})),
        (
            "group create vo a/b --description d --label wlcg.optional-group",
            json!({
                "full_name": "a/b", "description": "d",
                "labels": [{"prefix": "", "name": "wlcg.optional-group", "value": ""}]
            }),
        ),
        ("group move vo a/b --to c", json!({"parent": "c"})),
        ("user attribute set vo alice a=b=c", json!({"value": "b=c"})),
        ("user label set vo alice a.b/c", json!({"value": ""})),
        ("user ssh-key remove vo alice SHA256:x/y", json!({"fingerprint": "SHA256:x/y"})),
        (
            "user certificate add vo alice --subject CN=a --issuer CN=b --label l --primary",
            json!({
                "subject": "CN=a", "issuer": "CN=b", "label": "l", "primary": true
            }),
        ),
        ("user certificate remove vo alice --subject CN=a --issuer CN=b", json!({"subject": "CN=a", "issuer": "CN=b"})),
        (
            "user link-identity add vo alice --kind oidc --issuer https://idp --subject 1",
            json!({"kind": "oidc", "issuer": "https://idp", "subject": "1"}),
        ),
        ("group update vo a --leaf b --no-labels", json!({"leaf": "b", "labels": []})),
        ("member add vo a alice --ends 2027-01-31T12:00:00Z", json!({"ends_ms": at})),
        (
            "policy create vo --rule deny --scope storage.modify:/ --matching path --group a/b",
            json!({"rule": "DENY", "matching": "PATH", "scopes": ["storage.modify:/"], "group": "a/b"}),
        ),
        (
            "explain token --realm vo --client c --user alice --scope openid --aud a --aud b",
            json!({"client": "c", "user": "alice", "scope": "openid", "audience": ["a", "b"]}),
        ),
        (
            "realm update vo --display-name VO --password-min-length 12 --email-unique false",
            json!({"display_name": "VO", "settings": {"password_min_length": 12, "email_unique": false}}),
        ),
    ];
    let node = FakeNode::answering(200, "{}");
    for (place, (line, expected)) in table.iter().enumerate() {
        let output = run(node.socket(), line);
        assert_eq!(code(&output), 0, "{line}: {}", err(&output));
        assert_eq!(body(&node, place), *expected, "{line}");
    }
}

#[test]
fn keys_and_certificates_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "some text\n").unwrap();
    let node = FakeNode::answering(200, "{}");
    let file = file.display();
    for (place, (line, request, expected)) in [
        (
            format!("user ssh-key add vo alice --file {file} --primary"),
            "ssh-keys",
            json!({"value": "some text", "primary": true}),
        ),
        (format!("user certificate add vo alice --pem-file {file}"), "certificates", json!({"pem": "some text\n"})),
        (
            format!("user certificate remove vo alice --pem-file {file}"),
            "certificates/remove",
            json!({"pem": "some text\n"}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(code(&run(node.socket(), &line)), 0, "{line}");
        assert_eq!(node.requests()[place], format!("POST /v1/realms/vo/users/name%3Aalice/{request}"));
        assert_eq!(body(&node, place), expected, "{line}");
    }
    let output = run(node.socket(), "user ssh-key add vo alice --file /none");
    assert_eq!((code(&output), node.requests().len()), (1, 3));
}

#[test]
fn a_policy_is_changed_in_what_is_named_alone() {
    let policy = json!({
        "id": 2, "description": "d", "rule": "DENY", "matching": "PATH", "group": "g-id", "scopes": ["a:/"],
        "created_ms": 1, "modified_ms": 2, "revision": 7
    });
    let all = json!({"description": "d", "rule": "DENY", "matching": "PATH", "group": "g-id", "scopes": ["a:/"]});
    for (options, changed) in [
        ("--rule permit", json!({"rule": "PERMIT"})),
        ("--scope b --scope c --matching eq", json!({"scopes": ["b", "c"], "matching": "EQ"})),
        ("--all-scopes", json!({"scopes": null})),
        ("--user alice", json!({"group": null, "user": "alice"})),
        ("--everybody", json!({"group": null})),
    ] {
        let node = FakeNode::answering(200, &policy.to_string());
        let output = run(node.socket(), &format!("policy update vo 2 {options}"));
        assert_eq!(code(&output), 0, "{options}: {}", err(&output));
        assert_eq!(node.requests(), ["GET /v1/realms/vo/scope-policies/2", "PUT /v1/realms/vo/scope-policies/2"]);
        let mut expected = all.clone();
        for (name, value) in changed.as_object().unwrap() {
            match value {
                Value::Null => drop(expected.as_object_mut().unwrap().remove(name)),
                value => expected[name] = value.clone(),
            }
        }
        assert_eq!(body(&node, 1), expected, "{options}");
    }
    let node = FakeNode::answering(200, "{}");
    assert_eq!(code(&run(node.socket(), "policy update vo 2")), 2);
    assert!(node.requests().is_empty());
}

#[test]
fn a_program_gets_a_refusal_as_json() {
    let node = FakeNode::answering(404, &PROBLEM.replace("KIND", "no-such-user"));
    for line in ["user show vo alice", "user suspend vo alice", "user set-end-time vo alice never", "member list vo a"]
    {
        let output = run(node.socket(), &format!("{line} --output json"));
        let told: Value = serde_json::from_str(&err(&output)).unwrap();
        let expected = json!({
            "error": "refused (404): in plain words", "exit_code": 1, "status": 404, "kind": "no-such-user"
        });
        assert_eq!((code(&output), out(&output).as_str(), told), (1, "", expected), "{line}");
    }
}

#[test]
fn an_import_ends_at_once_where_every_line_would_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    fs::write(&file, "{\"kind\":\"user\",\"user_name\":\"a\"}\n".repeat(1000)).unwrap();
    for (status, kind) in [(404, "no-such-realm"), (401, "unauthorized"), (403, "forbidden")] {
        let node = FakeNode::answering(status, &PROBLEM.replace("KIND", kind));
        let output = run(node.socket(), &format!("import --realm vo --file {} --parallel 4", file.display()));
        assert_eq!(code(&output), 1, "{}", err(&output));
        assert!(err(&output).contains("in plain words") && node.requests().len() < 10, "{}", err(&output));
    }
}

#[test]
fn a_create_without_answer_says_how_to_find_out() {
    let node = FakeNode::hanging_up();
    for line in
        ["user create vo alice", "group create vo a", "policy create vo --rule permit", "admin create --realm vo"]
    {
        let output = run(node.socket(), &format!("{line} --idempotency-key abc"));
        assert_eq!(code(&output), 4, "{line}");
        assert!(err(&output).contains("--idempotency-key abc"), "{}", err(&output));
    }
}

#[test]
fn a_password_comes_from_a_file_or_a_pipe_and_is_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "s3cret horse\n").unwrap();
    let node = FakeNode::answering(204, "");
    let output = run(node.socket(), &format!("user set-password vo alice --file {}", file.display()));
    assert_eq!(code(&output), 0, "{}", err(&output));
    let piped = run_with(node.socket(), "user set-password vo alice --file -", "s3cret horse\n");
    for output in [&output, &piped] {
        assert!(!out(output).contains("s3cret") && !err(output).contains("s3cret"));
    }
    assert_eq!(node.requests(), ["PUT /v1/realms/vo/users/name%3Aalice/password"; 2]);
    assert_eq!(node.bodies(), [r#"{"password":"s3cret horse"}"#; 2]);

    // Nobody is there to be asked, and an argument is not taken.
    for line in
        ["user set-password vo alice", "user set-password vo alice s3cret", "user create vo a --password s3cret"]
    {
        assert_eq!(code(&run(node.socket(), line)), 2, "{line}");
    }
    assert_eq!(node.requests().len(), 2);
}

#[test]
fn a_link_is_all_that_is_printed() {
    let answer = r#"{"url":"https://iam.example.org/link/t0ken","expires_ms":60000,"user":{"user_name":"root"}}"#;
    let node = FakeNode::answering(201, answer);
    for line in ["admin create --realm vo --user-name root --email a@x", "user link vo root"] {
        let output = run(node.socket(), line);
        assert_eq!(out(&output), "https://iam.example.org/link/t0ken\n", "{line}");
        assert!(err(&output).contains("good once") && !err(&output).contains("t0ken"), "{}", err(&output));
    }
    assert_eq!(body(&node, 0), json!({"user_name": "root", "email": "a@x"}));

    let node = FakeNode::answering(409, &PROBLEM.replace("KIND", "has-administrator"));
    assert_eq!(code(&run(node.socket(), "admin create --realm vo")), 1);
    assert_eq!(body(&node, 0), json!({"user_name": "admin"}));

    // Sent a second time under the same name: there is nothing to show any more.
    let node = FakeNode::answering(201, r#"{"user":{"user_name":"root"},"note":"made by an earlier request"}"#);
    let output = run(node.socket(), "admin create --realm vo");
    assert_eq!((code(&output), out(&output)), (0, String::new()));
    assert!(err(&output).contains("earlier request"), "{}", err(&output));
}

#[test]
fn an_explanation_is_a_table_of_scopes() {
    let answer = json!({
        "verdict": "issued", "scope": "openid", "profile": "wlcg", "lifetime_seconds": 3600, "audience": [], "groups": [],
        "scopes": [
            {"scope": "openid", "outcome": "granted", "why": "no policy takes openid away"},
            {"scope": "x:/", "outcome": "dropped", "why": "a policy denies it", "level": "group", "policy": 2, "rule": "DENY"},
        ]
    });
    let node = FakeNode::answering(200, &answer.to_string());
    let table = out(&run(node.socket(), "explain token --realm vo --client c --user alice"));
    assert!(table.contains("openid  granted  -      -       -     no policy takes openid away\n"), "{table}");
    assert!(table.contains("x:/     dropped  group  2       DENY  a policy denies it\n"), "{table}");
}

#[test]
fn an_import_goes_from_groups_to_memberships_and_tells_errors_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let lines = [
        r#"{"kind":"membership","user":"alice","group":"a/b","ends_ms":5}"#,
        r#"{"kind":"user","user_name":"alice","password":"s3cret"}"#,
        r#"{"kind":"what"}"#,
        r#"{"kind":"group","full_name":"a/b"}"#,
        r#"{"kind":"group","full_name":"a"}"#,
        r#"{"kind":"membership","user":"alice","group":"a"}"#,
        r#"{"kind":"manager","user":"alice"}"#,
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let exists = PROBLEM.replace("KIND", "exists");
    let refused = PROBLEM.replace("KIND", "invalid-user");
    let node = FakeNode::answering_each(&[
        (201, "{}"),
        (409, &exists),
        (400, &refused),
        (200, r#"{"added":false}"#),
        (200, r#"{"added":true}"#),
    ]);
    let output = run(node.socket(), &format!("import --realm vo --file {} --output json", file.display()));
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert_eq!(
        node.requests(),
        [
            "POST /v1/realms/vo/groups",
            "POST /v1/realms/vo/groups",
            "POST /v1/realms/vo/users",
            "PUT /v1/realms/vo/groups/name%3Aa/members/name%3Aalice",
            "PUT /v1/realms/vo/groups/name%3Aa%2Fb/members/name%3Aalice",
        ]
    );
    let full_names: Vec<Value> = [0, 1].map(|place| body(&node, place)["full_name"].clone()).to_vec();
    assert_eq!(full_names, ["a", "a/b"]);
    assert_eq!(node.bodies()[4], r#"{"ends_ms":5}"#);
    let names = "its kind is none of group, user, membership, manager";
    let expected = json!({
        "group": {"created": 1, "existed": 1}, "user": {"created": 0, "existed": 0},
        "membership": {"created": 1, "existed": 1}, "manager": {"created": 0, "existed": 0},
        "errors": [
            {"line": 2, "kind": "user", "why": "in plain words"},
            {"line": 3, "kind": null, "why": names},
            {"line": 7, "kind": "manager", "why": "user and group are needed"},
        ]
    });
    assert_eq!(serde_json::from_str::<Value>(&out(&output)).unwrap(), expected);
    assert!(err(&output).contains("groups: 2 of 2") && err(&output).contains("3 lines"), "{}", err(&output));
    assert!(!err(&output).contains("s3cret") && !out(&output).contains("s3cret"));
}

#[test]
fn an_import_insists_until_the_answer_is_clear() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    fs::write(&file, r#"{"kind":"user","user_name":"alice"}"#).unwrap();
    let unknown = PROBLEM.replace("KIND", "outcome-unknown");
    let unavailable = PROBLEM.replace("KIND", "unavailable");
    let node = FakeNode::answering_each(&[(503, &unavailable), (503, &unknown), (201, "{}")]);
    let output = run(node.socket(), &format!("import --realm vo --file {}", file.display()));
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(node.requests().len(), 3);

    // Where nobody answers, nothing more is tried.
    let output = run(&folder.path().join("none"), &format!("import --realm vo --file {}", file.display()));
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("goes on from there"), "{}", err(&output));
}

#[test]
fn an_export_is_private_and_can_be_imported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let node = FakeNode::answering_each(&[
        (200, r#"{"groups":[{"id":"2","full_name":"a/b","leaf":"b"},{"id":"1","full_name":"a","leaf":"a"}]}"#),
        (200, r#"{"users":[{"id":"7","user_name":"alice","active":true}],"next":"7"}"#),
        (200, r#"{"users":[{"id":"8","user_name":"bob","active":false}]}"#),
        (200, r#"{"members":[{"user":"7","user_name":"alice"},{"user":"9"}]}"#),
        (200, r#"{"managers":[]}"#),
        (200, r#"{"members":[{"user":"7","ends_ms":5}]}"#),
        (200, r#"{"managers":[{"user":"8"}]}"#),
    ]);
    let line = format!("export --realm vo --file {}", file.display());
    let output = run(node.socket(), &line);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let expected = [
        r#"{"kind":"group","id":"1","full_name":"a"}"#,
        r#"{"kind":"group","id":"2","full_name":"a/b"}"#,
        r#"{"kind":"user","id":"7","user_name":"alice"}"#,
        r#"{"kind":"user","id":"8","user_name":"bob","active":false}"#,
        r#"{"kind":"membership","user":"alice","group":"a"}"#,
        r#"{"kind":"membership","user":"alice","group":"a/b","ends_ms":5}"#,
        r#"{"kind":"manager","user":"bob","group":"a/b"}"#,
    ];
    assert_eq!(fs::read_to_string(&file).unwrap().lines().collect::<Vec<_>>(), expected);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // A file that is there is not touched.
    assert_eq!(code(&run(node.socket(), &line)), 1);

    let node = FakeNode::answering(200, "{}");
    let output = run(node.socket(), &format!("import --realm vo --file {}", file.display()));
    assert_eq!((code(&output), node.requests().len()), (0, 7), "{}", err(&output));
}
