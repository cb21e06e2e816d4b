//! What a handler leaves unread of a body: read and thrown away, within limits.
//!
//! A handler that refuses by a header alone (401, 403, 415) does not read the body. If the connection were closed on it,
//! a client that still sends would see the connection break and never read why (RFC 9112 §9.6).

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{StatusCode, Version};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::limits::{LEFTOVER_TIMEOUT, MAX_LEFTOVER_BYTES};

/// Where the rest of a request's body is put when its handler drops it.
pub(crate) struct Leftover(Arc<Mutex<Option<Body>>>);

impl Leftover {
    /// Watches a request's body. `None` where there is nothing to be read: no body, one that is announced as larger
    /// than is thrown away, one that the client holds back until it is asked for, and HTTP/2, which ends a stream alone.
    pub(crate) fn watch(request: Request) -> (Request, Option<Self>) {
        let headers = request.headers();
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let too_large = announced.is_some_and(|text| text.parse().is_ok_and(|length: u64| length > MAX_LEFTOVER_BYTES));
        let held_back = headers.contains_key(EXPECT);
        if request.version() >= Version::HTTP_2 || request.body().is_end_stream() || too_large || held_back {
            return (request, None);
        }
        let slot = Arc::new(Mutex::new(None));
        let rest = Arc::clone(&slot);
        (request.map(|body| Body::new(Watched { body, ended: false, slot })), Some(Self(rest)))
    }

    /// Reads what is left, beside the answer. A body that was too large is not read to please its sender.
    pub(crate) fn discard(self, answered: StatusCode) {
        let rest = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(body) = rest.filter(|_| answered != StatusCode::PAYLOAD_TOO_LARGE) {
            tokio::spawn(tokio::time::timeout(LEFTOVER_TIMEOUT, throw_away(body)));
        }
    }
}

async fn throw_away(body: Body) {
    let limit = usize::try_from(MAX_LEFTOVER_BYTES).unwrap_or(usize::MAX);
    let mut body = Limited::new(body, limit);
    while let Some(Ok(_)) = body.frame().await {}
}

/// A body that, when it is dropped before its end, puts the rest into the slot.
struct Watched {
    body: Body,
    ended: bool,
    slot: Arc<Mutex<Option<Body>>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::stream;
    use http::Method;

    use super::*;

    const CHUNK: usize = 1_000;

    /// A body of many chunks that counts those that were read.
    fn chunks(count: usize) -> (Body, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let chunks = stream::iter((0..count).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from(vec![0; CHUNK]))
        }));
        (Body::from_stream(chunks), read)
    }

    /// Drops a request unread and answers it; how many chunks were read in the end.
    async fn read_after(count: usize, answered: StatusCode, header: Option<(&str, &str)>) -> usize {
        let (body, read) = chunks(count);
        let mut request = http::Request::builder().method(Method::POST);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let (request, leftover) = Leftover::watch(request.body(body).unwrap());
        drop(request);
        if let Some(leftover) = leftover {
            leftover.discard(answered);
        }
        // The task has no one to wait for: it ends when it is given its turns.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        read.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_was_not_read_is_read_up_to_a_limit_and_not_for_who_sent_too_much() {
        let beyond = usize::try_from(MAX_LEFTOVER_BYTES).unwrap() / CHUNK + 100;
        assert_eq!(read_after(20, StatusCode::UNAUTHORIZED, None).await, 20);
        let read = read_after(beyond, StatusCode::UNAUTHORIZED, None).await;
        assert!(read < beyond, "{read} of {beyond} chunks");
        assert_eq!(read_after(20, StatusCode::PAYLOAD_TOO_LARGE, None).await, 0);
        assert_eq!(read_after(20, StatusCode::UNAUTHORIZED, Some(("expect", "100-continue"))).await, 0);
        assert_eq!(read_after(20, StatusCode::UNAUTHORIZED, Some(("content-length", "2000000"))).await, 0);
    }

    #[tokio::test]
    async fn a_body_passes_unchanged_to_who_reads_it() {
        let (body, read) = chunks(7);
        let (request, leftover) = Leftover::watch(Request::new(body));
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes().len(), 7 * CHUNK);
        leftover.unwrap().discard(StatusCode::OK);
        assert_eq!(read.load(Ordering::Relaxed), 7);
    }
}
