use anyhow::Result;
use http::Method;
use http::header::CONTENT_TYPE;
use woad_tests::Answer;

use crate::world::World;

impl World {
    pub(crate) async fn post_raw(&self, path: &str, body: Vec<u8>) -> Result<Answer> {
        let https = &self.target().https;
        let request = https.request(Method::POST, path).basic_auth(&self.client.id, Some(&self.client.secret));
        https.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)).await
    }
}

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_duplicate_and_oversized_parameters_are_invalid_requests() -> Result<()> {
    let mut world = World::new().await?;
    let many = (0..70).map(|number| format!("&p{number}=x")).collect::<Vec<_>>().concat();
    let table: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("no grant", "/token", Vec::new(), 400, "invalid_request"),
        ("empty grant", "/token", b"grant_type=".to_vec(), 400, "invalid_request"),
        ("unknown grant", "/token", b"grant_type=magic".to_vec(), 400, "unsupported_grant_type"),
        (
            "grant not served",
            "/token",
            b"grant_type=password&username=a&password=b".to_vec(),
            400,
            "unsupported_grant_type",
        ),
        ("grant twice", "/token", format!("{GRANT}&{GRANT}").into(), 400, "invalid_request"),
        ("scope twice", "/token", format!("{GRANT}&scope=wlcg&scope=wlcg").into(), 400, "invalid_request"),
        ("client twice", "/token", format!("{GRANT}&client_id=caller&client_id=caller").into(), 400, "invalid_request"),
        ("unknown twice", "/token", format!("{GRANT}&x=1&x=2").into(), 400, "invalid_request"),
        ("too many", "/token", format!("{GRANT}{many}").into(), 400, "invalid_request"),
        ("long name", "/token", format!("{GRANT}&{}=x", "n".repeat(129)).into(), 400, "invalid_request"),
        ("half an encoding", "/token", format!("{GRANT}&x=%4").into(), 400, "invalid_request"),
        ("no encoding", "/token", format!("{GRANT}&x=%zz").into(), 400, "invalid_request"),
        ("NUL", "/token", format!("{GRANT}&x=a%00b").into(), 400, "invalid_request"),
        ("line feed", "/token", format!("{GRANT}&x=a%0ab").into(), 400, "invalid_request"),
        ("overlong UTF-8", "/token", format!("{GRANT}&x=%c0%af").into(), 400, "invalid_request"),
        ("no UTF-8", "/token", [GRANT.as_bytes(), b"&x=\xff\xfe"].concat(), 400, "invalid_request"),
        ("a surrogate", "/token", format!("{GRANT}&x=%ed%a0%80").into(), 400, "invalid_request"),
        ("expires_in no number", "/token", format!("{GRANT}&expires_in=soon").into(), 400, "invalid_request"),
        ("expires_in negative", "/token", format!("{GRANT}&expires_in=-1").into(), 400, "invalid_request"),
        (
            "expires_in huge",
            "/token",
            format!("{GRANT}&expires_in=99999999999999999999").into(),
            400,
            "invalid_request",
        ),
        (
            "resource with a fragment",
            "/token",
            format!("{GRANT}&resource=https://a.test/%23b").into(),
            400,
            "invalid_target",
        ),
        ("resource that is no URI", "/token", format!("{GRANT}&resource=nothing").into(), 400, "invalid_target"),
        ("1 MiB", "/token", format!("{GRANT}&x={}", "a".repeat(1 << 20)).into(), 413, ""),
        ("introspect nothing", "/introspect", Vec::new(), 400, "invalid_request"),
        ("introspect an empty token", "/introspect", b"token=".to_vec(), 400, "invalid_request"),
        ("introspect two tokens", "/introspect", b"token=a&token=b".to_vec(), 400, "invalid_request"),
        ("introspect 1 MiB", "/introspect", format!("token={}", "a".repeat(1 << 20)).into(), 413, ""),
        ("introspect in the query", "/introspect?token=a", b"token=a".to_vec(), 400, "invalid_request"),
        ("revoke nothing", "/revoke", Vec::new(), 400, "invalid_request"),
        ("revoke two tokens", "/revoke", b"token=a&token=b".to_vec(), 400, "invalid_request"),
        ("token with a query", "/token?grant_type=client_credentials", GRANT.into(), 400, "invalid_request"),
        ("secret in the query", "/token?client_secret=x", GRANT.into(), 400, "invalid_request"),
    ];
    for (name, path, body, status, error) in table {
        let answer = world.post_raw(path, body).await?;
        world.answered(name, &answer, status, error);
    }
    for (name, path, body) in [
        ("revoke what is unknown", "/revoke", "token=unknown"),
        ("revoke with a hint nobody knows", "/revoke", "token=unknown&token_type_hint=nonsense"),
    ] {
        let answer = world.post_raw(path, body.into()).await?;
        world.row(name, answer.status == 200 && answer.body.is_empty(), &format!("{} {}", answer.status, answer.body));
    }
    let token = world.target().https.token(&world.client).await?;
    for hint in ["nonsense", "refresh_token"] {
        let answer = world.post_raw("/introspect", format!("token={token}&token_type_hint={hint}").into()).await?;
        world.row(hint, answer.active() == Some(true), &answer.body);
    }
    world.finish().await
}
