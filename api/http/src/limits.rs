//! Every limit on what comes in by HTTP, with its reason.

use std::time::Duration;

use woad_admission::ThrottleLimits;

/// Bytes of a form: the longest legitimate one holds a token and a few hundred scopes.
pub const MAX_FORM_BYTES: usize = 64 * 1024;
/// Bytes of a JSON document of the administration API: a client with all its scopes and keys.
pub const MAX_JSON_BYTES: usize = 1024 * 1024;
/// Parameters in one form: no grant has a third of this, and repeated ones count.
pub const MAX_PARAMETERS: usize = 64;
/// Bytes of a parameter's name: no name is a third of this.
pub const MAX_PARAMETER_NAME: usize = 128;
/// Bytes of path and query together: more can't be a request we answer, and some proxies stop here as well.
pub const MAX_URI_BYTES: usize = 8 * 1024;
/// Bytes of all header names and values: twice what a token of the largest size needs.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Headers in one request: browsers send about twenty.
pub const MAX_HEADERS: usize = 100;
/// Bytes of an `Authorization: Basic` value: a client id of 256 and a secret of 512 bytes, all percent-encoded, in
/// base64, with room to spare.
pub const MAX_BASIC_BYTES: usize = 4 * 1024;
/// Bytes of an access token as it is presented: the longest that is issued, which itself fits a request's headers.
pub const MAX_BEARER_BYTES: usize = 8 * 1024;
/// How long a request's body may take to arrive: a slow sender holds memory meanwhile.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How much of that is given without a question; after it, time is given for what has arrived.
pub const BODY_GRACE: Duration = Duration::from_secs(5);
/// Bytes of a body that must arrive in each second after [`BODY_GRACE`]: less than any network that is in use.
pub const BODY_RATE: u64 = 4 * 1024;
/// Bytes of a body that are read although its request was refused without it: as much as any endpoint takes, so that
/// whoever keeps to the limits reads the refusal.
pub const MAX_LEFTOVER_BYTES: u64 = 1024 * 1024;
/// How long that may take.
pub const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an HTTP/1 request's head may take, counted from the end of the request before: also the keep-alive time. A
/// connection that has asked for nothing yet is closed after this and the time of a handshake, whatever it speaks.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of answers that a peer must take in each [`ANSWER_WINDOW`] while some wait for it.
pub const ANSWER_BYTES: usize = 16 * 1024;
/// See [`ANSWER_BYTES`].
pub const ANSWER_WINDOW: Duration = Duration::from_secs(10);
/// How long a request may take from its head to the last byte of its answer: far more than the store's deadline and
/// the largest answer over a slow line. An HTTP/2 peer that opens no window meets it.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a connection is looked at for that.
pub(crate) const PATROL: Duration = Duration::from_secs(2);
/// Bytes of answers that the kernel holds for a connection: what it may have taken from us and the peer not from it.
pub const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Bytes of answers that one HTTP/2 stream holds.
pub const MAX_SEND_BUFFER: usize = 64 * 1024;
/// How long a connection may go without a byte in either direction.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// HTTP/1 read buffer: must hold a URI and headers of the largest sizes, so that our own limits answer first.
pub const READ_BUFFER_BYTES: usize = 32 * 1024;
/// HTTP/2 streams of a connection that may be open at once.
pub const MAX_STREAMS: u32 = 128;
/// HTTP/2 streams a peer may reset before we accepted them; more is an attack and ends the connection.
pub const MAX_PENDING_RESETS: usize = 20;
/// HTTP/2 streams we reset for the peer's errors before the connection ends.
pub const MAX_ERROR_RESETS: usize = 64;
/// HTTP/2 frames other than DATA, HEADERS and CONTINUATION that a peer may send ahead: PING, SETTINGS, `WINDOW_UPDATE` and
/// the like, each a unit; a flood of them ends the connection.
pub const FRAME_CREDIT: u32 = 1_000;
/// Units that come back each second.
pub const FRAME_CREDIT_PER_SECOND: u32 = 20;
/// Units that come back with a request, which has its own limits: a download comes with window updates.
pub const FRAME_CREDIT_PER_REQUEST: u32 = 4;
/// Units of a `RST_STREAM`: more than its request brought.
pub const RESET_COST: u32 = 8;
/// How often an HTTP/2 peer is asked whether it lives.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long it may take to answer that.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests that are let in however short memory is: memory that is never given back must not shut the node for good.
pub const LEAST_REQUESTS: usize = 32;
/// Bytes that an HTTP/2 peer may send on a connection before they are read…
pub const MAX_CONNECTION_WINDOW: u32 = 256 * 1024;
/// … and on a stream.
pub const MAX_STREAM_WINDOW: u32 = 64 * 1024;
/// How long a browser may keep the answer to a CORS preflight, in seconds: it never changes.
pub const CORS_MAX_AGE_SECONDS: u32 = 3600;
/// Failed authentications of one source, where nobody says otherwise: a program with an outdated secret that tries every
/// second is heard, a guesser is not helped.
pub const FAILURES: ThrottleLimits = ThrottleLimits { burst: 300, per_minute: 60 };
/// Bytes of free text in an error's description: the rest is cut.
pub const MAX_DESCRIPTION: usize = 256;

/// Everything above, for the configuration reference: name, value, reason.
pub const TABLE: &[(&str, &str, &str)] = &[
    ("Form body", "64 KiB", "a token and a few hundred scopes"),
    ("JSON body (administration)", "1 MiB", "a client with all its scopes and keys"),
    ("Form parameters", "64", "no grant has a third of this"),
    ("Form parameter name", "128 bytes", "no name is a third of this"),
    ("URI", "8 KiB", "more can't be a request we answer"),
    ("Request headers, bytes", "16 KiB", "twice what the largest token needs"),
    ("Request headers, number", "100", "browsers send about twenty"),
    ("Basic credentials", "4 KiB", "the longest id and secret, percent-encoded"),
    ("Access token", "8 KiB", "the longest that is issued"),
    ("Time for a body to arrive", "30 s", "a slow sender holds memory meanwhile"),
    ("Least rate of a body after 5 s", "4 KiB/s", "any network in use is faster"),
    ("Body read after a refusal without it", "1 MiB, 2 s", "whoever keeps to the limits reads the refusal"),
    ("Time for a TLS handshake", "10 s", "a silent peer holds a connection meanwhile"),
    ("Time for an HTTP/1 head, keep-alive time", "20 s", "a slow sender holds a connection meanwhile"),
    ("Time for a connection's first request", "30 s", "the time of handshake and head together"),
    ("Least rate at which waiting answers are taken", "16 KiB in 10 s", "a slow reader holds memory meanwhile"),
    ("Time from a request's head to its answer's last byte", "60 s", "far more than any answer needs"),
    ("Bytes of answers in the kernel, a connection", "128 KiB", "what a peer does not read is held there"),
    ("Bytes of answers of an HTTP/2 stream", "64 KiB", "the same, for each stream"),
    ("Silence on a connection", "90 s", "longer than any request takes"),
    ("Requests let in however short memory is", "32", "memory that is never given back must not shut the node"),
    ("Unread bytes of an HTTP/2 connection and stream", "256 KiB and 64 KiB", "they are held until they are read"),
    ("HTTP/2 streams at once", "128", "bounds a connection's memory"),
    ("HTTP/2 resets before acceptance", "20", "more is the rapid-reset attack"),
    ("HTTP/2 frames that carry nothing", "1000, 20 more a second, 4 a request", "a flood of PING or SETTINGS ends"),
    ("HTTP/2 frames that a reset counts for", "8", "more than its request brought"),
    ("HTTP/2 resets for the peer's errors", "64", "more is an attack"),
];
