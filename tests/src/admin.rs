//! An operator at a node's operations socket.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::{StreamExt as _, future::ready, stream};
use http::Request;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::answer::Answer;

/// Longer than any operation may take: the store gives up after 5 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// The operations socket of a node.
#[derive(Clone, Debug)]
pub struct Admin {
    socket: PathBuf,
}

/// Bytes of a body that are sent before it is looked whether there is an answer.
const FIRST: usize = 64 * 1024;
/// How long it is looked.
const LOOK: Duration = Duration::from_millis(100);

/// A body too large is refused by its announced length, and the connection closed. Who goes on writing finds it broken,
/// now and then before the answer is read.
fn in_pieces(mut body: Bytes) -> UnsyncBoxBody<Bytes, Infallible> {
    if body.len() <= FIRST {
        return Full::new(body).boxed_unsync();
    }
    let rest = body.split_off(FIRST);
    let rest = stream::once(async move {
        tokio::time::sleep(LOOK).await;
        rest
    });
    let pieces = stream::once(ready(body)).chain(rest);
    StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece)))).boxed_unsync()
}

impl Admin {
    /// At this socket.
    #[must_use]
    pub const fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Sends bytes as the body, announced as that media type; an empty type sends no header.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn send(&self, method: &str, path: &str, media: &str, body: Bytes) -> Result<Answer> {
        tokio::time::timeout(PATIENCE, self.exchange(method, path, media, body))
            .await
            .with_context(|| format!("no answer in {PATIENCE:?}: {method} {path}"))?
            .with_context(|| format!("{method} {path} at {}", self.socket.display()))
    }

    async fn exchange(&self, method: &str, path: &str, media: &str, body: Bytes) -> Result<Answer> {
        let stream = UnixStream::connect(&self.socket).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, "woad");
        if !media.is_empty() {
            request = request.header(CONTENT_TYPE, media);
        }
        if body.len() > FIRST {
            request = request.header(CONTENT_LENGTH, body.len());
        }
        let (parts, body) = sender.send_request(request.body(in_pieces(body))?).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        driver.abort();
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Asks.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, "", Bytes::new()).await
    }

    /// Asks, and expects 200 and JSON.
    ///
    /// # Errors
    /// When the answer is another one.
    pub async fn show(&self, path: &str) -> Result<Value> {
        self.get(path).await?.expect(200)?.json()
    }

    /// Posts a JSON body.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("POST", path, "application/json", Bytes::from(body.to_string())).await
    }

    /// Posts nothing.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn order(&self, path: &str) -> Result<Answer> {
        self.send("POST", path, "", Bytes::new()).await
    }
}
