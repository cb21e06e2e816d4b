use anyhow::Result;
use http::Method;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn userinfo_takes_one_access_token_of_a_person_in_its_place() -> Result<()> {
    let mut world = World::new().await?;
    let person = world.person("alice").await?;
    let application = world.application("portal").await?;
    let https = world.target().https.clone();
    let tokens = application.sign_in(&mut world.browser(), &https, &person, "openid profile").await?;
    let plain = world.cluster.nodes[1].https.token(&world.client).await?;
    let (access, path) = (tokens.access.as_str(), "/userinfo");
    let get = |value: &str| https.request(Method::GET, path).header("authorization", value.to_owned());
    let form = |pairs: &[(&str, &str)]| https.request(Method::POST, path).form(pairs);
    let (cut, upper) = (&access[..access.len() - 4], access.to_uppercase());
    let rows = [
        ("nothing", https.request(Method::GET, path), 401, ""),
        ("another scheme", get(&format!("Basic {access}")), 401, ""),
        ("an empty token", get("Bearer "), 400, "invalid_request"),
        ("a cut token", get(&format!("Bearer {cut}")), 401, "invalid_token"),
        ("another case", get(&format!("Bearer {upper}")), 401, "invalid_token"),
        ("an ID token", get(&format!("Bearer {}", tokens.id)), 401, "invalid_token"),
        ("a client's own token", get(&format!("Bearer {plain}")), 403, "insufficient_scope"),
        ("in the query", https.request(Method::GET, &format!("{path}?access_token={access}")), 400, "invalid_request"),
        ("twice", get(&format!("Bearer {access}")).header("authorization", format!("Bearer {access}")), 400, ""),
        ("two ways", form(&[("access_token", access)]).bearer_auth(access), 400, "invalid_request"),
        ("two fields", form(&[("access_token", access), ("access_token", access)]), 400, "invalid_request"),
        ("16 KiB", get(&format!("Bearer {}", "a".repeat(16 * 1_024))), 431, ""),
    ];
    for (name, request, status, error) in rows {
        let answer = https.send(request).await?;
        let told = answer.header("www-authenticate");
        let right = match (status, error) {
            (401 | 403, "") => told.starts_with("Bearer") && !told.contains("error="),
            (401 | 403, error) => told.contains(error),
            _ => true,
        };
        // A header of 16 KiB may be refused before anybody knows that it is a token.
        let right = right && (answer.status == status || (status == 431 && matches!(answer.status, 400 | 401)));
        world.row(name, right, &format!("{status} expected: {} {told} {}", answer.status, answer.body));
    }
    for (name, request) in [("header", get(&format!("bearer {access}"))), ("form", form(&[("access_token", access)]))] {
        world.answered(name, &https.send(request).await?, 200, "");
    }
    world.finish().await
}
