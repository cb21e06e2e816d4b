//! Why a command came to nothing, and how a script can tell.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::demo::Failed;

/// What ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The node refused.
    #[error("refused ({status}): {detail}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The problem's kind, if it has a name.
        kind: Option<String>,
        /// In the node's words.
        detail: String,
    },
    /// The operator said no.
    #[error("not confirmed; nothing was done")]
    NotConfirmed,
    /// The node's answer is not what this version understands. Never quotes it: it may hold a secret.
    #[error("the node's answer can't be read; is it of the same version as this woadctl ({})?", env!("CARGO_PKG_VERSION"))]
    Answer,
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// This machine.
    #[error("this machine: {0}")]
    Machine(#[source] io::Error),
    /// The command line can't be used.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers, and nothing happened.
    #[error("{place}: {why}; nothing was done")]
    Unreachable {
        /// Socket or URL.
        place: String,
        /// Why.
        why: String,
    },
    /// The node answers but can't act now, and nothing happened.
    #[error("not possible now: {0}")]
    Unavailable(String),
    /// The request went out and no answer came back.
    #[error("it is not known whether it happened: {0}")]
    Unknown(String),
    /// The doctor found something.
    #[error("{0} to see to")]
    Findings(usize),
    /// The replicas are not, or not known to be, equal.
    #[error("{0}")]
    Disagreement(String),
    /// Some records of an import were not made.
    #[error("{0} lines were not imported")]
    NotAll(usize),
    /// The demo.
    #[error(transparent)]
    Demo(#[from] Box<Failed>),
}

impl Failure {
    /// See [`crate::cli`].
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. }
            | Self::NotConfirmed
            | Self::Answer
            | Self::Findings(_)
            | Self::Disagreement(_)
            | Self::NotAll(_)
            | Self::File { .. }
            | Self::Machine(_)
            | Self::Demo(_) => 1,
            Self::Usage(_) => 2,
            Self::Unreachable { .. } | Self::Unavailable(_) => 3,
            Self::Unknown(_) => 4,
        }
    }

    /// Whether it is a problem of this kind.
    pub(crate) fn is_kind(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { kind: Some(kind), .. } if kind == wanted)
    }

    /// For programs. `status` and `kind` are the node's, where it refused.
    pub(crate) fn to_json(&self) -> Value {
        let (status, kind) = match self {
            Self::Refused { status, kind, .. } => (Some(*status), kind.as_deref()),
            _ => (None, None),
        };
        json!({ "error": self.to_string(), "exit_code": self.exit_code(), "status": status, "kind": kind })
    }

    /// The failure that an error answer stands for (RFC 9457). A body that is none is not shown.
    pub(crate) fn of_answer(status: u16, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let kind = problem.kind.strip_prefix("urn:woad:problem:").map(str::to_owned);
        let detail = if problem.detail.is_empty() { "it gives no reason".to_owned() } else { problem.detail };
        match (status, kind.as_deref()) {
            (503, Some("outcome-unknown")) => Self::Unknown(detail),
            (503, _) => Self::Unavailable(detail),
            _ => Self::Refused { status, kind, detail },
        }
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> u8 {
        Failure::of_answer(status, body.as_bytes()).exit_code()
    }

    #[test]
    fn exit_codes_tell_what_is_known() {
        let problem = |kind: &str| format!(r#"{{"type":"urn:woad:problem:{kind}","detail":"why"}}"#);
        assert_eq!(code(409, &problem("exists")), 1);
        assert_eq!(code(401, ""), 1);
        assert_eq!(code(507, &problem("full")), 1);
        assert_eq!(code(503, &problem("unavailable")), 3);
        assert_eq!(code(503, "<html>"), 3);
        assert_eq!(code(503, &problem("outcome-unknown")), 4);
        assert_eq!(Failure::Usage(String::new()).exit_code(), 2);
    }

    #[test]
    fn programs_get_the_nodes_words_apart() {
        let body = br#"{"type":"urn:woad:problem:exists","detail":"why"}"#;
        let expected = json!({"error": "refused (409): why", "exit_code": 1, "status": 409, "kind": "exists"});
        assert_eq!(Failure::of_answer(409, body).to_json(), expected);
        let expected =
            json!({"error": "not confirmed; nothing was done", "exit_code": 1, "status": null, "kind": null});
        assert_eq!(Failure::NotConfirmed.to_json(), expected);
    }

    #[test]
    fn an_answer_that_is_no_problem_is_not_repeated() {
        let text = Failure::of_answer(500, br#"{"client_secret":"s3cret"}"#).to_string();
        assert_eq!(text, "refused (500): it gives no reason");
    }
}
