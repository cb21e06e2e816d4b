//! Reading a body within its limits.

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::error::Refused;
use crate::limits::BODY_TIMEOUT;

/// The whole body. One announced as too large is refused before a byte of it is asked for, so that a client that
/// waits for `100 Continue` never sends it.
///
/// # Errors
/// [`Refused::BodyTooLarge`], [`Refused::BodyMissing`].
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(Refused::BodyTooLarge);
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refused::BodyTooLarge),
        Ok(Err(_)) | Err(_) => Err(Refused::BodyMissing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[tokio::test]
    async fn limit_holds_with_and_without_an_announced_length() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers, Body::from("12345"), 5).await, Ok(Bytes::from_static(b"12345")));
        assert_eq!(read(&headers, Body::from("123456"), 5).await, Err(Refused::BodyTooLarge));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("6"));
        assert_eq!(read(&headers, Body::empty(), 5).await, Err(Refused::BodyTooLarge));
    }

    #[tokio::test]
    async fn body_that_breaks_off_is_refused() {
        struct Broken;
        impl hyper::body::Body for Broken {
            type Data = Bytes;
            type Error = std::io::Error;
            fn poll_frame(
                self: std::pin::Pin<&mut Self>,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
                std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
            }
        }
        assert_eq!(read(&HeaderMap::new(), Body::new(Broken), 5).await, Err(Refused::BodyMissing));
    }
}
