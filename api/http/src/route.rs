//! Routes that say what they require.
//!
//! A handler takes, beside the state, one [`Requirement`]: what must be true of a request before the handler sees
//! it, and the only way to the request's content. So a route that requires nothing in particular has to say
//! [`PublicCall`](crate::PublicCall), and one that says nothing does not compile.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter};
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN};
use http::header::{ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE};
use http::{HeaderValue, Method, StatusCode};
use raft_store_core::store::BoxFuture;

use crate::error::{Refused, Shape};
use crate::incoming::{Incoming, Rejection};
use crate::limits::CORS_MAX_AGE_SECONDS;

/// What a route requires, for listings and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requires {
    /// Nothing: anyone may call.
    Public,
    /// A confidential client's credentials; the operation proves them.
    ClientCredentials,
    /// A token that a realm issued; the requirement verifies it.
    AccessToken,
    /// Nothing: a page for people. What it shows depends on the session.
    Page,
    /// A form that one of our own pages showed to this browser.
    OwnForm,
    /// An operator of the cluster.
    Operator,
}

/// What must be true of a request before a handler sees it.
pub trait Requirement<S>: Sized + Send {
    /// Its name.
    const REQUIRES: Requires;

    /// Admits a request, or answers in the handler's stead.
    ///
    /// # Errors
    /// The answer to a request that is not admitted.
    fn admit(state: &S, incoming: Incoming) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

type Handler<S> = Arc<dyn Fn(S, Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// A method and path template, what it requires, and who answers.
pub struct Route<S> {
    method: Method,
    path: &'static str,
    requires: Requires,
    cors: bool,
    handler: Handler<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    fn new<C, F, Fut, R>(method: Method, path: &'static str, handler: F) -> Self
    where
        C: Requirement<S> + 'static,
        F: Fn(S, C) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        let handler: Handler<S> = Arc::new(move |state: S, request| {
            let handler = handler.clone();
            Box::pin(async move {
                match C::admit(&state, Incoming::new(request)).await {
                    Ok(call) => handler(state, call).await.into_response(),
                    Err(rejection) => rejection.into_response(),
                }
            })
        });
        Self { method, path, requires: C::REQUIRES, cors: false, handler }
    }

    /// A route for pages of any origin (never one that a cookie authenticates).
    #[must_use]
    pub const fn with_cors(mut self) -> Self {
        self.cors = true;
        self
    }
}

macro_rules! methods {
    ($($name:ident: $method:ident),*) => {$(
        impl<S: Clone + Send + Sync + 'static> Route<S> {
            #[doc = concat!("A `", stringify!($method), "` route.")]
            pub fn $name<C, F, Fut, R>(path: &'static str, handler: F) -> Self
            where
                C: Requirement<S> + 'static,
                F: Fn(S, C) -> Fut + Clone + Send + Sync + 'static,
                Fut: Future<Output = R> + Send + 'static,
                R: IntoResponse,
            {
                Self::new(Method::$method, path, handler)
            }
        }
    )*};
}
methods!(get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE);

/// The routes of a protocol.
pub struct Routes<S> {
    shape: Shape,
    routes: Vec<Route<S>>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet; wrong methods are answered in this shape.
    #[must_use]
    pub const fn new(shape: Shape) -> Self {
        Self { shape, routes: Vec::new() }
    }

    /// Adds a route.
    #[must_use]
    pub fn with(mut self, route: Route<S>) -> Self {
        self.routes.push(route);
        self
    }

    /// Method, path template and requirement of every route, as declared.
    pub fn declared(&self) -> impl Iterator<Item = (&Method, &'static str, Requires)> {
        self.routes.iter().map(|route| (&route.method, route.path, route.requires))
    }

    /// The routes as a router, without fallback or [`edge`](crate::edge).
    pub fn into_router(self, state: S) -> Router {
        let shape = self.shape;
        let mut paths: Vec<(&'static str, MethodRouter<S>, bool)> = Vec::new();
        for Route { method, path, cors, handler, .. } in self.routes {
            let answer = move |State(state): State<S>, request: Request| async move {
                let mut response = handler(state, request).await;
                if cors {
                    open(&mut response);
                }
                response
            };
            let filter = MethodFilter::try_from(method).unwrap_or(MethodFilter::TRACE);
            match paths.iter_mut().find(|(known, ..)| *known == path) {
                Some((_, router, any)) => {
                    *router = std::mem::take(router).on(filter, answer);
                    *any |= cors;
                }
                None => paths.push((path, MethodRouter::new().on(filter, answer), cors)),
            }
        }
        let refused = move || async move { Refused::Method.respond(shape) };
        let mut out = Router::new();
        for (path, mut router, cors) in paths {
            if cors {
                router = router.on(MethodFilter::OPTIONS, || async { preflight() });
            }
            out = out.route(path, router.fallback(refused));
        }
        out.with_state(state)
    }
}

/// Lets scripts of any origin read an answer. Without credentials: no cookie counts at such a route.
fn open(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, Retry-After, ETag"));
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    open(&mut response);
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("HEAD, GET, POST, PUT, DELETE, PATCH, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, DPoP"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(CORS_MAX_AGE_SECONDS));
    response
}
