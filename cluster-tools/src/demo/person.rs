//! A person's tokens: from the browser's sign-in to what becomes of them.

use std::time::Instant;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use serde_json::Value;
use uuid::Uuid;

use super::browser::Browser;
use super::fault::Fault;
use super::oauth::{self, Timed, describe, no_answer};
use super::people::Person;
use super::site::Site;
use super::steps::Credentials;

/// Where the demo's browser comes back to: nobody listens there.
pub(super) const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// What the application asks for.
pub(super) const SCOPE: &str = "openid profile email offline_access wlcg.groups";

/// What the application got.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// What a node says to a token of somebody who was suspended.
pub(super) enum Says {
    /// It is still good.
    Good,
    /// It is refused, in these words.
    Refused(String),
}

/// Signs a person in at one node, by its pages. Answers with the code and what proves whose it is, and the paths on the
/// way.
pub(super) async fn sign_in(
    site: &Site,
    client: &str,
    person: &Person,
) -> Result<Timed<(String, String, Vec<String>)>, Fault> {
    const WHAT: &str = "GET /authorize";
    let started = Instant::now();
    let wrong = |seen: &str| Fault::Answer { number: site.number, what: WHAT, seen: seen.to_owned() };
    let verifier = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let (state, nonce) = (Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string());
    let parameters = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let from = Url::parse_with_params(&format!("{}/authorize", site.url), parameters).map_err(|_| wrong("no URL"))?;
    let mut browser = Browser::new(site, person);
    let back = browser.until(from, REDIRECT).await?;
    let answer = |name: &str| back.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned());
    if let Some(error) = answer("error") {
        return Err(wrong(&format!("the application is told {error}")));
    }
    if answer("state").as_deref() != Some(&state) || answer("iss").is_none() {
        return Err(wrong("the application gets another state, or no issuer"));
    }
    let code = answer("code").ok_or_else(|| wrong("the application gets no code"))?;
    Ok(Timed { value: (code, verifier, browser.seen), took: started.elapsed() })
}

/// Signs a person in to their own page. Answers with the paths on the way.
pub(super) async fn account(site: &Site, person: &Person) -> Result<Timed<Vec<String>>, Fault> {
    let started = Instant::now();
    let url = format!("{}/account", site.url);
    let no_url = |_| Fault::NotHeld(format!("{url} is no URL"));
    let from = Url::parse(&url).map_err(no_url)?;
    let mut browser = Browser::new(site, person);
    // From there to the login page and back.
    browser.until(from, &url).await?;
    Ok(Timed { value: browser.seen, took: started.elapsed() })
}

/// What a token endpoint answers.
async fn token(site: &Site, form: &[(&str, &str)]) -> Result<(StatusCode, Value), Fault> {
    const PATH: &str = "/token";
    let request = site.client.post(format!("{}{PATH}", site.url)).form(form);
    let response = request.send().await.map_err(|error| no_answer(site, PATH, &error))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| no_answer(site, PATH, &error))?;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

/// The tokens in an answer.
fn tokens(site: &Site, status: StatusCode, answer: &Value) -> Result<Tokens, Fault> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    if let (Some(access), Some(refresh), Some(_)) = (text("access_token"), text("refresh_token"), text("id_token")) {
        return Ok(Tokens { access, refresh });
    }
    let seen = describe(status, answer.to_string().as_bytes());
    Err(Fault::Answer { number: site.number, what: "POST /token", seen })
}

/// Exchanges the code.
pub(super) async fn exchange(
    site: &Site,
    client: &str,
    (code, verifier): (&str, &str),
) -> Result<Timed<Tokens>, Fault> {
    let started = Instant::now();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
    ];
    let (status, answer) = token(site, &form).await?;
    Ok(Timed { value: tokens(site, status, &answer)?, took: started.elapsed() })
}

/// Refreshes.
pub(super) async fn refresh(site: &Site, client: &str, refresh: &str) -> Result<Timed<Says>, Fault> {
    let started = Instant::now();
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", refresh)];
    let (status, answer) = token(site, &form).await?;
    let value = if status == StatusCode::OK {
        Says::Good
    } else if status == StatusCode::BAD_REQUEST && answer.get("error").and_then(Value::as_str) == Some("invalid_grant")
    {
        Says::Refused(describe(status, answer.to_string().as_bytes()))
    } else {
        let seen = describe(status, answer.to_string().as_bytes());
        return Err(Fault::Answer { number: site.number, what: "POST /token", seen });
    };
    Ok(Timed { value, took: started.elapsed() })
}

/// Who a node says the token's person is; `None`: the token is refused.
pub(super) async fn userinfo(site: &Site, access: &str) -> Result<Timed<Option<Value>>, Fault> {
    const PATH: &str = "/userinfo";
    let started = Instant::now();
    let request = site.client.get(format!("{}{PATH}", site.url)).bearer_auth(access);
    let response = request.send().await.map_err(|error| no_answer(site, PATH, &error))?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| no_answer(site, PATH, &error))?;
    let value = match status {
        StatusCode::OK => serde_json::from_slice(&body).ok(),
        StatusCode::UNAUTHORIZED => None,
        _ => return Err(Fault::Answer { number: site.number, what: PATH, seen: describe(status, &body) }),
    };
    Ok(Timed { value, took: started.elapsed() })
}

/// Whether a node calls a token of a person active.
pub(super) async fn active(site: &Site, credentials: &Credentials, token: &str) -> Result<Timed<bool>, Fault> {
    let answer = oauth::introspect(site, credentials, token).await?;
    Ok(Timed { value: answer.value.get("active") == Some(&Value::Bool(true)), took: answer.took })
}
