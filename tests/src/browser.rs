//! A browser without JavaScript: keeps cookies, follows redirects, submits forms, and goes to another node with each
//! request.

use std::collections::BTreeMap;
use std::slice;

use anyhow::{Context as _, Result, bail, ensure};
use http::Method;
use http::header::{COOKIE, SET_COOKIE};

use crate::answer::Answer;
use crate::endpoint::Endpoint;
use crate::html::{Form, forms};

/// Redirects from one click; a real flow has four.
const REDIRECTS: usize = 12;

/// Where a click led to.
#[derive(Clone, Debug)]
pub enum Page {
    /// To a page of the provider.
    Shown {
        /// Path and query.
        path: String,
        /// The page.
        answer: Answer,
    },
    /// Away, to this address.
    Left(String),
}

impl Page {
    /// The page that is shown.
    ///
    /// # Errors
    /// When the browser was sent away.
    pub fn answer(&self) -> Result<&Answer> {
        match self {
            Self::Shown { answer, .. } => Ok(answer),
            Self::Left(url) => bail!("sent to {url}"),
        }
    }

    /// The address at which the browser was sent away.
    ///
    /// # Errors
    /// When a page is shown instead.
    pub fn left(&self) -> Result<&str> {
        match self {
            Self::Left(url) => Ok(url),
            Self::Shown { path, answer } => bail!("shown instead: {path}: {} {}", answer.status, answer.body),
        }
    }

    /// A parameter of the address at which the browser was sent away; empty where there is none.
    #[must_use]
    pub fn parameter(&self, name: &str) -> String {
        let Self::Left(url) = self else { return String::new() };
        let Ok(url) = reqwest::Url::parse(url) else { return String::new() };
        let value = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        value.unwrap_or_default()
    }

    /// The posting form that has such an input, its action made complete.
    ///
    /// # Errors
    /// When the page has none.
    pub fn form(&self, input: &str) -> Result<Form> {
        let Self::Shown { path, answer } = self else { bail!("sent away: {self:?}") };
        let mut form = forms(&answer.body)
            .into_iter()
            .find(|form| form.has(input))
            .with_context(|| format!("no form with {input}: {path}: {} {}", answer.status, answer.body))?;
        if form.action.is_empty() {
            form.action.clone_from(path);
        }
        Ok(form)
    }

    /// Whether it shows a form with such an input.
    #[must_use]
    pub fn asks_for(&self, input: &str) -> bool {
        self.form(input).is_ok()
    }
}

/// A browser with its cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    nodes: Vec<Endpoint>,
    issuer: String,
    next: usize,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    /// One that takes these nodes in turn for `issuer` (an origin).
    #[must_use]
    pub fn new(nodes: &[Endpoint], issuer: &str) -> Self {
        Self { nodes: nodes.to_vec(), issuer: issuer.to_owned(), next: 0, cookies: BTreeMap::new() }
    }

    /// The same, with its cookies, in front of other nodes.
    #[must_use]
    pub fn among(&self, nodes: &[Endpoint]) -> Self {
        Self { nodes: nodes.to_vec(), ..self.clone() }
    }

    /// One that stays at one node.
    #[must_use]
    pub fn at(node: &Endpoint, issuer: &str) -> Self {
        Self::new(slice::from_ref(node), issuer)
    }

    /// A cookie's value, empty where there is none.
    #[must_use]
    pub fn cookie(&self, name: &str) -> &str {
        self.cookies.get(name).map_or("", String::as_str)
    }

    /// All cookies, as a request sends them.
    #[must_use]
    pub fn cookies(&self) -> String {
        let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        all.join("; ")
    }

    /// Sets or, with an empty value, forgets a cookie.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// One request, no redirect followed; cookies are sent and kept.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn fetch(&mut self, method: Method, path: &str, form: Option<&[(String, String)]>) -> Result<Answer> {
        let node = self.nodes.get(self.next % self.nodes.len()).context("a browser needs a node")?;
        self.next += 1;
        let mut request = node.request(method, path);
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookies());
        }
        if let Some(form) = form {
            request = request.form(form);
        }
        let answer = node.send(request).await?;
        let set: Vec<String> =
            answer.headers.get_all(SET_COOKIE).iter().filter_map(|it| Some(it.to_str().ok()?.to_owned())).collect();
        for cookie in set {
            let mut parts = cookie.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let over = parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            self.set_cookie(name.trim(), if over { "" } else { value.trim() });
        }
        Ok(answer)
    }

    async fn follow(&mut self, mut method: Method, path: &str, mut form: Option<&[(String, String)]>) -> Result<Page> {
        let mut path = path.to_owned();
        for _ in 0..REDIRECTS {
            let answer = self.fetch(method, &path, form).await?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(Page::Shown { path, answer });
            }
            ensure!(answer.status == 303 || form.is_none(), "a form is answered by {}", answer.status);
            let to = answer.header("location").to_owned();
            path = match to.strip_prefix(&self.issuer) {
                Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => {
                    format!("/{}", rest.trim_start_matches('/'))
                }
                _ if to.starts_with('/') && !to.starts_with("//") => to,
                _ => return Ok(Page::Left(to)),
            };
            (method, form) = (Method::GET, None);
        }
        bail!("more than {REDIRECTS} redirects, the last to {path}")
    }

    /// Opens an address of the provider.
    ///
    /// # Errors
    /// When there is no answer, or redirects without end.
    pub async fn open(&mut self, path: &str) -> Result<Page> {
        self.follow(Method::GET, path, None).await
    }

    /// Submits a form as it is.
    ///
    /// # Errors
    /// When there is no answer, or redirects without end.
    pub async fn submit(&mut self, form: &Form) -> Result<Page> {
        let action = form.action.strip_prefix(&self.issuer).unwrap_or(&form.action);
        self.follow(Method::POST, action, Some(&form.fields)).await
    }

    /// Fills a login page, if this is one, and submits it.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub async fn log_in(&mut self, page: Page, user_name: &str, password: &str) -> Result<Page> {
        if !page.asks_for("password") {
            return Ok(page);
        }
        let form = page.form("password")?.with("username", user_name).with("password", password);
        self.submit(&form).await
    }

    /// Approves a consent page, if this is one.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub async fn approve(&mut self, page: Page) -> Result<Page> {
        if !page.asks_for("abort") {
            return Ok(page);
        }
        self.submit(&page.form("abort")?.without("abort")).await
    }
}
