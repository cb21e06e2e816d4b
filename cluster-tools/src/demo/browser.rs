//! A browser without scripts: follows redirects, fills in forms, keeps cookies.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode, Url};

use super::fault::Fault;
use super::html::first_form;
use super::oauth::causes;
use super::people::Person;
use super::site::Site;

/// Redirects and forms of one sign-in: there are six.
const STEPS: usize = 15;
/// What requests here are called in faults.
const WHAT: &str = "the sign-in by browser";
/// The button that refuses.
const REFUSES: &str = "abort";

/// A browser in front of one node.
pub(super) struct Browser<'a> {
    site: &'a Site,
    person: &'a Person,
    cookies: Vec<(String, String)>,
    /// The paths it has seen, for the story.
    pub(super) seen: Vec<String>,
}

impl<'a> Browser<'a> {
    /// A person at a node.
    pub(super) fn new(site: &'a Site, person: &'a Person) -> Self {
        Self { site, person, cookies: Vec::new(), seen: Vec::new() }
    }

    fn wrong(&self, seen: impl Into<String>) -> Fault {
        Fault::Answer { number: self.site.number, what: WHAT, seen: seen.into() }
    }

    /// Goes on from a URL, signing in and agreeing, until it would leave for `end`. Answers with the URL it would go to.
    pub(super) async fn until(&mut self, from: Url, end: &str) -> Result<Url, Fault> {
        let mut url = from;
        let mut form: Option<Vec<(String, String)>> = None;
        for _ in 0..STEPS {
            self.seen.push(format!("{} {}", if form.is_some() { "POST" } else { "GET" }, url.path()));
            let (status, location, page) = self.send(&url, form.take()).await?;
            if let Some(location) = location.filter(|_| status.is_redirection()) {
                url = url.join(&location).map_err(|_| self.wrong("it leads to no URL"))?;
                if url.as_str().starts_with(end) {
                    return Ok(url);
                }
                continue;
            }
            let found = first_form(&page).filter(|_| status == StatusCode::OK);
            let found = found.ok_or_else(|| self.wrong(format!("{status} at {}, and no form", url.path())))?;
            url = url.join(&found.action).map_err(|_| self.wrong("a form leads to no URL"))?;
            form = Some(self.filled(found.fields));
        }
        Err(self.wrong(format!("no end after {STEPS} pages: {}", self.seen.join(", "))))
    }

    fn filled(&self, fields: Vec<(String, String)>) -> Vec<(String, String)> {
        let fields = fields.into_iter().filter(|(name, _)| name != REFUSES);
        let value = |name: &str, value: String| match name {
            "username" => self.person.name.clone(),
            "password" => self.person.password.clone(),
            _ => value,
        };
        fields.map(|(name, given)| (name.clone(), value(&name, given))).collect()
    }

    async fn send(
        &mut self,
        url: &Url,
        form: Option<Vec<(String, String)>>,
    ) -> Result<(StatusCode, Option<String>, String), Fault> {
        // A page that leads elsewhere must not get this node's cookies, nor anybody's password.
        if url.origin() != Url::parse(&self.site.url).map_err(|_| self.wrong("no URL"))?.origin() {
            return Err(self.wrong(format!("it leads to {}", url.origin().ascii_serialization())));
        }
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = self.site.client.request(method, url.clone());
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(form) = &form {
            request = request.form(form);
        }
        let no_answer =
            |error: &reqwest::Error| Fault::NoAnswer { number: self.site.number, what: WHAT, why: causes(error) };
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let status = response.status();
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let location = response.headers().get(LOCATION).map(text);
        let set: Vec<String> = response.headers().get_all(SET_COOKIE).iter().map(text).collect();
        let page = response.text().await.map_err(|error| no_answer(&error))?;
        for cookie in set {
            self.keep(&cookie);
        }
        Ok((status, location, page))
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        self.cookies.retain(|(known, _)| known != name);
        if !value.is_empty() && !parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}
