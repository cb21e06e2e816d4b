//! Requests to a node's operations listener, with the operator token.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Client, Url};

use super::{ANSWER, Answer, CONNECT, Call, MAX_ANSWER, NoAnswer};
use crate::cli::Connection;
use crate::failure::Failure;

/// The variable with the token, when no file is named.
const TOKEN_VARIABLE: &str = "WOAD_OPERATOR_TOKEN";
/// Bytes of a token's or certificate's file: larger ones are wrong files.
const MAX_FILE: u64 = 256 * 1024;

/// A listener and the power to speak to it.
pub(crate) struct Remote {
    base: Url,
    client: Client,
    token: HeaderValue,
}

impl Remote {
    /// Checks the URL and reads the files.
    pub(crate) fn new(url: &str, connection: &Connection) -> Result<Self, Failure> {
        let base = Url::parse(url).map_err(|error| Failure::Usage(format!("--url: {error}")))?;
        let only_base = base.path() == "/" && base.query().is_none() && base.fragment().is_none();
        if !only_base || !base.username().is_empty() || base.password().is_some() {
            return Err(Failure::Usage("--url: only scheme, host and port".to_owned()));
        }
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(&base) => {}
            "http" => {
                let why = "--url: the operator token would go over the network in the clear; use https or a tunnel";
                return Err(Failure::Usage(why.to_owned()));
            }
            _ => return Err(Failure::Usage("--url: https, or http to a loopback address".to_owned())),
        }
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if let Some(path) = &connection.ca_file {
            let pem = read(path)?;
            let roots = Certificate::from_pem_bundle(&pem).unwrap_or_default();
            if roots.is_empty() {
                return Err(Failure::Usage(format!("--ca-file: {} holds no certificate", path.display())));
            }
            builder = builder.tls_certs_only(roots);
        }
        let client = builder.build().map_err(|error| Failure::Usage(format!("--url: TLS: {error}")))?;
        Ok(Self { base, client, token: token(connection.token_file.as_deref())? })
    }

    pub(super) async fn send(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let place = self.base.as_str().trim_end_matches('/').to_owned();
        let failed = |error: &reqwest::Error| {
            let why = if error.is_connect() { "no node answers here" } else { "no answer" };
            NoAnswer { place: place.clone(), why: why.to_owned(), sent: !error.is_connect() && !error.is_builder() }
        };
        let url = format!("{place}{}", call.path);
        let mut request = self.client.request(call.method.clone(), url).header(AUTHORIZATION, self.token.clone());
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let response = request.send().await.map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| failed(&error))?;
        if body.len() > MAX_ANSWER {
            return Err(NoAnswer { place, why: "the answer is too long".to_owned(), sent: true });
        }
        Ok(Answer { status, body })
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}

/// The token as a header. Its text is in no error.
fn token(file: Option<&Path>) -> Result<HeaderValue, Failure> {
    let text = match file {
        Some(path) => String::from_utf8(read(path)?).unwrap_or_default(),
        None => std::env::var(TOKEN_VARIABLE).unwrap_or_default(),
    };
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::Usage(format!("--url needs an operator token: --token-file FILE, or {TOKEN_VARIABLE}")));
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| Failure::Answer)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn remote(url: &str, token: &str) -> Result<Remote, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let token_file = folder.path().join("token");
        fs::write(&token_file, token).unwrap();
        let connection = Connection {
            socket: PathBuf::new(),
            url: Some(url.to_owned()),
            token_file: Some(token_file),
            ca_file: None,
        };
        // Refused only when one is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Remote::new(url, &connection)
    }

    #[test]
    fn the_token_never_leaves_in_the_clear() {
        for good in
            ["https://node1.example.org:9443", "http://127.0.0.1:9443/", "http://[::1]:9443", "http://localhost:1"]
        {
            assert!(remote(good, "t0ken\n").is_ok(), "{good}");
        }
        for bad in
            ["http://node1:9443", "http://10.0.0.1:9443", "ftp://localhost", "https://u:p@h", "https://h/v1", "x"]
        {
            assert!(matches!(remote(bad, "t0ken"), Err(Failure::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn a_token_that_is_none_is_refused_and_not_shown() {
        for bad in ["", "\n", "s3cret s3cret", "s3cret\u{1}"] {
            let Err(error) = remote("https://h", bad) else { panic!("{bad:?} was taken") };
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
