//! The listeners of a node and what they serve.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use woad_admin::{Admin, OperatorToken};
use woad_admission::{Caps, Door, Network};
use woad_http::limits::SEND_BUFFER_BYTES;
use woad_http::server::{Limits, Socket, TlsProvider, serve};
use woad_http::{Load, Peer, Proxies};

use super::{Lifecycle, RunError};
use crate::config::{self, Config, TrustedProxy, read_bounded};
use crate::metrics::Metrics;
use crate::operations::probes::{self, Probes};
use crate::operations::socket;
use crate::protocols;
use crate::resources::Plan;
use crate::status::Status;
use crate::tls::{self, CertificateFiles, Reloader};

/// How long requests at https may still take once the node was told to stop.
pub const DRAIN: Duration = Duration::from_secs(1);
/// The same for the operations listener, which goes last: enough to finish a scrape.
pub const OPERATIONS_DRAIN: Duration = Duration::from_millis(100);
/// Connections of each operations listener: a few monitors and a few operators.
pub const OPERATIONS_CONNECTIONS: usize = 64;

/// Connections that the kernel holds for a listener until they are accepted, which is at once.
const BACKLOG: u32 = 1024;

/// What all listeners stand on.
pub(super) struct Shared {
    pub(super) status: Arc<Status>,
    pub(super) lifecycle: Arc<Lifecycle>,
    pub(super) http: woad_http::Metrics,
    pub(super) metrics: Arc<Metrics>,
    pub(super) plan: Plan,
    pub(super) load: Arc<Load>,
}

impl Shared {
    fn probes(&self) -> Probes {
        Probes { status: Arc::clone(&self.status), metrics: Arc::clone(&self.metrics) }
    }
}

/// Listeners that are being served.
pub(super) struct Listeners {
    tasks: JoinSet<()>,
    socket: Option<socket::Socket>,
}

impl Listeners {
    /// Returns when all have ended.
    pub(super) async fn finished(mut self) {
        while self.tasks.join_next().await.is_some() {}
        drop(self.socket);
    }
}

/// The https listeners.
pub(super) struct Https {
    listeners: Listeners,
    stop: CancellationToken,
    watch: Option<AbortHandle>,
}

impl Https {
    /// Stops accepting, and returns when requests have ended or their time is over.
    pub(super) async fn drain(self) {
        self.stop.cancel();
        if let Some(watch) = self.watch {
            watch.abort();
        }
        self.listeners.finished().await;
    }
}

/// Opens the operations listeners.
pub(super) fn operations(config: &Config, shared: &Shared, stop: &CancellationToken) -> Result<Listeners, RunError> {
    let lifecycle: Arc<dyn woad_admin::Lifecycle> = Arc::clone(&shared.lifecycle) as _;
    let admin = Admin { lifecycle, token: operator_token(config)? };
    let router = woad_admin::router(admin, shared.http.clone()).merge(probes::detailed(shared.probes()));
    let all = OPERATIONS_CONNECTIONS;
    let door = || Door::new(Caps { total: all, per_source: all, fresh: all }, [], shared.metrics.operations.clone());

    let path = config.socket();
    if let Some(folder) = path.parent().filter(|folder| *folder == config.node.data_dir) {
        private_folder(folder).map_err(|source| RunError::Listen { key: "node.data_dir", source })?;
    }
    let (listener, socket) = socket::bind(&path)?;
    let failed = |source| RunError::Listen { key: "operations.socket", source };
    let listener = UnixListener::from_std(listener).map_err(failed)?;
    let mut tasks = JoinSet::new();
    let limits = Limits { door: door(), drain: OPERATIONS_DRAIN, load: None, proxies: None };
    tasks.spawn(serve(Socket::Unix(listener), None, router.clone(), stop.clone().cancelled_owned(), limits));
    if let Some(address) = config.operations.listen {
        let listener = bind("operations.listen", address)?;
        // Other users of this machine can't take the socket's places.
        let limits = Limits { door: door(), drain: OPERATIONS_DRAIN, load: None, proxies: None };
        tasks.spawn(serve(Socket::Tcp(listener), None, router, stop.clone().cancelled_owned(), limits));
    }
    tracing::info!(socket = %path.display(), "operations listener open");
    Ok(Listeners { tasks, socket: Some(socket) })
}

/// Opens the https listeners.
pub(super) fn https(config: &Config, shared: &Shared, reload: &Arc<Notify>) -> Result<Https, RunError> {
    let (tls, watch) = certificate(config, shared, reload)?;
    let mut sockets = Vec::new();
    for address in &config.https.listen {
        sockets.push((*address, bind("https.listen", *address)?));
    }
    let services = shared.lifecycle.services();
    let protocols = services.map_or_else(Router::new, |services| protocols::https(services.clone()));
    let router = protocols.merge(probes::bare(shared.probes()));
    let trusted: Vec<Network> = config.https.trusted_proxies.iter().map(|proxy| proxy.0).collect();
    let proxies = Proxies::new(trusted.clone(), config.https.forwarded_header.into());
    let limits = Limits {
        door: https_door(&shared.plan, trusted, shared),
        drain: DRAIN,
        load: Some(Arc::clone(&shared.load)),
        proxies: (!config.https.trusted_proxies.is_empty()).then(|| Arc::new(proxies)),
    };
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for (address, listener) in sockets {
        let mut router = router.clone();
        if config.https.plain && !address.ip().is_loopback() {
            router = only_from(router, config.https.trusted_proxies.clone());
        }
        let (tls, limits) = (tls.clone(), limits.clone());
        let encrypted = tls.is_some();
        tasks.spawn(serve(Socket::Tcp(listener), tls, router, stop.clone().cancelled_owned(), limits));
        tracing::info!(%address, tls = encrypted, "https listener open");
    }
    Ok(Https { listeners: Listeners { tasks, socket: None }, stop, watch })
}

/// One door for all https listeners.
fn https_door(plan: &Plan, exempt: Vec<Network>, shared: &Shared) -> Arc<Door> {
    let caps = Caps { total: plan.connections, per_source: plan.connections_per_source, fresh: plan.connections };
    Door::new(caps, exempt, shared.metrics.https.clone())
}

fn certificate(
    config: &Config,
    shared: &Shared,
    reload: &Arc<Notify>,
) -> Result<(Option<TlsProvider>, Option<AbortHandle>), RunError> {
    let (Some(certificate), Some(key), false) = (&config.https.certificate, &config.https.key, config.https.plain)
    else {
        return Ok((None, None));
    };
    let files = CertificateFiles { certificate: certificate.clone(), key: key.clone() };
    let reloader = Reloader::open(files, shared.metrics.tls.clone(), Arc::clone(reload))?;
    let server = tls::server_config(&reloader)?;
    let watch = tokio::spawn(reloader.watch()).abort_handle();
    Ok((Some(Arc::new(move || Arc::clone(&server))), Some(watch)))
}

/// Refuses what does not come from a proxy that ends TLS in front of this node: it went over the network in the clear.
fn only_from(router: Router, proxies: Vec<TrustedProxy>) -> Router {
    let proxies: Arc<[TrustedProxy]> = proxies.into();
    router.layer(from_fn(move |request: Request, next: Next| {
        let peer = request.extensions().get::<Peer>().and_then(|peer| peer.ip());
        let trusted = peer.is_some_and(|peer| proxies.iter().any(|proxy| proxy.contains(peer)));
        async move { if trusted { next.run(request).await } else { refused() } }
    }))
}

fn refused() -> Response {
    StatusCode::FORBIDDEN.into_response()
}

fn operator_token(config: &Config) -> Result<Option<OperatorToken>, RunError> {
    let Some(path) = &config.operations.token_file else { return Ok(None) };
    let failed = |why: String| RunError::File { key: "operations.token_file", why };
    let bytes = read_bounded(path).map_err(|error| failed(error.to_string()))?;
    let token = config::operator_token(&bytes).map_err(|why| failed(why.to_owned()))?;
    OperatorToken::new(token).map(Some).map_err(|error| failed(error.to_string()))
}

fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, RunError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        // Connections inherit it.
        socket.set_send_buffer_size(u32::try_from(SEND_BUFFER_BYTES).unwrap_or(u32::MAX))?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    let failed = |source: std::io::Error| {
        let source = std::io::Error::new(source.kind(), format!("{address}: {source}"));
        RunError::Listen { key, source }
    };
    listen().map_err(failed)
}

/// Makes the data folder, for this user alone, if it is missing.
fn private_folder(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
