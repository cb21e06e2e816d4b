//! The peer service as a member with a valid certificate, or a stranger, may misuse it.

use std::time::Duration;

use hyper_util::rt::TokioIo;
use prost::Message;
use raft_store::proto::peer_client::PeerClient;
use raft_store::proto::{
    AppendRequest, HeartbeatRequest, HelloRequest, JoinRequest, LeaderId, LogId, LogRecord, Membership, Proposal,
    ProposeBatch, ReadIndexRequest, Refusal, RefusalKind, SnapshotChunk, SnapshotHeader, StoredMembership,
    TransferRequest, Vote, VoteRequest, log_record, snapshot_chunk,
};
use raft_store::trust::{NodeIdentity, PeerTls, WallClock};
use raft_store_core::{Freshness, NodeId, Read, Request, Table, layout, wire};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;
use tonic::transport::{Channel, Endpoint, Uri};

use crate::world::{Member, Things, get, insert, leader_of, thing, three, until};

/// Speaks to `to` with the certificate in `from`'s folder.
async fn speak(from: &Member, to: &Member) -> PeerClient<Channel> {
    let folder = &from.options.data_dir;
    let identity = NodeIdentity::load(&folder.join("peer")).unwrap().unwrap();
    let ca = CertificateDer::from(std::fs::read(folder.join("ca.der")).unwrap());
    speak_as(&identity, &ca, to).await.unwrap()
}

/// Speaks to `to` with any certificate, trusting any authority.
pub(crate) async fn speak_as(
    identity: &NodeIdentity,
    ca: &CertificateDer<'static>,
    to: &Member,
) -> Result<PeerClient<Channel>, tonic::transport::Error> {
    let clock = WallClock::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    });
    let tls = PeerTls::new(identity.name().cluster, std::slice::from_ref(ca), identity, clock).unwrap();
    let config = tls.client(to.node().control().status().node).unwrap();
    let address = to.options.peer_listen;
    let connector = tower::service_fn(move |_: Uri| {
        let config = config.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("peer.invalid").unwrap();
            TlsConnector::from(config).connect(name, stream).await.map(TokioIo::new)
        }
    });
    let channel = Endpoint::from_static("http://peer.invalid").connect_with_connector(connector).await?;
    Ok(PeerClient::new(channel).max_encoding_message_size(64 * 1024 * 1024))
}

fn number(member: &Member) -> u64 {
    member.node().control().status().node.0
}

fn vote_of(node: u64) -> Vote {
    Vote { leader: Some(LeaderId { term: 1_000, node }), committed: false }
}

fn code<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) -> Code {
    answer.unwrap_err().code()
}

/// Every member still takes writes.
async fn all_well(members: &[Member], id: u64) {
    for (at, member) in members.iter().enumerate() {
        let id = id + at as u64;
        assert!(insert(&member.store(), id, thing(id)).await.unwrap());
    }
}

/// A record's insertion as an entry on the wire, made without a store.
fn entry(member: &Member, attempt: u8, id: u64) -> wire::Entry {
    let key = layout::row_key(Things::ID, &id.to_be_bytes());
    let fields = thing(id).encode_to_vec();
    let put = wire::mutation::Kind::Put(wire::Put { key: key.clone(), fields, expires_ms: 0 });
    let status = member.node().control().status();
    wire::Entry {
        attempt: vec![attempt; 16],
        deadline_ms: status.clock.0 + 20_000,
        level: status.level,
        guards: vec![wire::Guard { kind: Some(wire::guard::Kind::Absent(key)) }],
        mutations: vec![wire::Mutation { kind: Some(put) }],
        ..wire::Entry::default()
    }
}

/// Proposes one after the other and returns what was refused within a moment.
async fn propose(client: &mut PeerClient<Channel>, proposals: Vec<Proposal>) -> Vec<RefusalKind> {
    let batch = ProposeBatch { proposals };
    let stream = tokio_stream::StreamExt::chain(tokio_stream::iter([batch]), tokio_stream::pending());
    let mut answers = client.propose(stream).await.unwrap().into_inner();
    let mut refused = Vec::new();
    while let Ok(Ok(Some(answer))) = tokio::time::timeout(Duration::from_millis(700), answers.message()).await {
        refused.extend(answer.refusals.iter().map(Refusal::kind));
    }
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_speaks_for_itself_alone() {
    let mut members = three(|_| {}).await;
    let mut client = speak(&members[1], &members[0]).await;
    let (own, other) = (number(&members[1]), number(&members[2]));

    let request = VoteRequest { vote: Some(vote_of(other)), last: None, leadership_transfer: true };
    assert_eq!(code(client.vote(request).await), Code::PermissionDenied);
    assert_eq!(code(client.pre_vote(request).await), Code::PermissionDenied);
    let transfer = TransferRequest { from: Some(vote_of(other)), to: own, last: None };
    assert_eq!(code(client.transfer(transfer).await), Code::PermissionDenied);
    let append = AppendRequest { vote: Some(vote_of(other)), previous: None, entries: Vec::new(), committed: None };
    let mut answers = client.append(tokio_stream::iter([append])).await.unwrap().into_inner();
    assert_eq!(code(answers.message().await), Code::PermissionDenied);
    let beat = HeartbeatRequest { vote: Some(vote_of(other)), previous: None, committed: None };
    let mut answers = client.heartbeat(tokio_stream::iter([beat])).await.unwrap().into_inner();
    assert_eq!(code(answers.message().await), Code::PermissionDenied);
    let cluster_id = members[0].node().control().status().cluster_id;
    let hello = |cluster_id: &str, node| HelloRequest {
        cluster_id: cluster_id.to_owned(),
        node,
        last: None,
        supported_level: 1,
        version: String::new(),
        applied: 0,
        disk: 0,
    };
    assert_eq!(code(client.hello(hello(&cluster_id, other)).await), Code::PermissionDenied);
    assert_eq!(code(client.hello(hello("another", own)).await), Code::PermissionDenied);
    assert!(client.hello(hello(&cluster_id, own)).await.is_ok());
    let header = |vote: u64, cluster_id: &str, level| SnapshotChunk {
        part: Some(snapshot_chunk::Part::Header(SnapshotHeader {
            format: 1,
            vote: Some(vote_of(vote)),
            last: Some(LogId { leader: Some(LeaderId { term: 1, node: 1 }), index: 1 }),
            membership: Some(StoredMembership { log_id: None, membership: Some(Membership::default()) }),
            cluster_id: cluster_id.to_owned(),
            level,
        })),
    };
    let mut snapshot = async |chunk| code(client.snapshot(tokio_stream::iter([chunk])).await);
    assert_eq!(snapshot(header(other, &cluster_id, 1)).await, Code::PermissionDenied);
    assert_eq!(snapshot(header(own, "another", 1)).await, Code::PermissionDenied);
    assert_eq!(snapshot(header(own, &cluster_id, u32::MAX)).await, Code::FailedPrecondition);
    assert_eq!(snapshot(header(own, &cluster_id, 1)).await, Code::DataLoss);
    assert_eq!(snapshot(SnapshotChunk { part: None }).await, Code::InvalidArgument);

    all_well(&members, 10).await;
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_no_member_would_send_are_refused_and_harm_nobody() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let member = (leader + 1) % 3;
    let mut client = speak(&members[member], &members[leader]).await;

    assert_eq!(code(client.vote(VoteRequest::default()).await), Code::InvalidArgument);
    assert_eq!(code(client.transfer(TransferRequest::default()).await), Code::InvalidArgument);
    let mut answers = client.append(tokio_stream::iter([AppendRequest::default()])).await.unwrap().into_inner();
    assert_eq!(code(answers.message().await), Code::InvalidArgument);
    let mut answers = client.heartbeat(tokio_stream::iter([HeartbeatRequest::default()])).await.unwrap().into_inner();
    assert_eq!(code(answers.message().await), Code::InvalidArgument);
    let record = LogRecord {
        log_id: Some(LogId { leader: Some(LeaderId { term: 1, node: 1 }), index: 1 }),
        payload: Some(log_record::Payload::Transaction(vec![0; 9 * 1024 * 1024].into())),
    };
    let huge = AppendRequest {
        vote: Some(vote_of(number(&members[member]))),
        previous: None,
        entries: vec![record],
        committed: None,
    };
    let mut answers = client.append(tokio_stream::iter([huge])).await.unwrap().into_inner();
    assert_eq!(code(answers.message().await), Code::OutOfRange);

    let sound = entry(&members[leader], 1, 500);
    let proposal = |entry: &wire::Entry| Proposal { entry: entry.encode_to_vec(), again: false };
    let mut unknown_guard = sound.clone();
    unknown_guard.guards.push(wire::Guard { kind: None });
    let mut foreign = sound.clone();
    let key = layout::row_key(raft_store_core::TableId(8_888), b"x");
    foreign.mutations = vec![wire::Mutation { kind: Some(wire::mutation::Kind::Delete(key)) }];
    let mut position = sound.clone();
    let key = layout::meta_key("position");
    position.mutations = vec![wire::Mutation { kind: Some(wire::mutation::Kind::Delete(key)) }];
    let mut level = sound.clone();
    level.mutations = vec![wire::Mutation { kind: Some(wire::mutation::Kind::Level(u32::MAX)) }];
    for malformed in [unknown_guard, foreign, position, level] {
        let refused = propose(&mut client, vec![proposal(&malformed)]).await;
        assert_eq!(refused, [RefusalKind::RefusalMalformed]);
    }
    let mut far = sound.clone();
    far.deadline_ms += 3_600_000;
    assert_eq!(propose(&mut client, vec![proposal(&far)]).await, [RefusalKind::RefusalDeadlineTooFar]);
    let mut late = sound.clone();
    late.deadline_ms = 1;
    assert_eq!(propose(&mut client, vec![proposal(&late)]).await, [RefusalKind::RefusalLate]);
    let mut newer = sound.clone();
    newer.level += 1;
    assert_eq!(propose(&mut client, vec![proposal(&newer)]).await, [RefusalKind::RefusalLevel]);
    let garbage = Proposal { entry: vec![0xff; 40], again: false };
    assert_eq!(propose(&mut client, vec![garbage]).await, []);
    let mut follower = speak(&members[leader], &members[member]).await;
    assert_eq!(propose(&mut follower, vec![proposal(&sound)]).await, [RefusalKind::RefusalNotLeader]);

    let store = members[member].store();
    assert_eq!(get(&store, Freshness::Linearizable, 500).await.unwrap(), None, "a refused entry took effect");
    all_well(&members, 10).await;
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_sent_again_and_again_through_two_leaders_takes_effect_once() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let mut client = speak(&members[(leader + 1) % 3], &members[leader]).await;
    let attempt = entry(&members[leader], 7, 700);
    let send = |again| Proposal { entry: attempt.encode_to_vec(), again };
    assert_eq!(propose(&mut client, vec![send(false), send(true), send(true)]).await, []);
    let read = async |store: raft_store_core::Store| {
        let request = Request::new("test");
        let found = store.view(&request, Freshness::Linearizable, |view| view.get::<Things>(&700)).await;
        found.unwrap().answer.unwrap().revision
    };
    let first = read(members[leader].store()).await;

    members[leader].node().control().transfer(&Request::new("test"), None).await.unwrap();
    until("the next one leads", || {
        members.iter().any(|member| member.node().control().status().state == "leader")
            && members[leader].node().control().status().state != "leader"
    })
    .await;
    let next = leader_of(&members);
    let mut client = speak(&members[leader], &members[next]).await;
    let applied = members[next].node().control().status().applied;
    assert_eq!(propose(&mut client, vec![send(true), send(true)]).await, []);
    until("both are in the log", || members[next].node().control().status().applied >= applied + 2).await;
    for member in &members {
        assert_eq!(read(member.store()).await, first, "written twice");
    }
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_s_certificate_opens_nothing() {
    let mut members = three(|_| {}).await;
    let leader = leader_of(&members);
    let gone = (leader + 1) % 3;
    let id = number(&members[gone]);
    let mut before = speak(&members[gone], &members[leader]).await;
    let (asks, asked) = tokio::sync::mpsc::channel(1);
    let mut answers = before.read_index(tokio_stream::wrappers::ReceiverStream::new(asked)).await.unwrap().into_inner();
    for _ in 0..2 {
        asks.send(ReadIndexRequest {}).await.unwrap();
        assert!(answers.message().await.unwrap().is_some());
    }
    members[leader].node().control().remove(&Request::new("test"), NodeId(id), true).await.unwrap();
    let other = (leader + 2) % 3;
    until("the other knows", || members[other].node().control().status().members.len() == 2).await;

    for to in [leader, other] {
        let mut client = speak(&members[gone], &members[to]).await;
        let request = VoteRequest { vote: Some(vote_of(id)), last: None, leadership_transfer: true };
        assert_eq!(code(client.vote(request).await), Code::PermissionDenied);
        assert_eq!(code(client.propose(tokio_stream::pending()).await), Code::PermissionDenied);
        assert_eq!(code(client.read_index(tokio_stream::pending()).await), Code::PermissionDenied);
        assert_eq!(code(client.append(tokio_stream::pending()).await), Code::PermissionDenied);
    }
    assert_eq!(code(before.read_index(tokio_stream::pending()).await), Code::PermissionDenied, "an open connection");
    asks.send(ReadIndexRequest {}).await.unwrap();
    let refused = answers.message().await.map(|_| ());
    assert!(matches!(code(refused), Code::PermissionDenied | Code::Unavailable), "an open stream");
    for member in &mut members {
        member.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_may_only_join_and_do_not_keep_members_out() {
    let mut members = three(|_| {}).await;
    let address = members[0].options.peer_listen;
    // Garbage and silence.
    let mut idle = Vec::new();
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff], &[]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(noise).await.unwrap();
        idle.push(stream);
    }
    let mut answer = Vec::new();
    drop(idle[0].read_to_end(&mut answer).await);
    assert!(!answer.starts_with(b"HTTP"));

    let folder = &members[1].options.data_dir;
    let ca = CertificateDer::from(std::fs::read(folder.join("ca.der")).unwrap());
    let pin = raft_store::trust::CaPin::of(&ca).unwrap();
    let clock = WallClock::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    });
    let config = raft_store::trust::join_tls::joining(pin, &clock).unwrap();
    let connect = || {
        let config = config.clone();
        let connector = tower::service_fn(move |_: Uri| {
            let config = config.clone();
            async move {
                let stream = TcpStream::connect(address).await?;
                let name = ServerName::try_from("peer.invalid").unwrap();
                TlsConnector::from(config).connect(name, stream).await.map(TokioIo::new)
            }
        });
        async move { Endpoint::from_static("http://peer.invalid").connect_with_connector(connector).await }
    };
    let mut client = PeerClient::new(connect().await.unwrap());
    assert_eq!(code(client.read_index(tokio_stream::pending()).await), Code::Unauthenticated);
    assert_eq!(code(client.vote(VoteRequest::default()).await), Code::Unauthenticated);
    assert_eq!(code(client.append(tokio_stream::pending()).await), Code::Unauthenticated);
    assert_eq!(code(client.propose(tokio_stream::pending()).await), Code::Unauthenticated);
    assert_eq!(code(client.snapshot(tokio_stream::iter([SnapshotChunk::default()])).await), Code::Unauthenticated);
    assert_eq!(code(client.join(JoinRequest::default()).await), Code::PermissionDenied);

    // Those that came before go for those that come: eighty may connect, few are held.
    let mut held = Vec::new();
    for _ in 0..80 {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("peer.invalid").unwrap();
        held.extend(TlsConnector::from(config.clone()).connect(name, stream).await.ok());
    }
    assert!(!held.is_empty());
    for _ in 0..500 {
        let mut open = Vec::new();
        for mut stream in held {
            let mut buffer = [0; 256];
            let read = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut buffer)).await;
            if matches!(read, Err(_) | Ok(Ok(1..))) {
                open.push(stream);
            }
        }
        held = open;
        if held.len() <= 32 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(held.len() <= 32, "{} strangers are held", held.len());
    let mut member = speak(&members[1], &members[0]).await;
    assert!(member.append(tokio_stream::pending()).await.is_ok());
    all_well(&members, 10).await;
    for member in &mut members {
        member.stop().await;
    }
}
