//! Handshakes between real rustls connections, in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use raft_store_core::{NodeId, Timestamp};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, SanType};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, Connection, Error, HandshakeKind, RootCertStore, ServerConfig,
    ServerConnection,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use super::ca::{BACKDATE_MS, CaPin, ClusterCa, NODE_LIFETIME_MS};
use super::join_tls::joining;
use super::peer_tls::{self, PeerTlsError};
use super::testing::{self, NOW};
use super::verify::{PeerRefused, refusal};
use super::{NodeIdentity, PeerIdentity, PeerTls, WallClock};

/// Both ends of a handshake that held.
struct Held {
    client: ClientConnection,
    server: ServerConnection,
}

/// Carries bytes to and fro until both ends are done, or one refuses. The refusal is that of the end that refused
/// first, not the alert which the other end then gets.
fn shake(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<Held, Error> {
    let name = ServerName::try_from("whatever.invalid").unwrap();
    let mut client: Connection = ClientConnection::new(client, name).unwrap().into();
    let mut server: Connection = ServerConnection::new(server).unwrap().into();
    for _ in 0..10 {
        carry(&mut client, &mut server)?;
        carry(&mut server, &mut client)?;
    }
    match (client, server) {
        (Connection::Client(client), Connection::Server(server)) => {
            assert!(!client.is_handshaking() && !server.is_handshaking());
            Ok(Held { client, server })
        }
        _ => unreachable!(),
    }
}

fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut wire = wire.as_slice();
    while !wire.is_empty() {
        to.read_tls(&mut wire).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

fn at(now: Timestamp) -> WallClock {
    WallClock::new(move || now.0)
}

fn side_of(identity: &NodeIdentity, ca: &ClusterCa, of: u8) -> PeerTls {
    PeerTls::new(testing::cluster(of), std::slice::from_ref(ca.certificate()), identity, at(NOW)).unwrap()
}

fn member(ca: &ClusterCa, of: u8, node: u64) -> PeerTls {
    side_of(&testing::node(ca, of, node, NOW), ca, of)
}

/// A client that trusts everything `side` trusts but presents `chain`, as a hostile one would.
fn presenting(side: &PeerTls, expected: u64, chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Arc<ClientConfig> {
    let mut config = Arc::unwrap_or_clone(side.client(NodeId(expected)).unwrap());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key)).clone_key();
    let presented = rustls::sign::CertifiedKey::from_der(chain, key, config.crypto_provider()).unwrap();
    config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(presented));
    Arc::new(config)
}

/// A self-signed certificate that says it is `node` of cluster `of`.
fn self_signed(of: u8, node: u64) -> (Vec<CertificateDer<'static>>, Vec<u8>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    let uri = PeerIdentity { cluster: testing::cluster(of), node: NodeId(node) }.to_string();
    params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    (vec![params.self_signed(&key).unwrap().der().clone()], key.serialize_der())
}

fn invalid(result: Result<Held, Error>) -> CertificateError {
    match result {
        Err(Error::InvalidCertificate(error)) => error,
        Err(other) => panic!("refused for another reason: {other}"),
        Ok(_) => panic!("handshake held"),
    }
}

fn refused(result: Result<Held, Error>) -> PeerRefused {
    let error = result.err().expect("handshake held");
    refusal(&error).unwrap_or_else(|| panic!("refused for another reason: {error}")).clone()
}

#[test]
fn members_know_each_other_by_node_id() {
    let ca = testing::ca(1);
    let (one, two) = (member(&ca, 1, 1), member(&ca, 1, 2));
    let held = shake(two.client(NodeId(1)).unwrap(), one.server().unwrap()).unwrap();
    assert_eq!(one.peer(held.server.peer_certificates()), Some(two.name()));
    assert_eq!(two.peer(held.client.peer_certificates()), Some(one.name()));
    assert_eq!(held.server.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(held.server.alpn_protocol(), Some(b"h2".as_slice()));
}

#[test]
fn sessions_are_never_resumed() {
    let ca = testing::ca(1);
    let (client, server) = (member(&ca, 1, 2).client(NodeId(1)).unwrap(), member(&ca, 1, 1).server().unwrap());
    for _ in 0..3 {
        let held = shake(Arc::clone(&client), Arc::clone(&server)).unwrap();
        assert_eq!(held.client.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[test]
fn a_client_without_certificate_is_nobody() {
    let ca = testing::ca(1);
    let one = member(&ca, 1, 1);
    let held = shake(joining(ca.pin(), &at(NOW)).unwrap(), one.server().unwrap()).unwrap();
    assert!(held.server.peer_certificates().is_none());
    assert_eq!(one.peer(held.server.peer_certificates()), None);
}

#[test]
fn a_client_of_another_cluster_is_refused() {
    let (ca, other) = (testing::ca(1), testing::ca(2));
    let server = member(&ca, 1, 1).server().unwrap();
    // It doesn't care whom it talks to: the server must refuse it.
    let foreign = testing::node(&other, 2, 2, NOW);
    let side = member(&ca, 1, 9);
    let client = presenting(&side, 1, foreign.chain().to_vec(), foreign.private_key());
    assert_eq!(refused(shake(client, Arc::clone(&server))), PeerRefused::ForeignCluster(foreign.name()));
    // Nor does it help to claim this cluster's name under the other authority.
    let forged = testing::node(&other, 1, 2, NOW);
    let client = presenting(&side, 1, forged.chain().to_vec(), forged.private_key());
    assert_eq!(invalid(shake(client, server)), CertificateError::UnknownIssuer);
}

#[test]
fn another_clusters_name_under_our_authority_is_refused() {
    let ca = testing::ca(1);
    let (server, side) = (member(&ca, 1, 1).server().unwrap(), member(&ca, 1, 9));
    let mislabelled = testing::node(&ca, 2, 2, NOW);
    let client = presenting(&side, 1, mislabelled.chain().to_vec(), mislabelled.private_key());
    assert_eq!(refused(shake(client, server)), PeerRefused::ForeignCluster(mislabelled.name()));
    let result = PeerTls::new(testing::cluster(1), std::slice::from_ref(ca.certificate()), &mislabelled, at(NOW));
    assert!(matches!(result, Err(PeerTlsError::Foreign { .. })));
}

#[test]
fn a_server_that_is_another_node_is_refused() {
    let ca = testing::ca(1);
    let (one, two) = (member(&ca, 1, 1), member(&ca, 1, 2));
    let found = refused(shake(two.client(NodeId(3)).unwrap(), one.server().unwrap()));
    let expected = PeerIdentity { cluster: testing::cluster(1), node: NodeId(3) };
    assert_eq!(found, PeerRefused::WrongNode { expected, found: one.name() });
}

#[test]
fn a_server_of_another_cluster_is_refused() {
    let (ca, other) = (testing::ca(1), testing::ca(2));
    let foreign = member(&other, 2, 1);
    let result = shake(member(&ca, 1, 2).client(NodeId(1)).unwrap(), foreign.server().unwrap());
    assert_eq!(refused(result), PeerRefused::ForeignCluster(foreign.name()));
}

#[test]
fn self_signed_and_public_authorities_are_refused_on_both_sides() {
    let ca = testing::ca(1);
    let (one, two) = (member(&ca, 1, 1), member(&ca, 1, 2));
    let (chain, key) = self_signed(1, 2);
    let client = presenting(&two, 1, chain, &key);
    assert_eq!(invalid(shake(client, one.server().unwrap())), CertificateError::UnknownIssuer);

    let (chain, key) = self_signed(1, 1);
    let server = ServerConfig::builder_with_provider(peer_tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key).into())
        .unwrap();
    let server = Arc::new(server);
    assert_eq!(invalid(shake(two.client(NodeId(1)).unwrap(), Arc::clone(&server))), CertificateError::UnknownIssuer);
    assert_eq!(refused(shake(joining(ca.pin(), &at(NOW)).unwrap(), server)), PeerRefused::PinMismatch);
}

#[test]
fn the_authority_itself_is_no_node() {
    let ca = testing::ca(1);
    let side = member(&ca, 1, 9);
    let client = presenting(&side, 1, vec![ca.certificate().clone()], ca.private_key());
    assert!(shake(client, member(&ca, 1, 1).server().unwrap()).is_err());
}

#[test]
fn tls_1_2_is_not_spoken() {
    let ca = testing::ca(1);
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate().clone()).unwrap();
    let client = ClientConfig::builder_with_provider(peer_tls::provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let result = shake(Arc::new(client), member(&ca, 1, 1).server().unwrap());
    assert!(matches!(result.err(), Some(Error::PeerIncompatible(_))));
}

#[test]
fn expired_and_future_certificates_are_refused_on_both_sides() {
    let ca = testing::ca(1);
    let early = Timestamp(NOW.0 - BACKDATE_MS - 1000);
    for (now, held) in [
        (early, false),
        (NOW, true),
        (NOW.plus_ms(NODE_LIFETIME_MS - 1000), true),
        (NOW.plus_ms(NODE_LIFETIME_MS + 1000), false),
    ] {
        let side = |node: u64, clock: Timestamp| {
            let identity = testing::node(&ca, 1, node, NOW);
            PeerTls::new(testing::cluster(1), std::slice::from_ref(ca.certificate()), &identity, at(clock)).unwrap()
        };
        // Whose clock says so: the client's, then the server's.
        let client_sees = shake(side(2, now).client(NodeId(1)).unwrap(), side(1, NOW).server().unwrap());
        assert_eq!(client_sees.is_ok(), held, "client at {now}");
        let server_sees = shake(side(2, NOW).client(NodeId(1)).unwrap(), side(1, now).server().unwrap());
        assert_eq!(server_sees.is_ok(), held, "server at {now}");
        let joins = shake(joining(ca.pin(), &at(now)).unwrap(), side(1, NOW).server().unwrap());
        assert_eq!(joins.is_ok(), held, "joining at {now}");
    }
}

#[test]
fn a_renewed_certificate_is_presented_without_restart() {
    let ca = testing::ca(1);
    let time = Arc::new(AtomicU64::new(NOW.0));
    let clock = {
        let time = Arc::clone(&time);
        WallClock::new(move || time.load(Ordering::Relaxed))
    };
    let side = |node: u64| {
        PeerTls::new(
            testing::cluster(1),
            std::slice::from_ref(ca.certificate()),
            &testing::node(&ca, 1, node, NOW),
            clock.clone(),
        )
        .unwrap()
    };
    let (one, two) = (side(1), side(2));
    let (client, server) = (two.client(NodeId(1)).unwrap(), one.server().unwrap());
    assert!(shake(Arc::clone(&client), Arc::clone(&server)).is_ok());

    let later = NOW.plus_ms(NODE_LIFETIME_MS + 1000);
    time.store(later.0, Ordering::Relaxed);
    let expired = shake(Arc::clone(&client), Arc::clone(&server));
    assert!(matches!(invalid(expired), CertificateError::ExpiredContext { .. }));

    let renewed = [testing::node(&ca, 1, 1, later), testing::node(&ca, 1, 2, later)];
    one.replace(&renewed[0]).unwrap();
    two.replace(&renewed[1]).unwrap();
    let held = shake(client, server).unwrap();
    assert_eq!(held.client.peer_certificates().unwrap()[0], renewed[0].chain()[0]);
    assert_eq!(held.server.peer_certificates().unwrap()[0], renewed[1].chain()[0]);
    assert!(matches!(one.replace(&renewed[1]), Err(PeerTlsError::Foreign { .. })), "another node's");
}

#[test]
fn joining_accepts_the_pinned_authority_and_no_other() {
    let (ca, other) = (testing::ca(1), testing::ca(2));
    let join = |pin: CaPin, server: &PeerTls| shake(joining(pin, &at(NOW)).unwrap(), server.server().unwrap());
    assert!(join(ca.pin(), &member(&ca, 1, 1)).is_ok());
    assert_eq!(refused(join(ca.pin(), &member(&other, 2, 1))), PeerRefused::PinMismatch);
    assert_eq!(refused(join(CaPin([0; 32]), &member(&ca, 1, 1))), PeerRefused::PinMismatch);

    // An impostor shows the right authority's certificate beside a chain of its own.
    let impostor = testing::node(&other, 1, 1, NOW);
    let chain = vec![impostor.chain()[0].clone(), ca.certificate().clone()];
    let server = ServerConfig::builder_with_provider(peer_tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(impostor.private_key().to_vec()).into())
        .unwrap();
    let result = shake(joining(ca.pin(), &at(NOW)).unwrap(), Arc::new(server));
    // Its issuer's name is not the pinned authority's.
    assert_eq!(invalid(result), CertificateError::UnknownIssuer);
}

#[test]
fn long_chains_are_refused_unread() {
    let ca = testing::ca(1);
    let identity = testing::node(&ca, 1, 2, NOW);
    let mut chain = identity.chain().to_vec();
    chain.resize(50, ca.certificate().clone());
    let client = presenting(&member(&ca, 1, 9), 1, chain, identity.private_key());
    assert_eq!(refused(shake(client, member(&ca, 1, 1).server().unwrap())), PeerRefused::LongChain);
}

#[test]
fn garbage_ends_the_connection() {
    let server = member(&testing::ca(1), 1, 1).server().unwrap();
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0; 64], &[0xff; 64], &[22, 3, 1, 0xff, 0xff]] {
        let mut connection = ServerConnection::new(Arc::clone(&server)).unwrap();
        let mut wire = garbage;
        while !wire.is_empty() {
            connection.read_tls(&mut wire).unwrap();
            if connection.process_new_packets().is_err() {
                break;
            }
        }
        assert!(connection.is_handshaking(), "{garbage:?}");
    }
}

#[test]
fn while_authorities_rotate_both_are_trusted_and_afterwards_one() {
    // Both have one name: that of the cluster.
    let (old, new) = (testing::ca(1), ClusterCa::generate(testing::cluster(1), NOW, [9; 16]).unwrap());
    let of = |ca: &ClusterCa, node| testing::node(ca, 1, node, NOW);
    let both = [new.certificate().clone(), old.certificate().clone()];
    let (one, two) = (member(&old, 1, 1), member(&old, 1, 2));
    let meet = |one: &PeerTls, two: &PeerTls| shake(two.client(NodeId(1)).unwrap(), one.server().unwrap());
    let held = meet(&one, &two).unwrap();
    let presented = held.server.peer_certificates().unwrap().to_vec();

    one.trust(&both).unwrap();
    assert!(meet(&one, &two).is_ok() && one.still_trusts(&presented), "only one of them has heard of it");
    two.trust(&both).unwrap();
    two.replace(&of(&new, 2)).unwrap();
    assert_eq!(two.presented_by(), Some(new.pin()));
    assert!(meet(&one, &two).is_ok(), "one presents the new, one the old");
    one.replace(&of(&new, 1)).unwrap();
    let changes = one.changes();
    one.trust(&both[..1]).unwrap();
    assert!(meet(&one, &two).is_ok());
    assert!(one.changes() != changes && !one.still_trusts(&presented), "what the old one proved ends");
    assert!(meet(&one, &member(&old, 1, 3)).is_err());
    assert!(one.trusts(&both[..1]) && !one.trusts(&both));
}
