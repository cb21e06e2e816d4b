//! The certificate is replaced while the node serves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use woad::metrics::Metrics;
use woad::tls::{CertificateFiles, Reloader, provider, server_config};

/// Writes a new certificate for `localhost` and gives it back.
fn renew(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

async fn server(reloader: &Arc<Reloader>) -> SocketAddr {
    let config = server_config(reloader).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(Arc::clone(&config));
            tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
        }
    });
    address
}

/// The certificate that a client which trusts `root` sees, and the protocol it gets.
async fn handshake(address: SocketAddr, root: &CertificateDer<'static>) -> Result<(Vec<u8>, Vec<u8>), String> {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| error.to_string())?;
    let (_, session) = stream.get_ref();
    Ok((session.peer_certificates().unwrap()[0].to_vec(), session.alpn_protocol().unwrap().to_vec()))
}

/// Waits until the metric has the value.
async fn until(metrics: &Metrics, outcome: &str, count: u64) {
    for _ in 0..200 {
        if metrics.tls.reloads.with_label_values(&[outcome]).get() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{outcome} never became {count}");
}

#[tokio::test]
async fn a_new_certificate_is_served_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = renew(folder.path());
    let metrics = Metrics::new().unwrap();
    let files = CertificateFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let now = Arc::new(Notify::new());
    let reloader = Reloader::open(files, metrics.tls.clone(), Arc::clone(&now)).unwrap();
    let address = server(&reloader).await;
    tokio::spawn(Arc::clone(&reloader).watch());
    let (seen, protocol) = handshake(address, &first).await.unwrap();
    assert_eq!(seen, first.to_vec());
    assert_eq!(protocol, b"h2", "the server prefers HTTP/2");

    // Noticed without being told.
    let second = renew(folder.path());
    for _ in 0..200 {
        if handshake(address, &second).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_eq!(handshake(address, &second).await.unwrap().0, second.to_vec());
    assert!(handshake(address, &first).await.is_err());

    // A broken one changes nothing but the metric.
    let failed = metrics.tls.reloads.with_label_values(&["failed"]).get();
    fs::write(folder.path().join("cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    now.notify_one();
    until(&metrics, "failed", failed + 1).await;
    assert_eq!(handshake(address, &second).await.unwrap().0, second.to_vec());

    // And a good one after it is taken again.
    let third = renew(folder.path());
    let good = metrics.tls.reloads.with_label_values(&["ok"]).get();
    now.notify_one();
    until(&metrics, "ok", good + 1).await;
    assert_eq!(handshake(address, &third).await.unwrap().0, third.to_vec());
}

/// A handshake's first message without any extension but the ones TLS 1.2 needs.
fn hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 6, 0, 4, 4, 3, 4, 1, 0, 11, 0, 2, 1, 0];
    let suites: Vec<u8> = suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    let length = |len: usize| u16::try_from(len).unwrap().to_be_bytes();
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(length(suites.len()));
    body.extend(suites);
    body.extend([1, 0]);
    body.extend(length(extensions.len()));
    body.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(length(body.len()));
    message.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(length(message.len()));
    record.extend(message);
    record
}

/// OP01: TLS 1.2 with authenticated encryption at least.
#[tokio::test]
async fn old_versions_and_ciphers_are_refused() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    const GOOD: u16 = 0xc02b;
    let folder = tempfile::tempdir().unwrap();
    renew(folder.path());
    let files = CertificateFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let reloader = Reloader::open(files, Metrics::new().unwrap().tls, Arc::default()).unwrap();
    let address = server(&reloader).await;
    for (version, suites, accepted) in [
        (0x0303, &[GOOD][..], true),
        (0x0302, &[GOOD][..], false),
        (0x0301, &[GOOD][..], false),
        (0x0300, &[GOOD][..], false),
        // CBC, RC4, 3DES, static RSA, anonymous, none at all.
        (0x0303, &[0xc009, 0xc013, 0xc023, 0x0005, 0x000a, 0x002f, 0x009c, 0x0034, 0x0000], false),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&hello(version, suites)).await.unwrap();
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await.unwrap();
        // A handshake message, or a fatal alert.
        assert_eq!(answer[0], if accepted { 22 } else { 21 }, "{version:x} {suites:x?}: {answer:?}");
    }
}
