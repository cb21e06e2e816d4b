//! HTTP/2 frames that cost the server work and the sender nothing: counted, and cut off when there are too many.
//!
//! The HTTP library bounds empty DATA, CONTINUATION and header lists itself. What it answers without a count are PING and
//! SETTINGS; requests that are reset at once (CVE-2023-44487) it counts only until they are accepted.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use woad_admission::DoorMetrics;

use crate::limits::{FRAME_CREDIT, FRAME_CREDIT_PER_REQUEST, FRAME_CREDIT_PER_SECOND, RESET_COST};

/// Bytes of the client's preface (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Bytes of a frame's head (RFC 9113 §4.1).
const HEAD: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
/// `GOAWAY` with `ENHANCE_YOUR_CALM` (RFC 9113 §6.8, §7).
const CALM: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 11];

/// What a peer may still spend.
struct Credit {
    left: u32,
    since: Instant,
}

impl Credit {
    /// Notes a frame; `false`: it can't be paid.
    fn pay(&mut self, kind: u8) -> bool {
        let cost = match kind {
            DATA | CONTINUATION => return true,
            HEADERS => {
                self.earn(FRAME_CREDIT_PER_REQUEST);
                return true;
            }
            RST_STREAM => RESET_COST,
            _ => 1,
        };
        let seconds = u32::try_from(self.since.elapsed().as_secs()).unwrap_or(u32::MAX);
        if seconds > 0 {
            self.since = Instant::now();
            self.earn(seconds.saturating_mul(FRAME_CREDIT_PER_SECOND));
        }
        let paid = self.left.checked_sub(cost);
        self.left = paid.unwrap_or_default();
        paid.is_some()
    }

    fn earn(&mut self, credit: u32) {
        self.left = self.left.saturating_add(credit).min(FRAME_CREDIT);
    }
}

/// Wraps a connection that speaks HTTP/2, above TLS.
pub(super) struct Frames<I> {
    io: I,
    metrics: DoorMetrics,
    credit: Credit,
    /// Bytes until the next frame's head.
    skip: usize,
    head: [u8; HEAD],
    have: usize,
}

impl<I> Frames<I> {
    pub(super) fn new(io: I, metrics: DoorMetrics) -> Self {
        let credit = Credit { left: FRAME_CREDIT, since: Instant::now() };
        Self { io, metrics, credit, skip: PREFACE, head: [0; HEAD], have: 0 }
    }

    /// Looks at what arrived; `false`: it is a flood.
    fn admits(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            bytes = bytes.split_at(skipped).1;
            self.skip -= skipped;
            let Some(rest) = self.head.get_mut(self.have..) else { return false };
            let taken = rest.len().min(bytes.len());
            if self.skip > 0 || taken == 0 {
                continue;
            }
            let (head, after) = bytes.split_at(taken);
            for (place, byte) in rest.iter_mut().zip(head) {
                *place = *byte;
            }
            self.have += taken;
            bytes = after;
            if self.have == HEAD {
                let [a, b, c, kind, ..] = self.head;
                self.skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                self.have = 0;
                if !self.credit.pay(kind) {
                    return false;
                }
            }
        }
        true
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Frames<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, into);
        if !matches!(polled, Poll::Ready(Ok(()))) {
            return polled;
        }
        let arrived = into.filled().get(before..).unwrap_or_default();
        if self.admits(arrived) {
            return polled;
        }
        self.metrics.flooded();
        // The connection ends either way: whether the peer reads why is its own affair.
        let _ = Pin::new(&mut self.io).poll_write(cx, &CALM);
        let _ = Pin::new(&mut self.io).poll_flush(cx);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "a flood of HTTP/2 frames")))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Frames<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
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
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(kinds: &[u8], payload: u8) -> Vec<u8> {
        let frame = |kind: &u8| [vec![0, 0, payload, *kind, 0, 0, 0, 0, 1], vec![0xff; usize::from(payload)]].concat();
        kinds.iter().flat_map(frame).collect()
    }

    /// How many bytes are admitted, given in pieces of that size.
    fn admitted(bytes: &[u8], piece: usize) -> usize {
        let mut frames = Frames::new((), DoorMetrics::new("test").unwrap());
        let all = [&[b'P'; PREFACE], bytes].concat();
        all.chunks(piece)
            .take_while(|chunk| frames.admits(chunk))
            .map(<[u8]>::len)
            .sum::<usize>()
            .saturating_sub(PREFACE)
    }

    #[tokio::test]
    async fn floods_end_and_requests_pay_for_what_comes_with_them() {
        let most = usize::try_from(FRAME_CREDIT).unwrap();
        for piece in [1, 7, 1000] {
            let pings = frames(&[6].repeat(5 * most), 8);
            let passed = admitted(&pings, piece) / (HEAD + 8);
            assert!((most.saturating_sub(1000 / 17 + 1)..=most + 100).contains(&passed), "{piece}: {passed}");
            let resets = frames(&[HEADERS, RST_STREAM].repeat(5 * most), 4);
            assert!(admitted(&resets, piece) < resets.len() / 4, "{piece}");
            let downloads = frames(&[HEADERS, 8, 8, DATA].repeat(5 * most), 4);
            assert_eq!(admitted(&downloads, piece), downloads.len(), "{piece}");
            let upload = frames(&[DATA].repeat(5 * most), 200);
            assert_eq!(admitted(&upload, piece), upload.len(), "{piece}");
        }
    }
}
