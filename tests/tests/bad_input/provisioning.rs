use anyhow::Result;
use http::Method;
use serde_json::{Value, json};
use woad_tests::{Answer, Scim};

use crate::world::World;

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

impl World {
    /// Notes a row unless the answer is a SCIM error with that status and, where one is named, that type.
    fn refused(&mut self, name: &str, answer: &Answer, status: u16, kind: &str) {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let right = answer.status == status
            && body["status"] == status.to_string().as_str()
            && (kind.is_empty() || body["scimType"] == kind);
        let got: String = answer.body.chars().take(200).collect();
        self.row(name, right, &format!("{status} {kind} expected: {} {got}", answer.status));
    }
}

async fn searched(scim: &Scim, filter: &str) -> Result<Answer> {
    let body = json!({"schemas": [SEARCH], "filter": filter});
    scim.send(Method::POST, "/Users/.search", Some(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_are_bounded_and_never_exhaust_the_stack() -> Result<()> {
    let mut world = World::new().await?;
    let scim = world.scim().await?;
    let terms = |count: usize| vec!["title pr"; count].join(" or ");
    let deep = |depth: usize| format!("{}title pr{}", "(".repeat(depth), ")".repeat(depth));
    let not = |depth: usize| format!("{}title pr{}", "not (".repeat(depth), ")".repeat(depth));
    let rows: Vec<(&str, String, &str)> = vec![
        ("empty", String::new(), ""),
        ("open", "(title pr".into(), "invalidFilter"),
        ("closed", "title pr)".into(), "invalidFilter"),
        ("unknown operator", "title like \"a\"".into(), "invalidFilter"),
        ("twice pr", "title pr pr".into(), "invalidFilter"),
        ("no value", "title eq".into(), "invalidFilter"),
        ("unterminated", "title eq \"a".into(), "invalidFilter"),
        ("unknown attribute", "nothing eq \"a\"".into(), "invalidFilter"),
        ("attribute of 1 KiB", format!("{} pr", "a".repeat(1_024)), "invalidFilter"),
        ("a lone surrogate", "title eq \"\\ud800\"".into(), "invalidFilter"),
        ("depth 33", deep(33), "invalidFilter"),
        ("depth 33 of not", not(33), "invalidFilter"),
        ("65 terms", terms(65), "invalidFilter"),
    ];
    for (name, filter, kind) in rows {
        let answer = searched(&scim, &filter).await?;
        if name == "empty" {
            world.row(name, matches!(answer.status, 200 | 400), &answer.body);
        } else {
            world.refused(name, &answer, 400, kind);
        }
    }
    for (name, filter) in [
        ("3 000 parentheses", deep(3_000)),
        ("100 000 parentheses", deep(100_000)),
        ("100 000 not", not(100_000)),
        ("8 KiB and one", format!("title eq \"{}\"", "a".repeat(8_192))),
    ] {
        let answer = searched(&scim, &filter).await?;
        world.row(name, matches!(answer.status, 400 | 413), &format!("{} {}", answer.status, answer.body));
    }
    let secret = searched(&scim, "password sw \"a\"").await?;
    world.row("password", matches!(secret.status, 400 | 403), &secret.body);
    for (name, filter) in
        [("depth 32", deep(31)), ("64 terms", terms(64)), ("by name", "userName eq \"nobody\"".into())]
    {
        world.answered(name, &searched(&scim, &filter).await?, 200, "");
    }
    for (query, status) in [
        ("startIndex=0", 200),
        ("startIndex=-1", 200),
        ("count=-1", 200),
        ("count=0", 200),
        ("count=1000000000", 200),
        ("startIndex=18446744073709551616", 200),
        ("count=many", 400),
        ("sortBy=nothing", 400),
        ("sortBy=password", 403),
        ("sortOrder=upwards", 400),
        ("cursor=nonsense", 400),
    ] {
        let answer = scim.send(Method::GET, &format!("/Users?{query}"), None).await?;
        world.answered(query, &answer, status, "");
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_no_people_are_refused_by_name() -> Result<()> {
    let mut world = World::new().await?;
    let scim = world.scim().await?;
    let taken = scim.person("alice").await?;
    let with = |path: &str, value: Value| {
        let mut body = Scim::person_body("newcomer");
        body[path] = value;
        body
    };
    let mail = |text: &str| with("emails", json!([{"value": text}]));
    let rows: Vec<(&str, Value, u16, &str)> = vec![
        ("no name", with("userName", Value::Null), 400, "invalidValue"),
        ("an empty name", with("userName", json!("")), 400, "invalidValue"),
        ("a name of 300", with("userName", json!("n".repeat(300))), 400, "invalidValue"),
        ("a control character", with("userName", json!("a\u{1}b")), 400, "invalidValue"),
        ("a bidirectional override", with("userName", json!("a\u{202e}b")), 400, "invalidValue"),
        ("a zero-width joiner", with("userName", json!("a\u{200d}b")), 400, "invalidValue"),
        ("a tag character", with("userName", json!("a\u{e0041}b")), 400, "invalidValue"),
        ("a number as name", with("userName", json!(7)), 400, "invalidValue"),
        ("upper case", with("userName", json!("ALICE")), 409, "uniqueness"),
        ("full width", with("userName", json!("ａｌｉｃｅ")), 409, "uniqueness"),
        ("two at signs", mail("a@b@c"), 400, "invalidValue"),
        ("an injected header", mail("a@b.org\r\nBcc: x@y.org"), 400, "invalidValue"),
        ("an address that is taken", mail("Alice@Example.org"), 409, "uniqueness"),
        ("a short password", with("password", json!("short")), 400, "invalidValue"),
        ("a common password", with("password", json!("password123")), 400, "invalidValue"),
        ("a password of 1 025 bytes", with("password", json!("p".repeat(1_025))), 400, "invalidValue"),
        ("no schemas", with("schemas", json!([])), 400, "invalidSyntax"),
        ("a foreign schema", with("schemas", json!(["urn:nobody"])), 400, "invalidSyntax"),
        ("active in words", with("active", json!("maybe")), 400, "invalidValue"),
    ];
    for (name, body, status, kind) in rows {
        let answer = scim.send(Method::POST, "/Users", Some(&body)).await?;
        world.refused(name, &answer, status, kind);
    }
    let mut cyrillic = Scim::person_body("аliсе");
    cyrillic["emails"] = json!([]);
    let answer = scim.send(Method::POST, "/Users", Some(&cyrillic)).await?;
    world.row("a name that imitates another", matches!(answer.status, 400 | 409), &answer.body);

    let path = format!("/Users/{}", taken.id);
    let operations: Vec<(&str, Value, &str)> = vec![
        ("an unknown operation", json!({"op": "move", "path": "title", "value": "x"}), "invalidSyntax"),
        ("half a path", json!({"op": "replace", "path": "emails[type eq", "value": "x"}), "invalidPath"),
        ("an unknown path", json!({"op": "replace", "path": "nothing", "value": "x"}), "invalidPath"),
        ("a path to what is only read", json!({"op": "replace", "path": "id", "value": "x"}), "mutability"),
        ("groups by the side door", json!({"op": "add", "path": "groups", "value": [{"value": "x"}]}), "mutability"),
        ("a value of another type", json!({"op": "replace", "path": "active", "value": {"a": 1}}), "invalidValue"),
        ("remove without a path", json!({"op": "remove"}), "noTarget"),
        (
            "a filter that finds nothing",
            json!({"op": "replace", "path": "emails[type eq \"x\"].value", "value": "a@b.org"}),
            "noTarget",
        ),
    ];
    let before = scim.send(Method::GET, &path, None).await?.expect(200)?.body;
    for (name, operation, kind) in operations {
        let body = json!({"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "changed"}, operation]});
        let answer = scim.send(Method::PATCH, &path, Some(&body)).await?;
        world.refused(name, &answer, 400, kind);
    }
    let after = scim.send(Method::GET, &path, None).await?.expect(200)?.body;
    world.row("all or nothing", before == after, &after);

    let many = vec![json!({"value": "a@b.org"}); 100_000];
    let body = json!({"schemas": [PATCH], "Operations": [{"op": "add", "path": "emails", "value": many}]});
    let answer = scim.send(Method::PATCH, &path, Some(&body)).await?;
    world.row("100 000 values", matches!(answer.status, 400 | 413), &answer.status.to_string());
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_json_and_tokens_that_may_not_are_refused() -> Result<()> {
    let mut world = World::new().await?;
    let scim = world.scim().await?;
    let https = world.target().https.clone();
    let scim_json = "application/scim+json";
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let twice = Scim::person_body("twice").to_string().replacen('{', "{\"userName\":\"other\",", 1);
    let bodies: Vec<(&str, &str, Vec<u8>, u16)> = vec![
        ("nothing", scim_json, Vec::new(), 400),
        ("half", scim_json, b"{\"schemas\":".to_vec(), 400),
        ("an array", scim_json, b"[]".to_vec(), 400),
        ("nested 100 000 deep", scim_json, nested.into(), 400),
        ("duplicate keys", scim_json, twice.into(), 400),
        ("trailing data", scim_json, format!("{} {{}}", Scim::person_body("trailing")).into(), 400),
        ("no UTF-8", scim_json, b"{\"userName\":\"\xff\"}".to_vec(), 400),
        (
            "a byte order mark",
            scim_json,
            [b"\xef\xbb\xbf".as_slice(), Scim::person_body("mark").to_string().as_bytes()].concat(),
            400,
        ),
        ("XML", "application/xml", b"<a/>".to_vec(), 415),
        ("a form", "application/x-www-form-urlencoded", b"a=b".to_vec(), 415),
        ("2 MiB", scim_json, vec![b' '; 2 << 20], 413),
    ];
    for (name, media, body, status) in bodies {
        let request = https.request(Method::POST, "/scim/v2/Users").bearer_auth(scim.token());
        let answer = https.send(request.header("content-type", media).body(body)).await?;
        world.refused(name, &answer, status, "");
    }

    let person = scim.person("alice").await?;
    let application = world.application("portal").await?;
    let tokens = application.sign_in(&mut world.browser(), &https, &person, "openid profile").await?;
    let plain = https.token(&world.client).await?;
    let user = format!("/scim/v2/Users/{}", person.id);
    for (name, token, status) in [
        ("nobody", "", 401),
        ("nonsense", "nonsense", 401),
        ("a person", &tokens.access, 403),
        ("a client", &plain, 403),
    ] {
        for (method, path) in [
            (Method::GET, "/scim/v2/Users"),
            (Method::GET, user.as_str()),
            (Method::DELETE, user.as_str()),
            (Method::PATCH, user.as_str()),
            (Method::POST, "/scim/v2/Groups"),
        ] {
            let mut request = https.request(method.clone(), path).header("content-type", scim_json);
            if !token.is_empty() {
                request = request.bearer_auth(token);
            }
            let answer = https.send(request.body("{}")).await?;
            world.refused(&format!("{name}: {method} {path}"), &answer, status, "");
        }
    }
    world.finish().await
}
