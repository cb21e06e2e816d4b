//! Pages that say what went wrong, in words that anyone understands, with a reference for those who can look it up.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::ACCEPT_LANGUAGE;
use http::{HeaderMap, HeaderValue};
use woad_http::Refused;
use woad_http::page::{ErrorPage, PageFault, PageRenderer, error_page};

use crate::shell::{self, Shell};
use crate::text::Lang;
use crate::{locale, page};

/// Draws error pages for every protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pages;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate {
    shell: Shell,
    title: String,
    words: String,
    detail: Option<String>,
    home: bool,
    reference: String,
}

impl PageRenderer for Pages {
    fn error(&self, page: &ErrorPage) -> Response {
        let lang = language(page);
        let key = format!("error-{}", page.fault.name());
        let organisation = page.realm.as_ref().map(shell::organisation).unwrap_or_default();
        let detail = match page.fault {
            PageFault::Refused(Refused::NotFound | Refused::Broken | Refused::Misdirected) => None,
            PageFault::Refused(refused) => Some(refused.to_string()),
            _ => None,
        };
        let template = ErrorTemplate {
            title: lang.text(&format!("{key}-title")),
            words: lang.text(&key),
            detail,
            home: page.realm.is_some(),
            reference: lang.with("error-reference", "id", page.reference.as_ref()),
            shell: Shell { organisation, ..Shell::bare(lang) },
        };
        page::show(page.fault.status(), &template)
    }
}

fn language(page: &ErrorPage) -> Lang {
    let mut headers = HeaderMap::new();
    if let Ok(languages) = HeaderValue::from_str(&page.languages) {
        headers.insert(ACCEPT_LANGUAGE, languages);
    }
    locale::choose(&headers, None)
}

/// An error page as a handler's answer.
#[derive(Debug)]
pub(crate) struct PageError(Box<ErrorPage>);

impl From<ErrorPage> for PageError {
    fn from(page: ErrorPage) -> Self {
        Self(Box::new(page))
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        error_page(&Pages, &self.0)
    }
}
