//! One keep-alive connection, as cheap as a client gets: the load shares its processors with what it measures.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use super::Tls;

/// An open connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// From this address of loopback.
    pub(crate) async fn tcp_from(from: Ipv4Addr, to: SocketAddr) -> anyhow::Result<Self> {
        Self::open(from, to, None).await
    }

    /// The same, over TLS if that is given.
    pub(crate) async fn open(from: Ipv4Addr, to: SocketAddr, tls: Option<&Tls>) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let stream: TcpStream = socket.connect(to).await.with_context(|| format!("connecting to {to}"))?;
        stream.set_nodelay(true)?;
        match tls {
            None => Self::over(stream).await,
            Some(tls) => Self::over(tls.http1(stream).await?).await,
        }
    }

    pub(crate) async fn unix(path: &Path) -> anyhow::Result<Self> {
        let stream = UnixStream::connect(path).await.with_context(|| format!("connecting to {}", path.display()))?;
        Self::over(stream).await
    }

    async fn over<S>(stream: S) -> anyhow::Result<Self>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self(sender))
    }

    /// Whether the other side has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Bytes>> {
        self.0.ready().await?;
        let (head, body) = self.0.send_request(request).await?.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }

    /// The body of a 2xx to a request with, maybe, JSON.
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Bytes> {
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(path).header(HOST, "woad");
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let answer = self.send(request.body(bytes.into())?).await?;
        let text = || String::from_utf8_lossy(answer.body());
        ensure!(answer.status().is_success(), "{method} {path}: {} {}", answer.status(), text());
        Ok(answer.into_body())
    }
}
