use anyhow::Result;
use serde_json::json;
use woad_tests::{Application, Browser, Kind, Person};

use crate::world::World;

/// Registered is `https://rp.example/cb`; none of these is it (RFC 9700, section 2.1).
const TRICKS: [&str; 46] = [
    "https://rp.example/cb/",
    "https://rp.example/cb?x=1",
    "https://rp.example/cb#f",
    "https://rp.example/CB",
    "https://rp.example/cb/../cb",
    "https://rp.example/cb%2f..",
    "https://rp.example/./cb",
    "https://rp.example:443/cb",
    "http://rp.example/cb",
    "HTTPS://RP.EXAMPLE/cb",
    "https://rp.example.evil.test/cb",
    "https://rp.example@evil.test/cb",
    "https://evil.test#@rp.example/cb",
    "https://evil.test\\@rp.example/cb",
    "https:/rp.example/cb",
    "https:rp.example",
    "//rp.example/cb",
    "/cb",
    "https://rp.example%00.evil.test/cb",
    "https://rp.example\0.evil.test/cb",
    "https://rp%2eexample/cb",
    "https://rpaexample/cb",
    "https://rp.example./cb",
    "https://ｒｐ.example/cb",
    "https://rp。example/cb",
    "https://ｒр.example/cb",
    "https://xn--rp-.example/cb",
    "https://rp.example/cb\u{202e}",
    "https://rp.example/\u{200d}cb",
    "https://rp.example/cb\t",
    "https://rp.example/cb\r\nLocation: https://evil.test",
    "https://rp.example/cb\n",
    " https://rp.example/cb",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "intent://rp.example/cb",
    "blob:https://rp.example/cb",
    "other.app:/cb",
    "https://[::1]:443@evil.test/cb",
    "https://[fe80::1%25eth0]/cb",
    "https://user:secret@rp.example/cb",
    "https://127.0.0.1/cb",
    "*",
    "https://rp.example/cb https://evil.test/",
    "https://rp.example/cb,https://evil.test/",
];

/// Registered is `http://127.0.0.1/cb`.
const LOOPBACK: [(&str, bool); 10] = [
    ("http://127.0.0.1/cb", true),
    ("http://127.0.0.1:49152/cb", true),
    ("http://127.0.0.1:1/cb", true),
    ("http://localhost:49152/cb", false),
    ("http://127.1/cb", false),
    ("http://0x7f000001/cb", false),
    ("http://[::ffff:127.0.0.1]/cb", false),
    ("http://[::1]/cb", false),
    ("https://127.0.0.1:49152/cb", false),
    ("http://127.0.0.1:49152/other", false),
];

/// What a request is called, its parameters that differ, and the error.
type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

async fn registered(world: &World, id: &str, redirect_uris: &[&str]) -> Result<Application> {
    let mut body = Application::body(id, Kind::Confidential, "");
    body["client"]["redirect_uris"] = json!(redirect_uris);
    let client = world.realm.client_of(&world.cluster.nodes[0].admin, &body).await?;
    world.cluster.secret(&client.secret);
    Ok(Application::of(client, redirect_uris.first().unwrap_or(&""), Kind::Confidential))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_sent_to_an_address_that_is_not_registered() -> Result<()> {
    let mut world = World::new().await?;
    let https = world.target().https.clone();
    let application = registered(&world, "rp", &["https://rp.example/cb"]).await?;
    let two = registered(&world, "two", &["https://rp.example/cb", "https://rp.example/other"]).await?;
    let local = registered(&world, "local", &["http://127.0.0.1/cb"]).await?;
    let long = format!("https://rp.example/{}", "a".repeat(4_096));

    let mut asked: Vec<(String, String)> = Vec::new();
    for trick in TRICKS.into_iter().chain([long.as_str()]) {
        asked.push((format!("{trick:?}"), application.authorize("openid", &[("redirect_uri", trick)])));
    }
    asked.push(("none of two".into(), two.authorize("openid", &[("redirect_uri", "")])));
    asked.push(("an empty one".into(), format!("{}&redirect_uri=", two.authorize("openid", &[("redirect_uri", "")]))));
    let good = application.authorize("openid", &[]);
    asked.push(("two of them".into(), format!("{good}&redirect_uri=https%3A%2F%2Frp.example%2Fcb")));
    asked.push(("no client".into(), application.authorize("openid", &[("client_id", "")])));
    asked.push(("an unknown client".into(), application.authorize("openid", &[("client_id", "nobody")])));
    asked.push(("two clients".into(), format!("{good}&client_id=rp")));
    for (name, right) in LOOPBACK {
        let path = local.authorize("openid", &[("redirect_uri", name)]);
        if right {
            let answer = https.get(&path).await?;
            world.row(name, answer.status == 303 && answer.header("location").contains("/login"), &answer.body);
        } else {
            asked.push((name.to_owned(), path));
        }
    }
    for (name, path) in asked {
        let answer = https.get(&path).await?;
        world.answered(&name, &answer, 400, "");
        world.row(&name, answer.header("location").is_empty(), answer.header("location"));
        let page = answer.header("content-type").starts_with("text/html") && !answer.body.contains("evil.test");
        world.row(&name, page, &answer.body);
    }
    world.finish().await
}

async fn browser_signed_in(world: &World, application: &Application, person: &Person) -> Result<Browser> {
    let mut browser = world.browser();
    application.code(&mut browser, person, "openid").await?;
    Ok(browser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_go_back_with_the_right_error_and_without_a_code() -> Result<()> {
    let mut world = World::new().await?;
    let https = world.target().https.clone();
    let application = world.application("portal").await?;
    let long = "x".repeat(3 * 1_024);
    let deep = "[".repeat(200);
    let table: [Row<'_>; 20] = [
        ("no response type", vec![("response_type", "")], "invalid_request"),
        ("implicit", vec![("response_type", "token")], "unsupported_response_type"),
        ("hybrid", vec![("response_type", "code id_token")], "unsupported_response_type"),
        ("plain", vec![("code_challenge_method", "plain")], "invalid_request"),
        ("no method", vec![("code_challenge_method", "")], "invalid_request"),
        ("short challenge", vec![("code_challenge", &CHARACTERS[..42])], "invalid_request"),
        ("long challenge", vec![("code_challenge", &CHARACTERS[..129])], "invalid_request"),
        (
            "padded challenge",
            vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=")],
            "invalid_request",
        ),
        ("long nonce", vec![("nonce", &long)], "invalid_request"),
        ("negative age", vec![("max_age", "-1")], "invalid_request"),
        ("age in words", vec![("max_age", "soon")], "invalid_request"),
        ("none and login", vec![("prompt", "none login")], "invalid_request"),
        ("unknown prompt", vec![("prompt", "dance")], "invalid_request"),
        ("nobody is signed in", vec![("prompt", "none")], "login_required"),
        ("deep claims", vec![("claims", &deep)], "invalid_request"),
        ("quoted scope", vec![("scope", "openid \"x\"")], "invalid_scope"),
        ("form_post", vec![("response_mode", "form_post")], "invalid_request"),
        ("fragment", vec![("response_mode", "fragment")], "invalid_request"),
        ("request", vec![("request", "eyJhbGciOiJub25lIn0.e30.")], "invalid_request_object"),
        ("request_uri", vec![("request_uri", "http://169.254.169.254/")], "request_uri_not_supported"),
    ];
    for (name, further, error) in table {
        let answer = https.get(&application.authorize("openid", &further)).await?;
        let to = answer.header("location").to_owned();
        let query = reqwest::Url::parse(&to).ok().map(|url| url.query_pairs().into_owned().collect::<Vec<_>>());
        let value = |key: &str| {
            let found = query.iter().flatten().find(|(name, _)| name == key);
            found.map_or("", |(_, value)| value.as_str())
        };
        let right = answer.status == 303
            && to.starts_with(&application.redirect_uri)
            && value("error") == error
            && value("iss") == world.realm.issuer
            && value("state") == "s t&ate"
            && value("code").is_empty();
        world.row(name, right, &format!("{} {to} {}", answer.status, answer.body));
    }
    // What a client may not ask for is said once somebody is there to be asked.
    let person = world.person("alice").await?;
    let page = browser_signed_in(&world, &application, &person)
        .await?
        .open(&application.authorize("openid storage.write:/", &[]))
        .await?;
    world.row("unknown scope", page.parameter("error") == "invalid_scope", &format!("{page:?}"));
    let huge = application.authorize("openid", &[("claims", &"x".repeat(40 * 1_024))]);
    let answer = https.get(&huge).await?;
    world.row("40 KiB of query", matches!(answer.status, 414 | 431), &format!("{} {}", answer.status, answer.body));
    world.finish().await
}

/// More characters than a challenge may have.
const CHARACTERS: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                          aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
