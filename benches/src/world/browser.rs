//! A person's browser at one node: cookies, forms, redirects.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Method, Request, Response, StatusCode};

use super::forms::fields;
use super::http::Connection;
use super::people::{PASSWORD, Person};
use super::realm::encoded;

/// Redirects of one flow: there are four.
const REDIRECTS: usize = 10;

/// Pairs as a form or a query holds them.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// An open browser.
pub(crate) struct Browser {
    to: SocketAddr,
    from: Ipv4Addr,
    /// None while it rests.
    connection: Option<Connection>,
    host: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// At this node, from this address.
    pub(crate) fn new(to: SocketAddr, from: Ipv4Addr, host: &str) -> Self {
        Self { to, from, connection: None, host: host.to_owned(), cookies: BTreeMap::new() }
    }

    /// Closes its connection until it is used again: thousands of people don't hold thousands of them.
    pub(crate) fn rest(&mut self) {
        self.connection = None;
    }

    /// Its connection, opened if it rests or the node has closed it for idleness. The application's own requests may go over
    /// it as well.
    pub(crate) async fn connection(&mut self) -> anyhow::Result<&mut Connection> {
        let open = match self.connection.take().filter(|open| !open.is_closed()) {
            Some(open) => open,
            None => Connection::tcp_from(self.from, self.to).await?,
        };
        Ok(self.connection.insert(open))
    }

    /// The header that its cookies make.
    pub(crate) fn cookies(&self) -> String {
        let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.join("; ")
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> anyhow::Result<Response<Bytes>> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookies());
        }
        if form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Bytes::from(form.unwrap_or_default()).into())?;
        let answer = self.connection().await?.send(request).await?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.context("no cookie")?;
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    /// Opens a page and fills in its form, which goes to `action`.
    async fn fill(&mut self, page: &str, action: &str, own: &[(&str, &str)]) -> anyhow::Result<Response<Bytes>> {
        let filled = self.filled(page, action, own).await?;
        self.send(Method::POST, action, Some(filled)).await
    }

    /// What it would send from a page's form.
    async fn filled(&mut self, page: &str, action: &str, own: &[(&str, &str)]) -> anyhow::Result<String> {
        let answer = self.send(Method::GET, page, None).await?;
        let text = std::str::from_utf8(answer.body())?;
        let fields = fields(text, action);
        ensure!(!fields.is_empty(), "{page}: {} without a form for {action}", answer.status());
        let given =
            fields.into_iter().filter(|(name, _)| *name != "abort" && own.iter().all(|(other, _)| name != other));
        Ok(form(&given.chain(own.iter().copied()).collect::<Vec<_>>()))
    }

    /// The login form, filled in; its protection holds for every person that this browser's cookies are sent with.
    pub(crate) async fn login_form(&mut self, person: &Person) -> anyhow::Result<String> {
        self.filled("/login", "/login", &[("username", &person.name), ("password", PASSWORD)]).await
    }

    /// Signs in.
    pub(crate) async fn sign_in(&mut self, person: &Person) -> anyhow::Result<()> {
        let own = [("username", person.name.as_str()), ("password", PASSWORD)];
        let answer = self.fill("/login", "/login", &own).await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "/login: {}", answer.status());
        Ok(())
    }

    /// Goes to an application that asks for a code, agreeing where that is asked; answers with the address at which it
    /// is sent back.
    pub(crate) async fn visit(&mut self, authorize: &str, redirect_uri: &str) -> anyhow::Result<String> {
        let mut path = authorize.to_owned();
        for _ in 0..REDIRECTS {
            let answer = if path.starts_with("/consent") {
                self.fill(&path, "/consent", &[]).await?
            } else {
                self.send(Method::GET, &path, None).await?
            };
            let to = answer.headers().get(LOCATION).map(|to| to.to_str()).transpose()?;
            let to = to.with_context(|| format!("{path}: {} leads nowhere", answer.status()))?;
            if to.starts_with(redirect_uri) {
                return Ok(to.to_owned());
            }
            to.clone_into(&mut path);
        }
        bail!("no end of redirects: {path}")
    }
}
