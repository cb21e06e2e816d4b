//! One request over a Unix socket.

use std::path::Path;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{ANSWER, Answer, CONNECT, Call, MAX_ANSWER, NoAnswer};

pub(super) async fn send(path: &Path, call: &Call) -> Result<Answer, NoAnswer> {
    let place = path.display().to_string();
    let failed = |sent: bool, why: String| NoAnswer { place: place.clone(), why, sent };
    let late = |sent: bool| failed(sent, "no answer in time".to_owned());

    let stream = timeout(CONNECT, UnixStream::connect(path)).await.map_err(|_| late(false))?;
    let stream = stream.map_err(|error| failed(false, format!("no node answers here ({error})")))?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| failed(false, error.to_string()))?;
    let connection = tokio::spawn(connection);

    let request = request(call).map_err(|error| failed(false, error.to_string()))?;
    let answered = timeout(ANSWER, async {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await.map_err(|error| error.to_string())?;
        Ok::<_, String>(Answer { status, body: body.to_bytes() })
    });
    let answered = answered.await;
    connection.abort();
    answered.map_err(|_| late(true))?.map_err(|why| failed(true, why))
}

fn request(call: &Call) -> http::Result<http::Request<Full<Bytes>>> {
    // RFC 9112 §3.2 wants a host; the socket has none.
    let mut request = http::Request::builder().method(call.method.clone()).uri(&call.path).header(HOST, "localhost");
    for (name, value) in call.headers() {
        request = request.header(name, value);
    }
    match &call.body {
        Some(body) => request.header(CONTENT_TYPE, "application/json").body(Full::new(Bytes::from(body.to_string()))),
        None => request.body(Full::new(Bytes::new())),
    }
}
