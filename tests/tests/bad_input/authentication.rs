use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::AUTHORIZATION;
use woad_tests::{Answer, Client};

use crate::world::World;

impl World {
    async fn authorised(&self, path: &str, authorization: Option<&str>, form: &[(&str, &str)]) -> Result<Answer> {
        let https = &self.target().https;
        let mut request = https.request(Method::POST, path).form(form);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        https.send(request).await
    }
}

/// What it is, the `Authorization` header, more of the form, status, error.
type Row<'a> = (&'a str, Option<String>, &'a [(&'a str, &'a str)], u16, &'a str);

fn basic(pair: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_do_not_prove_who_they_are_get_nothing() -> Result<()> {
    let mut world = World::new().await?;
    let (id, secret) = (world.client.id.clone(), world.client.secret.clone());
    let good = basic(format!("{id}:{secret}").as_bytes());
    let none: &[(&str, &str)] = &[];
    let own = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let assertion = [("client_assertion", "x"), ("client_assertion_type", "y")];
    let table: Vec<Row<'_>> = vec![
        ("nothing", None, none, 401, "invalid_client"),
        ("an id alone", None, &own[..1], 401, "invalid_client"),
        ("a secret alone", None, &own[1..], 401, "invalid_client"),
        ("no colon", Some(basic(b"caller")), none, 401, "invalid_client"),
        ("no base64", Some("Basic ???".to_owned()), none, 401, "invalid_client"),
        ("no UTF-8", Some(basic(b"\xff\xfe:x")), none, 401, "invalid_client"),
        ("NUL", Some(basic(b"caller:a\0b")), none, 401, "invalid_client"),
        ("8 KiB", Some(basic(&[b'x'; 8 * 1024])), none, 401, "invalid_client"),
        ("another scheme", Some("Bearer abc".to_owned()), none, 401, "invalid_client"),
        ("an empty header", Some(String::new()), none, 401, "invalid_client"),
        ("a wrong secret", Some(basic(format!("{id}:wrong").as_bytes())), none, 401, "invalid_client"),
        ("an empty secret", Some(basic(format!("{id}:").as_bytes())), none, 401, "invalid_client"),
        ("a secret and more", Some(basic(format!("{id}:{secret}x").as_bytes())), none, 401, "invalid_client"),
        ("an unknown client", Some(basic(format!("ghost:{secret}").as_bytes())), none, 401, "invalid_client"),
        ("SQL", Some(basic(b"' OR 1=1 --:x")), none, 401, "invalid_client"),
        ("header and form", Some(good.clone()), &own, 400, "invalid_request"),
        ("header and another secret", Some(good.clone()), &own[1..], 400, "invalid_request"),
        ("header and assertion", Some(good.clone()), &assertion, 400, "invalid_request"),
        ("header and another id", Some(good), &[("client_id", "other")], 401, "invalid_client"),
    ];
    for (name, authorization, extra, status, error) in table {
        for (path, base) in [
            ("/token", [("grant_type", "client_credentials"), ("scope", "wlcg")]),
            ("/introspect", [("token", "x"), ("x", "y")]),
            ("/revoke", [("token", "x"), ("x", "y")]),
        ] {
            let form: Vec<_> = base.iter().chain(extra).copied().collect();
            let answer = world.authorised(path, authorization.as_deref(), &form).await?;
            let name = format!("{path}: {name}");
            world.answered(&name, &answer, status, error);
            let challenged = status != 401 || answer.header("www-authenticate").starts_with("Basic ");
            world.row(&name, challenged, "401 without a challenge");
            world.row(&name, !answer.body.contains(&secret), "the answer holds the secret");
        }
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_disabled_and_foreign_clients_look_like_a_wrong_secret() -> Result<()> {
    let mut world = World::new().await?;
    let other = world.cluster.other_realm(1).await?;
    let foreign = world.cluster.client(1, &other, "foreigner").await?;
    let disabled = world.cluster.client(1, &world.realm, "disabled").await?;
    let path = format!("{}/disable", world.realm.client_path(&disabled.id));
    world.cluster.nodes[0].admin.order(&path).await?.expect(200)?;
    let as_client = |id: &str, secret: &str| Client { id: id.to_owned(), secret: secret.to_owned() };
    let https = world.target().https.clone();
    let wrong = https.ask_token(&as_client(&world.client.id, "wrong"), "wlcg").await?;
    for (name, client) in [
        ("unknown", as_client("ghost", "wrong")),
        ("disabled, wrong secret", as_client(&disabled.id, "wrong")),
        ("of another realm", foreign.clone()),
    ] {
        let answer = https.ask_token(&client, "wlcg").await?;
        world.row(name, (answer.status, &answer.body) == (wrong.status, &wrong.body), &answer.body);
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        world.row(name, names(&answer) == names(&wrong), "other headers");
    }
    let answer = https.elsewhere().ask_token(&foreign, "storage.read:/").await?;
    world.answered("at home", &answer, 200, "");
    let answer = https.ask_token(&disabled, "wlcg").await?;
    world.answered("disabled, right secret", &answer, 401, "invalid_client");
    world.finish().await
}
