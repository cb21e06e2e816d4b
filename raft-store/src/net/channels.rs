//! One lazy channel a peer and purpose; connections come back by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tonic::transport::{Channel, Endpoint, Uri};

use super::MESSAGE_LIMIT;
use crate::dial::Net;
use crate::proto::peer_client::PeerClient;

/// What a channel is for. A large append or snapshot must not hold up a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Append,
    Heartbeat,
    Snapshot,
    Calls,
}

/// How long a connection may take to come up: less than an election.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(400);
/// A silent peer is noticed by pings, or its streams would hang.
const KEEP_ALIVE: Duration = Duration::from_millis(500);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(1);

/// The open channels.
pub(crate) struct Channels {
    net: Arc<dyn Net>,
    /// Connections live on the peers' runtime, whoever asks for them.
    runtime: Handle,
    open: Mutex<BTreeMap<(u64, Purpose), (String, Channel)>>,
}

impl Channels {
    pub(crate) fn new(net: Arc<dyn Net>) -> Self {
        Self { net, runtime: Handle::current(), open: Mutex::default() }
    }

    /// A client for the peer; its connection is made when first used.
    pub(crate) fn client(&self, node: u64, address: &str, purpose: Purpose) -> PeerClient<Channel> {
        let mut open = self.open.lock();
        let channel = match open.get(&(node, purpose)) {
            Some((known, channel)) if known == address => channel.clone(),
            _ => {
                let channel = self.connect(node, address);
                open.insert((node, purpose), (address.to_owned(), channel.clone()));
                channel
            }
        };
        PeerClient::new(channel).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)
    }

    /// The peers' runtime.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn connect(&self, node: u64, address: &str) -> Channel {
        let _here = self.runtime.enter();
        let net = Arc::clone(&self.net);
        let address = address.to_owned();
        // The name is not used: who answers is proved by its certificate.
        let endpoint = Endpoint::from_static("http://peer.woad.invalid")
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(4 * 1024 * 1024)
            .initial_connection_window_size(8 * 1024 * 1024);
        endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let (net, address) = (Arc::clone(&net), address.clone());
            async move {
                let dialled = tokio::time::timeout(CONNECT_TIMEOUT, net.dial(node, &address)).await;
                dialled.map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?.map(TokioIo::new)
            }
        }))
    }

    /// Forgets the channels of a peer that is a member no more.
    pub(crate) fn forget(&self, node: u64) {
        self.open.lock().retain(|(known, _), _| *known != node);
    }
}
