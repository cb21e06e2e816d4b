//! OP08: no secret reaches the log, at the most talkative level, whatever is done with it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at the first surprise")]

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use woad::config::load;
use woad::log::json;
use woad::runtime::{Controls, run};
use woad::store::Presence;
use woad::store::memory::MemoryOpener;

const OPERATOR_TOKEN: &str = "operator-token-that-nobody-may-see-0123456789";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, line: &str, head: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let request = format!("{line} HTTP/1.1\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_env_filter(woad::log::filter("trace").unwrap());
    let subscriber =
        subscriber.with_writer(move || writer.clone()).fmt_fields(json::Fields).event_format(json::Lines).finish();
    // The test's runtime has one thread, on which the whole node runs.
    let guard = tracing::subscriber::set_default(subscriber);

    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, OPERATOR_TOKEN).unwrap();
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (https, operations) = (free(), free());
    let env = [
        ("WOAD_NODE_DATA_DIR", folder.path().join("data").to_str().unwrap().to_owned()),
        ("WOAD_HTTPS_PLAIN", "true".to_owned()),
        ("WOAD_HTTPS_LISTEN", https.to_string()),
        ("WOAD_OPERATIONS_LISTEN", operations.to_string()),
        ("WOAD_OPERATIONS_TOKEN_FILE", token_file.to_str().unwrap().to_owned()),
        ("WOAD_PEER_LISTEN", free().to_string()),
    ];
    let config = load(None, env.map(|(name, value)| (name.into(), value.into()))).unwrap();
    let (controls, socket) = (Controls::default(), config.socket());
    let node = tokio::spawn(run(config, Arc::new(MemoryOpener::new(Presence::Member)), controls.clone()));
    let mut tries = 0;
    while TcpStream::connect(https).await.is_err() {
        tries += 1;
        assert!(tries < 400, "the node never listened");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }

    // The operations socket and the operator token lead to the same place.
    let json = "host: woad\r\ncontent-type: application/json\r\n";
    let realm = format!(r#"{{"id":"vo","issuer":"http://{https}"}}"#);
    let local = UnixStream::connect(&socket).await.unwrap();
    assert_eq!(ask(local, "POST /v1/realms", json, &realm).await.0, 201);
    let operator = |token: &str| format!("{json}authorization: Bearer {token}\r\n");
    let client = r#"{"client_id":"robot","client":{"client_name":"a robot","grant_types":["client_credentials"],
        "scope":"openid","allow_introspection":true}}"#;
    let clients = "POST /v1/realms/vo/clients";
    let wrong = format!("{OPERATOR_TOKEN}x");
    let by_tcp = async || TcpStream::connect(operations).await.unwrap();
    assert_eq!(ask(by_tcp().await, clients, &operator(&wrong), client).await.0, 401);
    let (status, made) = ask(by_tcp().await, clients, &operator(OPERATOR_TOKEN), client).await;
    assert_eq!(status, 201, "{made}");
    let old = made["client_secret"].as_str().unwrap().to_owned();
    let rotate = "POST /v1/realms/vo/clients/robot/rotate-secret";
    let (_, rotated) = ask(by_tcp().await, rotate, &operator(OPERATOR_TOKEN), "").await;
    let secret = rotated["client_secret"].as_str().unwrap().to_owned();

    let host = format!("host: {https}\r\n");
    let basic = |secret: &str| basic_of("robot", secret);
    let form = async |line: &str, authorization: &str, body: &str| {
        let head = if authorization.is_empty() { String::new() } else { format!("authorization: {authorization}\r\n") };
        ask(TcpStream::connect(https).await.unwrap(), line, &format!("{host}{FORM}{head}"), body).await
    };
    let grant = "grant_type=client_credentials";
    let (status, answer) = form("POST /token", &basic(&secret), grant).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap().to_owned();
    let with_token = format!("token={token}");
    assert_eq!(form("POST /introspect", &basic(&secret), &with_token).await.1["active"], true);
    for (line, authorization, body, status) in [
        ("POST /token", basic(&old), grant.to_owned(), 401),
        ("POST /token", format!("Bearer {token}"), grant.to_owned(), 401),
        // The secret in the wrong field, place or form.
        ("POST /token", basic_of(&secret, "robot"), grant.to_owned(), 401),
        ("POST /token", String::new(), format!("{grant}&client_id={secret}&client_secret=robot"), 401),
        ("POST /token", basic(&secret), format!("{grant}&client_secret={secret}"), 400),
        ("POST /token", basic(&secret), format!("grant_type={secret}"), 400),
        ("POST /token", basic(&secret), format!("{grant}&expires_in={secret}"), 400),
        ("POST /token", basic(&secret), format!("{grant}&scope=%22{token}"), 400),
        (&format!("POST /token?client_secret={secret}"), basic(&secret), grant.to_owned(), 400),
        (&format!("POST /introspect?token={token}"), basic(&secret), with_token.clone(), 400),
        (&format!("GET /{token}"), basic(&secret), String::new(), 404),
        ("POST /introspect", basic(&secret), format!("token={token}x"), 200),
        ("POST /revoke", basic(&secret), with_token.clone(), 200),
        ("POST /introspect", basic(&secret), with_token.clone(), 200),
    ] {
        let answer = form(line, &authorization, &body).await;
        assert_eq!(answer.0, status, "{line} {body}: {}", answer.1);
        assert!(!answer.1.to_string().contains(&secret), "{line} {body}");
    }
    controls.stop.cancel();
    node.await.unwrap().unwrap();
    drop(guard);

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for part in ["woad::issued", "woad::access", "client not authenticated", "\"DEBUG\""] {
        assert!(text.contains(part), "{part} was not logged");
    }
    let signature = token.rsplit('.').next().unwrap();
    let hidden = [OPERATOR_TOKEN, &old, &secret, signature, &basic(&secret)[6..], &basic(&old)[6..]];
    for (place, secret) in hidden.into_iter().enumerate() {
        let told = text.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "secret {place} is in the log");
    }
}

fn basic_of(id: &str, secret: &str) -> String {
    use std::fmt::Write as _;
    // Base64, by hand: three bytes, four characters.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = "Basic ".to_owned();
    for three in format!("{id}:{secret}").as_bytes().chunks(3) {
        let word = three.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let six = usize::try_from((word >> (18 - 6 * place)) & 63).unwrap();
            let shown = if place <= three.len() { char::from(ALPHABET[six]) } else { '=' };
            write!(out, "{shown}").unwrap();
        }
    }
    out
}
