//! What came of a step of a transaction, in the words of the wire.

use raft_store_core::Outcome;

/// The same outcome, its refusal as the wire's answer.
pub(crate) fn refused<T, E, F>(outcome: Outcome<Result<T, E>>, map: impl FnOnce(E) -> F) -> Outcome<Result<T, F>> {
    match outcome {
        Outcome::Commit(answer) => Outcome::Commit(answer.map_err(map)),
        Outcome::Answer(answer) => Outcome::Answer(answer.map_err(map)),
    }
}

/// The same outcome, with another answer.
pub(crate) fn answered<T, U, E>(outcome: Outcome<Result<T, E>>, map: impl FnOnce(T) -> U) -> Outcome<Result<U, E>> {
    match outcome {
        Outcome::Commit(answer) => Outcome::Commit(answer.map(map)),
        Outcome::Answer(answer) => Outcome::Answer(answer.map(map)),
    }
}

/// The answer of one step among several: what it wrote counts only if the last step commits.
pub(crate) fn settled<T, E>(outcome: Outcome<Result<T, E>>) -> Result<T, E> {
    match outcome {
        Outcome::Commit(answer) | Outcome::Answer(answer) => answer,
    }
}
