use anyhow::Result;
use serde_json::Value;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_of_a_scope_is_wider_than_what_the_client_has() -> Result<()> {
    let mut world = World::new().await?;
    // The client has storage.modify:/data, storage.read:/ and wlcg.
    let many = vec!["storage.read:/a"; 10_000].join(" ");
    let (long, longest) = ("a".repeat(2_049), "a".repeat(60 * 1024));
    let distinct = (0..600).map(|number| format!("storage.read:/{number}")).collect::<Vec<_>>().join(" ");
    let table = [
        "storage.modify:/",
        "storage.modify:/database",
        "storage.modify:/data/../x",
        "storage.modify:/data/./x",
        "storage.modify:/data//x",
        "storage.modify://data",
        "storage.modify:/data/%2e%2e/x",
        "storage.modify:/data%2f..",
        "storage.modify:/DATA",
        "storage.modify:data",
        "storage.modify:",
        "storage.modify",
        "STORAGE.modify:/data",
        "storage.read:/a\u{301}",
        "storage.read:/\u{e1}",
        "storage.read:/a\\b",
        "wlcg\"",
        "wl\\cg",
        "unknown",
        "iam:admin.write",
        "storage.create:/",
        "openid storage.modify:/other",
        "scim:write",
        long.as_str(),
        longest.as_str(),
        distinct.as_str(),
    ];
    for scope in table {
        let answer = world.target().https.ask_token(&world.client, scope).await?;
        let name: String = scope.chars().take(40).collect();
        world.answered(&name, &answer, 400, "invalid_scope");
    }
    let answer = world.target().https.ask_token(&world.client, "wlcg\tstorage.read:/").await?;
    world.row("tab", answer.status == 400, &format!("{} {}", answer.status, answer.body));
    let answer = world.target().https.ask_token(&world.client, &many).await?;
    world.row("10 000 scopes", [400, 413].contains(&answer.status), &format!("{} {}", answer.status, answer.body));
    for scope in ["storage.modify:/data", "storage.modify:/data/x", "storage.read:/a/b", "wlcg storage.read:/x"] {
        let answer = world.target().https.ask_token(&world.client, scope).await?;
        let granted = answer.json()?.get("scope").and_then(Value::as_str) == Some(scope);
        world.row(scope, answer.status == 200 && granted, &format!("{} scope", answer.status));
    }
    world.finish().await
}
