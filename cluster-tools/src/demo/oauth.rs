//! What the demo asks over https. Nothing here is sent twice.

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::fault::Fault;
use super::site::Site;
use super::steps::Credentials;

/// Scope of the tokens that are asked for.
pub(super) const SCOPE: &str = "storage.read:/demo";

/// An answer's content, and how long it took to come.
pub(super) struct Timed<T> {
    pub(super) value: T,
    pub(super) took: Duration,
}

/// What came of a revocation.
pub(super) enum Revoked {
    /// It is durable.
    Acknowledged,
    /// It may or may not have happened.
    NotNow(String),
}

/// Why there was no answer, with the causes that reqwest keeps apart. Holds no part of a request but its URL.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// What an answer said, without anything that may be secret.
pub(super) fn describe(status: StatusCode, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    match (field("error"), field("error_description")) {
        (Some(error), Some(description)) => format!("{} {error}: {description}", status.as_u16()),
        (Some(error), None) => format!("{} {error}", status.as_u16()),
        _ => status.to_string(),
    }
}

async fn form(
    site: &Site,
    credentials: &Credentials,
    path: &'static str,
    form: &[(&str, &str)],
) -> Result<Response, Fault> {
    let request = site.client.post(format!("{}{path}", site.url));
    let request = request.basic_auth(&credentials.client, Some(&credentials.secret)).form(form);
    request.send().await.map_err(|error| no_answer(site, path, &error))
}

/// No answer came.
pub(super) fn no_answer(site: &Site, what: &'static str, error: &reqwest::Error) -> Fault {
    Fault::NoAnswer { number: site.number, what, why: causes(error) }
}

/// The JSON of a 200; anything else is a fault.
async fn json(site: &Site, what: &'static str, response: Response) -> Result<Value, Fault> {
    let status = response.status();
    let body = response.bytes().await.map_err(|error| no_answer(site, what, &error))?;
    let wrong = |seen: String| Fault::Answer { number: site.number, what, seen };
    if status != StatusCode::OK {
        return Err(wrong(describe(status, &body)));
    }
    serde_json::from_slice(&body).map_err(|_| wrong("200, and no JSON".to_owned()))
}

/// A token of a client.
pub(super) struct Issued {
    pub(super) token: String,
    /// Seconds.
    pub(super) lifetime: u64,
}

/// Asks for a token of the demo's scope.
pub(super) async fn token(site: &Site, credentials: &Credentials) -> Result<Timed<String>, Fault> {
    let Timed { value, took } = token_of(site, credentials, SCOPE).await?;
    Ok(Timed { value: value.token, took })
}

/// Asks for a token of exactly this scope.
pub(super) async fn token_of(site: &Site, credentials: &Credentials, scope: &str) -> Result<Timed<Issued>, Fault> {
    const PATH: &str = "/token";
    let started = Instant::now();
    let fields = [("grant_type", "client_credentials"), ("scope", scope)];
    let answer = json(site, PATH, form(site, credentials, PATH, &fields).await?).await?;
    let took = started.elapsed();
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let lifetime = answer.get("expires_in").and_then(Value::as_u64);
    match (text("access_token"), text("token_type"), text("scope"), lifetime) {
        (Some(token), Some("Bearer"), Some(given), Some(lifetime)) if given == scope => {
            Ok(Timed { value: Issued { token: token.to_owned(), lifetime }, took })
        }
        _ => Err(Fault::Answer {
            number: site.number,
            what: PATH,
            seen: "200, and no bearer token of the scope that was asked for".to_owned(),
        }),
    }
}

/// What a node says of a token.
pub(super) async fn introspect(site: &Site, credentials: &Credentials, token: &str) -> Result<Timed<Value>, Fault> {
    const PATH: &str = "/introspect";
    let started = Instant::now();
    let value = json(site, PATH, form(site, credentials, PATH, &[("token", token)]).await?).await?;
    Ok(Timed { value, took: started.elapsed() })
}

/// Asks whether a token of the credentials' client is active.
pub(super) async fn active(site: &Site, credentials: &Credentials, token: &str) -> Result<Timed<bool>, Fault> {
    const PATH: &str = "/introspect";
    let Timed { value: answer, took } = introspect(site, credentials, token).await?;
    let wrong = |seen: &str| Fault::Answer { number: site.number, what: PATH, seen: seen.to_owned() };
    match answer.get("active") {
        Some(Value::Bool(true)) => {
            let client = answer.get("client_id").and_then(Value::as_str);
            if client == Some(&credentials.client) {
                Ok(Timed { value: true, took })
            } else {
                Err(wrong("200, about another client"))
            }
        }
        Some(Value::Bool(false)) if answer.as_object().is_some_and(|all| all.len() == 1) => {
            Ok(Timed { value: false, took })
        }
        Some(Value::Bool(false)) => Err(wrong("200, inactive, and more is said of the token")),
        _ => Err(wrong("200, and not whether it is active")),
    }
}

/// Revokes a token: a durable write.
pub(super) async fn revoke(site: &Site, credentials: &Credentials, token: &str) -> Result<Timed<Revoked>, Fault> {
    const PATH: &str = "/revoke";
    let started = Instant::now();
    let response = match form(site, credentials, PATH, &[("token", token)]).await {
        Ok(response) => response,
        Err(fault) => return Ok(Timed { value: Revoked::NotNow(fault.to_string()), took: started.elapsed() }),
    };
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    let took = started.elapsed();
    match status {
        StatusCode::OK => Ok(Timed { value: Revoked::Acknowledged, took }),
        StatusCode::SERVICE_UNAVAILABLE => Ok(Timed { value: Revoked::NotNow(describe(status, &body)), took }),
        _ => Err(Fault::Answer { number: site.number, what: PATH, seen: describe(status, &body) }),
    }
}

/// Gets a public document.
pub(super) async fn document(site: &Site, path: &'static str) -> Result<Timed<Value>, Fault> {
    let started = Instant::now();
    let response = site.client.get(format!("{}{path}", site.url)).send().await;
    let response = response.map_err(|error| no_answer(site, path, &error))?;
    let value = json(site, path, response).await?;
    Ok(Timed { value, took: started.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_described_without_its_secrets() {
        let body =
            br#"{"error":"invalid_client","error_description":"Bad client credentials","access_token":"s3cret"}"#;
        let text = describe(StatusCode::UNAUTHORIZED, body);
        assert_eq!(text, "401 invalid_client: Bad client credentials");
        assert_eq!(describe(StatusCode::OK, b"s3cret"), "200 OK");
    }
}
