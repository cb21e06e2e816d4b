//! How requests are refused that no handler sees.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use http::header::ACCEPT;

use crate::context::RequestContext;
use crate::error::{Refused, Shape};
use crate::page::{ErrorPage, PageFault, PageRenderer, error_page};

/// How the paths of a router are refused: by protocol for programs, as a page for people.
#[derive(Clone)]
pub struct Answers {
    shape: Shape,
    under: Vec<(&'static str, Shape)>,
    pages: Option<Arc<dyn PageRenderer>>,
}

impl From<Shape> for Answers {
    fn from(shape: Shape) -> Self {
        Self { shape, under: Vec::new(), pages: None }
    }
}

impl Answers {
    /// With another shape for this path and all below it.
    #[must_use]
    pub fn under(mut self, path: &'static str, shape: Shape) -> Self {
        self.under.push((path, shape));
        self
    }

    /// With pages for whoever asks for HTML, as browsers do.
    #[must_use]
    pub fn with_pages(mut self, pages: Arc<dyn PageRenderer>) -> Self {
        self.pages = Some(pages);
        self
    }

    /// The shape of a path.
    #[must_use]
    pub fn shape(&self, path: &str) -> Shape {
        let below =
            |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.under.iter().find(|(prefix, _)| below(prefix)).map_or(self.shape, |(_, shape)| *shape)
    }

    /// The refusal of a request.
    #[must_use]
    pub fn refuse(&self, refused: Refused, path: &str, context: &RequestContext, headers: &HeaderMap) -> Response {
        let html = |value: &http::HeaderValue| value.to_str().is_ok_and(|value| value.contains("text/html"));
        match &self.pages {
            Some(pages) if headers.get_all(ACCEPT).iter().any(html) => {
                let page = ErrorPage::new(PageFault::Refused(refused), context, headers, None);
                let mut response = error_page(pages.as_ref(), &page);
                refused.close(&mut response);
                response
            }
            _ => refused.respond(self.shape(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_belongs_to_a_path_and_what_is_below_it() {
        let answers = Answers::from(Shape::OAuth).under("/scim", Shape::Scim);
        for path in ["/scim", "/scim/v2/Users"] {
            assert_eq!(answers.shape(path), Shape::Scim, "{path}");
        }
        for path in ["/", "/scimitar", "/token", "/x/scim"] {
            assert_eq!(answers.shape(path), Shape::OAuth, "{path}");
        }
    }
}
