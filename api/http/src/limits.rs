//! Every limit on what comes in by HTTP, with its reason.

use std::time::Duration;

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
pub const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a body that are read although its request was refused without it: as much as any endpoint takes, so that
/// whoever keeps to the limits reads the refusal.
pub const MAX_LEFTOVER_BYTES: u64 = 1024 * 1024;
/// How long that may take.
pub const LEFTOVER_TIMEOUT: Duration = Duration::from_secs(2);

/// Connections one listener holds at once: each costs some 40 KiB with TLS. Further ones wait in the backlog.
pub const MAX_CONNECTIONS: usize = 4096;
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an HTTP/1 request's head may take, counted from the end of the request before: also the keep-alive time.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
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
/// How often an HTTP/2 peer is asked whether it lives.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long it may take to answer that.
pub const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a browser may keep the answer to a CORS preflight, in seconds: it never changes.
pub const CORS_MAX_AGE_SECONDS: u32 = 3600;
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
    ("Time for a body to arrive", "10 s", "a slow sender holds memory meanwhile"),
    ("Body read after a refusal without it", "1 MiB, 2 s", "whoever keeps to the limits reads the refusal"),
    ("Connections of a listener", "4096", "some 40 KiB each with TLS"),
    ("Time for a TLS handshake", "10 s", "a silent peer holds a connection meanwhile"),
    ("Time for an HTTP/1 head, keep-alive time", "20 s", "a slow sender holds a connection meanwhile"),
    ("Silence on a connection", "90 s", "longer than any request takes"),
    ("HTTP/2 streams at once", "128", "bounds a connection's memory"),
    ("HTTP/2 resets before acceptance", "20", "more is the rapid-reset attack"),
    ("HTTP/2 resets for the peer's errors", "64", "more is an attack"),
];
