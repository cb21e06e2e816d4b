//! A stream that fails when it does not move: silence in both directions, or answers that are not taken.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// What a stream must keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long it may go without a byte in either direction.
    pub(super) silence: Duration,
    /// While bytes wait to be taken, so many must be taken…
    pub(super) bytes: usize,
    /// … in this time.
    pub(super) within: Duration,
}

/// Wraps the lowest stream, below TLS, where a write that is taken went to the kernel.
pub(super) struct Paced<I> {
    io: I,
    pace: Pace,
    quiet: Pin<Box<Sleep>>,
    /// Runs while the peer does not take all that there is.
    behind: Option<Behind>,
}

struct Behind {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl<I> Paced<I> {
    pub(super) fn new(io: I, pace: Pace) -> Self {
        Self { io, pace, quiet: Box::pin(tokio::time::sleep(pace.silence)), behind: None }
    }

    fn moved(&mut self) {
        let until = Instant::now() + self.pace.silence;
        self.quiet.as_mut().reset(until);
    }

    fn stuck<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.quiet.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Judges a write of `wanted` bytes.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        wanted: usize,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(taken)) => {
                self.moved();
                if taken >= wanted {
                    self.behind = None;
                } else if let Some(behind) = &mut self.behind {
                    behind.taken += taken;
                    if behind.taken >= self.pace.bytes {
                        self.behind = None;
                    }
                }
                polled
            }
            Poll::Ready(Err(_)) => polled,
            Poll::Pending => {
                let within = self.pace.within;
                let start = || Behind { until: Box::pin(tokio::time::sleep(within)), taken: 0 };
                let behind = self.behind.get_or_insert_with(start);
                if behind.until.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                self.stuck(cx)
            }
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Paced<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_read(cx, into) {
            Poll::Ready(done) => {
                self.moved();
                Poll::Ready(done)
            }
            Poll::Pending => self.stuck(cx),
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Paced<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.wrote(cx, bytes.len(), polled)
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
        let wanted = parts.iter().map(|part| part.len()).sum();
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.wrote(cx, wanted, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const LONG: Duration = Duration::from_secs(90);

    #[tokio::test]
    async fn a_silent_stream_times_out() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut ours = Paced::new(ours, Pace { silence: Duration::from_millis(50), bytes: 1, within: LONG });
        theirs.write_all(b"x").await.unwrap();
        assert_eq!(ours.read_u8().await.unwrap(), b'x');
        assert_eq!(ours.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    /// How a write of 10 000 bytes ends that must go at 500 bytes in 100 ms, for a reader that takes so many each 10 ms.
    async fn taken(bytes: usize) -> io::Result<()> {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut ours = Paced::new(ours, Pace { silence: LONG, bytes: 500, within: Duration::from_millis(100) });
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; bytes];
            while theirs.read_exact(&mut buffer).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let written = ours.write_all(&[0; 10_000]).await;
        reader.abort();
        written
    }

    #[tokio::test]
    async fn a_reader_that_drips_times_out_and_a_slow_one_does_not() {
        assert_eq!(taken(2).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        taken(1_000).await.unwrap();
    }
}
