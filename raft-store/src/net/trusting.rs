//! A connection that ends when the authority that its other end was proved by is trusted no more (store.md 22).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::trust::PeerTls;

/// Looked at when something is read or written: keep-alive pings see to that within two seconds.
pub(super) struct Trusting<S> {
    io: S,
    tls: Arc<PeerTls>,
    /// What the other end presented; a stranger presents nothing.
    certificates: Vec<CertificateDer<'static>>,
    /// The change of trust under which they were last verified.
    seen: u64,
}

impl<S> Trusting<S> {
    /// `seen` is [`PeerTls::changes`] from before the handshake.
    pub(super) fn new(io: S, tls: Arc<PeerTls>, seen: u64, certificates: Option<&[CertificateDer<'_>]>) -> Self {
        let certificates = certificates.unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect();
        Self { io, tls, certificates, seen }
    }

    fn check(&mut self) -> io::Result<()> {
        let now = self.tls.changes();
        if now != self.seen {
            if !self.certificates.is_empty() && !self.tls.still_trusts(&self.certificates) {
                let why = "the authority of the other end is trusted no more";
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, why));
            }
            self.seen = now;
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Trusting<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Trusting<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
