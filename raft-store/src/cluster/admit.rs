//! Letting a node in: the one peer call without a certificate. It proves a token and does nothing else.

use std::io;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use raft_store_core::{Level, Outcome, Request, StoreError, Timestamp};
use rustls_pki_types::ServerName;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tonic::Status;
use tonic::transport::{Endpoint, Uri};
use woad_admission::{Source, Throttle};

use super::{Cluster, nodes};
use crate::limits::{FAILED_JOINS, JOINS};
use crate::net::RefusedPeers;
use crate::proto;
use crate::trust::events;
use crate::trust::{
    JoinToken, NodeKey, PeerAddress, PeerIdentity, TokenId, TokenSecret, WallClock, ca, join_tls, join_tokens, rotation,
};

/// A joining node waits no longer for one member's answer.
const JOIN_WAIT: Duration = Duration::from_secs(8);

static FAILURES: LazyLock<Throttle> = LazyLock::new(|| Throttle::new(FAILED_JOINS));
static PLACES: Semaphore = Semaphore::const_new(JOINS);

fn store_status(error: &StoreError) -> Status {
    match error {
        StoreError::Sealed => Status::unavailable("this member is sealed; ask another"),
        _ => Status::unavailable(error.to_string()),
    }
}

impl Cluster {
    /// Answers a join request.
    pub(crate) async fn admit(
        &self,
        request: proto::JoinRequest,
        from: Option<IpAddr>,
    ) -> Result<proto::JoinResponse, Status> {
        let Ok(_place) = PLACES.try_acquire() else {
            return Err(Status::unavailable("many nodes join at once; ask another member"));
        };
        let source = from.map_or(Source::Local, Source::of);
        let credential = FAILURES.credential(request.token_id.as_bytes(), &request.secret);
        FAILURES.admit(source, credential).map_err(|wait| {
            self.refused.note(RefusedPeers::JOIN, from);
            let text = format!("too many failed join attempts from {source}; wait {} s", wait.as_secs().max(1));
            Status::resource_exhausted(text)
        })?;
        let answer = self.let_in(request, from).await;
        if answer.as_ref().is_err_and(|status| status.code() == tonic::Code::PermissionDenied) {
            FAILURES.failed(source);
        }
        answer
    }

    async fn let_in(&self, request: proto::JoinRequest, from: Option<IpAddr>) -> Result<proto::JoinResponse, Status> {
        let refused = || Status::permission_denied("the join token is unknown, expired, used, or not this node's");
        let id: TokenId = request.token_id.parse().map_err(|_| refused())?;
        let secret = TokenSecret::from_bytes(&request.secret).ok_or_else(refused)?;
        let address: PeerAddress =
            request.peer_address.parse().map_err(|_| Status::invalid_argument("the peer address is not host:port"))?;
        if request.supported_level < self.shared.progress.lock().position.level.0 {
            return Err(Status::failed_precondition("the node's version is older than the cluster's level"));
        }
        let key = self.sealer.cluster_key().ok_or_else(|| Status::unavailable("this member is sealed; ask another"))?;
        let mut serial = [0; 16];
        self.env.fill_random(&mut serial);
        let wall = Timestamp(u64::try_from(self.env.wall_ms()).unwrap_or_default());

        let admitted = self
            .store
            .transact(&Request::new("join"), |tx| {
                if let Err(why) = join_tokens::redeem(tx, id, &secret, &address)? {
                    return Ok(Outcome::Answer(Err(why.to_string())));
                }
                let Some(authority) = rotation::issuing(tx)? else {
                    return Ok(Outcome::Answer(Err("there is no cluster yet".to_owned())));
                };
                let node = nodes::allocate(tx, &address.to_string())?;
                let certificate = authority.issue(&ca::CertificateRequest {
                    csr: &request.csr_der,
                    node: PeerIdentity { cluster: self.id, node: raft_store_core::NodeId(node) },
                    address: &address,
                    now: wall,
                    serial,
                    lifetime_ms: self.certificate_life_ms,
                });
                let Ok(certificate) = certificate else {
                    return Ok(Outcome::Answer(Err("the certificate request is not usable".to_owned())));
                };
                events::record(tx, events::NODE_JOINED, node.to_string(), format!("address={address}"));
                let authorities: Vec<u8> = rotation::trusted(tx)?.iter().flat_map(|der| der.iter().copied()).collect();
                Ok(Outcome::Commit(Ok((node, certificate, authorities))))
            })
            .await
            .map_err(|error| store_status(&error))?;
        let (node, certificate, authorities) = admitted.answer.map_err(|why| {
            tracing::warn!(%why, %address, "a join was refused");
            self.refused.note(RefusedPeers::JOIN, from);
            refused()
        })?;
        tracing::info!(node, %address, "a node was let in");
        let members = self.members().into_iter();
        Ok(proto::JoinResponse {
            node,
            cluster_id: self.id_text.clone(),
            certificate_der: certificate.to_vec(),
            ca_der: authorities,
            cluster_key: key.expose().to_vec(),
            members: members.map(|(id, peer)| proto::Member { id, address: peer.address }).collect(),
        })
    }
}

/// Why a node was not let in.
#[derive(Debug, thiserror::Error)]
pub enum JoinRefused {
    /// A member refused; the text is its reason.
    #[error("the cluster refused: {0}")]
    Refused(String),
    /// No member could be reached.
    #[error("no member answered: {0}")]
    Unreachable(String),
    /// The token is not one.
    #[error(transparent)]
    Token(#[from] crate::trust::join_token::Malformed),
    /// The provider refused to make a key or configuration.
    #[error("{0}")]
    Crypto(String),
}

/// Asks the members that the token names, in turn, to let this node in. The cluster must show the authority that the
/// token pins.
pub(crate) async fn ask_to_join(
    token: &JoinToken,
    key: &NodeKey,
    address: &PeerAddress,
    clock: &WallClock,
) -> Result<proto::JoinResponse, JoinRefused> {
    let crypto = |error: &dyn std::fmt::Display| JoinRefused::Crypto(error.to_string());
    let tls = join_tls::joining(token.pin, clock).map_err(|error| crypto(&error))?;
    let request = proto::JoinRequest {
        token_id: token.id.to_string(),
        secret: token.secret.expose().to_vec(),
        csr_der: key.request().map_err(|error| crypto(&error))?,
        peer_address: address.to_string(),
        supported_level: Level::SUPPORTED.0,
    };
    let mut last = String::from("the token names no member");
    for member in &token.addresses {
        let (tls, to) = (tls.clone(), member.to_string());
        let endpoint = Endpoint::from_static("http://peer.woad.invalid").connect_timeout(JOIN_WAIT);
        let connect = endpoint.connect_with_connector(tower::service_fn(move |_: Uri| {
            let (tls, to) = (tls.clone(), to.clone());
            async move {
                let stream = tokio::net::TcpStream::connect(&to).await?;
                let name = ServerName::try_from("peer.woad.invalid").map_err(io::Error::other)?;
                TlsConnector::from(tls).connect(name, stream).await.map(TokioIo::new)
            }
        }));
        let channel = match tokio::time::timeout(JOIN_WAIT, connect).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(error)) => {
                last = format!("{member}: {}", chain(&error));
                continue;
            }
            Err(_) => {
                last = format!("{member}: no answer in {} s", JOIN_WAIT.as_secs());
                continue;
            }
        };
        let mut client = proto::peer_client::PeerClient::new(channel);
        match tokio::time::timeout(JOIN_WAIT, client.join(request.clone())).await {
            Ok(Ok(answer)) => return Ok(answer.into_inner()),
            Ok(Err(status)) if status.code() == tonic::Code::Unavailable => {
                last = format!("{member}: {}", status.message());
            }
            Ok(Err(status)) => return Err(JoinRefused::Refused(status.message().to_owned())),
            Err(_) => last = format!("{member}: no answer in {} s", JOIN_WAIT.as_secs()),
        }
    }
    Err(JoinRefused::Unreachable(last))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
