//! Reading a body within its limits.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{Instant, timeout_at};

use crate::error::Refused;
use crate::limits::{BODY_GRACE, BODY_RATE, BODY_TIMEOUT};
use crate::load::Admitted;

/// The whole body. One announced as too large is refused before a byte of it is asked for, so that a client that
/// waits for `100 Continue` never sends it.
///
/// Its bytes count as under way with `admitted`.
///
/// # Errors
/// [`Refused::BodyTooLarge`], [`Refused::BodyMissing`], [`Refused::Busy`].
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    admitted: Option<&Admitted>,
) -> Result<Bytes, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|length| length > limit as u64) {
        return Err(Refused::BodyTooLarge);
    }
    let start = Instant::now();
    let mut body = Limited::new(body, limit);
    let mut read = BytesMut::new();
    loop {
        match timeout_at(start + allowed(read.len()), body.frame()).await {
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    admitted.map_or(Ok(()), |admitted| admitted.take(data.len())).map_err(|_| Refused::Busy)?;
                    read.extend_from_slice(data);
                }
            }
            Ok(Some(Err(error))) if error.is::<LengthLimitError>() => return Err(Refused::BodyTooLarge),
            Ok(Some(Err(_))) | Err(_) => return Err(Refused::BodyMissing),
        }
    }
}

/// How long after its beginning a body may go on of which so much has arrived.
fn allowed(arrived: usize) -> Duration {
    let earned = u64::try_from(arrived).unwrap_or(u64::MAX).saturating_mul(1000) / BODY_RATE;
    BODY_GRACE.saturating_add(Duration::from_millis(earned)).min(BODY_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[tokio::test]
    async fn limit_holds_with_and_without_an_announced_length() {
        let mut headers = HeaderMap::new();
        assert_eq!(read(&headers, Body::from("12345"), 5, None).await, Ok(Bytes::from_static(b"12345")));
        assert_eq!(read(&headers, Body::from("123456"), 5, None).await, Err(Refused::BodyTooLarge));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("6"));
        assert_eq!(read(&headers, Body::empty(), 5, None).await, Err(Refused::BodyTooLarge));
    }

    #[test]
    fn a_body_that_drips_is_not_waited_for() {
        let rate = usize::try_from(BODY_RATE).unwrap();
        assert_eq!(allowed(0), BODY_GRACE);
        assert_eq!(allowed(1), BODY_GRACE);
        assert_eq!(allowed(10 * rate), BODY_GRACE + Duration::from_secs(10));
        assert_eq!(allowed(usize::MAX), BODY_TIMEOUT);
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
        assert_eq!(read(&HeaderMap::new(), Body::new(Broken), 5, None).await, Err(Refused::BodyMissing));
    }
}
