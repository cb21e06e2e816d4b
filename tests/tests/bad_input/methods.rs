use anyhow::Result;
use http::Method;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_methods_are_405_and_name_the_right_ones() -> Result<()> {
    let mut world = World::new().await?;
    let https = world.target().https.clone();
    let brew = Method::from_bytes(b"BREW")?;
    let table = [
        ("/token", "POST", vec![Method::GET, Method::PUT, Method::DELETE, Method::TRACE, brew.clone()]),
        ("/introspect", "POST", vec![Method::GET, Method::PATCH, Method::TRACE, brew.clone()]),
        ("/revoke", "POST", vec![Method::GET, Method::PUT, Method::TRACE]),
        ("/jwk", "GET", vec![Method::POST, Method::PUT, Method::DELETE, Method::TRACE, brew]),
        ("/.well-known/openid-configuration", "GET", vec![Method::POST, Method::TRACE]),
    ];
    for (path, right, methods) in table {
        for method in methods {
            let name = format!("{method} {path}");
            let answer = https.send(https.request(method, path)).await?;
            world.answered(&name, &answer, 405, "");
            world.row(&name, answer.header("allow").contains(right), &format!("Allow: {}", answer.header("allow")));
        }
    }
    let overridden = https.request(Method::GET, "/token").header("x-http-method-override", "POST");
    let answer = https.send(overridden).await?;
    world.answered("X-HTTP-Method-Override", &answer, 405, "");
    let admin = world.target().admin.clone();
    for (method, path, right) in [
        ("PUT", "/v1/realms", "POST"),
        ("TRACE", "/v1/realms", "GET"),
        ("GET", "/v1/cluster/init", "POST"),
        ("DELETE", "/v1/cluster", "GET"),
        ("POST", "/v1/realms/main/clients/caller", "PATCH"),
    ] {
        let answer = admin.send(method, path, "", bytes::Bytes::new()).await?;
        let name = format!("administration: {method} {path}");
        world.answered(&name, &answer, 405, "");
        world.row(&name, answer.header("allow").contains(right), &format!("Allow: {}", answer.header("allow")));
    }
    world.finish().await
}
