use anyhow::Result;
use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::world::World;

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_of_another_type_or_compressed_are_refused_unread() -> Result<()> {
    let mut world = World::new().await?;
    let (https, client) = (world.target().https.clone(), world.client.clone());
    let token = https.token(&client).await?;
    let form = format!("grant_type=client_credentials&token={token}");
    let types = [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=utf-16",
    ];
    for (path, status) in [("/token", 400), ("/introspect", 415), ("/revoke", 415)] {
        for media in types {
            let mut request = https.request(Method::POST, path).basic_auth(&client.id, Some(&client.secret));
            if !media.is_empty() {
                request = request.header(CONTENT_TYPE, media);
            }
            let answer = https.send(request.body(form.clone())).await?;
            world.answered(&format!("{path} as {media:?}"), &answer, status, "invalid_request");
        }
        for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
            let request = https.request(Method::POST, path).basic_auth(&client.id, Some(&client.secret));
            let request = request.header(CONTENT_TYPE, FORM).header(CONTENT_ENCODING, encoding);
            let answer = https.send(request.body(form.clone())).await?;
            world.answered(&format!("{path} in {encoding}"), &answer, 415, "");
        }
    }
    let admin = world.target().admin.clone();
    for media in ["", FORM, "text/json", "application/json; charset=utf-16"] {
        let answer = admin.send("POST", "/v1/realms", media, "{}".into()).await?;
        world.answered(&format!("administration as {media:?}"), &answer, 415, "");
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_still_sends_reads_why_it_is_refused() -> Result<()> {
    let mut world = World::new().await?;
    let host = world.host();
    for (length, pieces) in [(64, 1), (20_000, 4), (1 << 20, 16)] {
        let mut raw = world.connect().await?;
        let name = format!("{length} bytes that nobody wants");
        // Twice on one connection: it is none the worse for it.
        for _ in 0..2 {
            let head = format!(
                "POST /scim/v2/Users HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/scim+json\r\ncontent-length: {length}\r\n\r\n"
            );
            raw.send(head.as_bytes()).await?;
            for _ in 0..pieces {
                raw.send(&vec![b' '; length / pieces]).await?;
                tokio::task::yield_now().await;
            }
            let answer = raw.answer().await?;
            world.row(&name, answer.status == 401, &format!("{} {}", answer.status, answer.body));
        }
    }
    world.finish().await
}
