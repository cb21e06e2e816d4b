use anyhow::Result;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_spellings_of_a_path_or_host_lead_nowhere() -> Result<()> {
    let mut world = World::new().await?;
    let host = world.host();
    let spellings = [
        "//jwk",
        "/./jwk",
        "/a/../jwk",
        "/%2e%2e/jwk",
        "/%2e/jwk",
        "/a%2f..%2fjwk",
        "/jwk;a=b",
        "/jwk%00",
        "/JWK",
        "/jwk/",
        "/jwk%20",
        "/%6awk",
        "/jwk%252f",
        "/\\jwk",
        "/a%5cjwk",
        "*",
        "jwk",
    ];
    for path in spellings {
        let (answer, _) = world.raw(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await?;
        world.row(path, [400, 404].contains(&answer.status), &format!("{} {}", answer.status, answer.body));
    }
    for (name, headers) in [
        ("an unknown host", "host: evil.test"),
        ("a host of ours with another port", "host: iam.test:1"),
        ("a host with user info", "host: a@iam.test"),
        ("a forwarded host", "host: evil.test\r\nx-forwarded-host: iam.test\r\nforwarded: host=iam.test"),
        ("the node's address", "host: 127.0.0.1"),
        ("an empty host", "host:"),
    ] {
        let (answer, _) = world.raw(format!("GET /jwk HTTP/1.1\r\n{headers}\r\n\r\n").as_bytes()).await?;
        world.row(name, [400, 421].contains(&answer.status), &format!("{} {}", answer.status, answer.body));
    }
    // What only looks strange is served.
    let cookies = format!("cookie: {}", "c".repeat(8 * 1024));
    for headers in [cookies.as_str(), "accept: a/b;q=0.0000001", "range: bytes=0-1", "x-forwarded-proto: http"] {
        let (answer, _) =
            world.raw(format!("GET /jwk HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n\r\n").as_bytes()).await?;
        world.row(&headers.chars().take(20).collect::<String>(), answer.status == 200, &answer.status.to_string());
    }
    world.finish().await
}
