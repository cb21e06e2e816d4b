//! `GET /ui/…`: style, icon, and the realm's logo.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use raft_store_core::Freshness;
use woad_http::Services;
use woad_http::page::{PageCall, PageFault};
use woad_identity::realm;

use crate::error::PageError;
use crate::visit::Visit;

const STYLE: &str = include_str!("../assets/style.css");
const ICON: &str = include_str!("../assets/icon.svg");
/// Bytes of the digest in a tag: two files of one URL never meet by chance.
const TAG_BYTES: usize = 12;
/// What a URL with the content's own tag names never changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Anything else is asked for anew: replicas of two versions may stand side by side.
const REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");

static STYLE_TAG: LazyLock<String> = LazyLock::new(|| tag(STYLE.as_bytes()));
static ICON_TAG: LazyLock<String> = LazyLock::new(|| tag(ICON.as_bytes()));
static STYLE_HREF: LazyLock<String> = LazyLock::new(|| format!("/ui/style.css?v={}", *STYLE_TAG));

fn tag(content: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, content).as_ref().get(..TAG_BYTES).unwrap_or_default())
}

/// Where the style is.
pub(crate) fn style_href() -> &'static str {
    &STYLE_HREF
}

pub(crate) async fn style(_: Services, call: PageCall) -> Response {
    file(&call.parts.uri, &call.parts.headers, "text/css; charset=utf-8", STYLE.as_bytes(), &STYLE_TAG)
}

pub(crate) async fn icon(_: Services, call: PageCall) -> Response {
    file(&call.parts.uri, &call.parts.headers, "image/svg+xml", ICON.as_bytes(), &ICON_TAG)
}

/// From this replica's state: goes on without a quorum.
pub(crate) async fn logo(services: Services, call: PageCall) -> Result<Response, PageError> {
    let visit = Visit::new(services, call);
    let (realm, parts) = (&visit.call.realm.key, &visit.call.parts);
    let logo = visit.view(Freshness::Local, |view| realm::logo(view, realm)).await?;
    let logo = logo.ok_or_else(|| visit.fail(PageFault::NotFound))?;
    Ok(file(&parts.uri, &parts.headers, "image/png", &logo.row.png, &logo.revision.0.to_string()))
}

fn file(uri: &Uri, request: &HeaderMap, media: &'static str, content: &[u8], tag: &str) -> Response {
    let quoted = format!("\"{tag}\"");
    let known = request.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == quoted.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { content.to_vec().into_response() };
    let named = uri.query().and_then(|query| query.strip_prefix("v=")) == Some(tag);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, if named { IMMUTABLE } else { REVALIDATE });
    if let Ok(quoted) = HeaderValue::from_str(&quoted) {
        headers.insert(ETAG, quoted);
    }
    response
}
