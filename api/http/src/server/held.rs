//! An answer that counts as under way until its last byte was handed to the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// A body and what must live as long as any of its bytes.
pub(super) struct Held<T> {
    body: Body,
    kept: Arc<T>,
}

impl<T> Held<T> {
    pub(super) fn new(body: Body, kept: T) -> Self {
        Self { body, kept: Arc::new(kept) }
    }
}

/// Bytes that the HTTP library may keep long after it has let go of their body: a peer that opens no window for them,
/// or reads a byte a minute.
struct HeldBytes<T> {
    bytes: Bytes,
    _kept: Arc<T>,
}

impl<T> AsRef<[u8]> for HeldBytes<T> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T: Send + Sync + 'static> HttpBody for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let kept = &self.kept;
        polled.map_ok(|frame| frame.map_data(|bytes| Bytes::from_owner(HeldBytes { bytes, _kept: Arc::clone(kept) })))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_kept_lives_as_long_as_the_last_byte() {
        let kept = Arc::new(());
        let mut held = Held::new(Body::from("answer"), Arc::clone(&kept));
        assert_eq!(held.size_hint().exact(), Some(6));
        let bytes = held.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(held);
        let part = bytes.slice(2..4);
        drop(bytes);
        assert_eq!((&part[..], Arc::strong_count(&kept)), (&b"sw"[..], 2));
        drop(part);
        assert_eq!(Arc::strong_count(&kept), 1);
    }
}
