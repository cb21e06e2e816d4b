//! A stream to a peer on which one request is under way at a time: what is asked often (heartbeats, `ReadIndex`) does not
//! open a stream each time, which costs both ends more than the question.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

/// An open stream, in step: whatever was asked on it was answered.
pub(crate) struct Line<Q, A> {
    requests: mpsc::Sender<Q>,
    answers: Streaming<A>,
}

impl<Q: Send + 'static, A> Line<Q, A> {
    /// Opens one: `call` is given the requests and returns the answers.
    ///
    /// # Errors
    /// Those of `call`.
    pub(crate) async fn open<E>(
        call: impl AsyncFnOnce(ReceiverStream<Q>) -> Result<Streaming<A>, E>,
    ) -> Result<Self, E> {
        let (requests, receiver) = mpsc::channel(1);
        let answers = call(ReceiverStream::new(receiver)).await?;
        Ok(Self { requests, answers })
    }

    /// Asks, and gives the line back with the answer. A line whose answer did not come, or was not waited for, is gone: the
    /// next answer on it would be another question's.
    ///
    /// # Errors
    /// When the stream has ended.
    pub(crate) async fn ask(mut self, request: Q) -> Result<(A, Self), Status> {
        let ended = || Status::unavailable("the stream has ended");
        self.requests.send(request).await.map_err(|_| ended())?;
        let answer = self.answers.message().await?.ok_or_else(ended)?;
        Ok((answer, self))
    }
}
