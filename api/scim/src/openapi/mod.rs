//! `/openapi.json`: made of the routes' description here and of the served schemas, the same at every realm.

mod components;
mod operations;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use woad_http::Services;

use crate::discovery::DocumentCall;

/// `/openapi.json`.
pub(crate) async fn handle(_: Services, _: DocumentCall) -> Response {
    ([(CONTENT_TYPE, "application/json")], document().to_string()).into_response()
}

/// The document.
fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Woad SCIM 2.0",
            "version": "2.0",
            "description": "People and groups of a realm (RFC 7643, RFC 7644, RFC 9865). `/Bulk` is not offered.",
        },
        "servers": [{ "url": "/" }],
        "paths": operations::paths(),
        "components": components::all(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// `WOAD_GOLDEN=write` writes the file. A difference is a change of the wire.
    #[test]
    fn the_document_is_the_one_that_is_kept() {
        let actual = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/openapi.json");
        if std::env::var_os("WOAD_GOLDEN").is_some_and(|value| value == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &actual).unwrap();
        }
        assert_eq!(actual, std::fs::read_to_string(&path).unwrap());
    }

    #[test]
    fn every_route_is_described_and_no_other() {
        let document = document();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.to_uppercase(), path.clone()));
            }
        }
        let routes = crate::routes();
        let declared = routes.declared().map(|(method, path, _)| (method.to_string(), path.to_owned()));
        assert_eq!(described, declared.collect());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references(value: &Value, out: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        match value {
                            Value::String(at) if name == "$ref" => out.push(at.clone()),
                            _ => references(value, out),
                        }
                    }
                }
                Value::Array(values) => values.iter().for_each(|value| references(value, out)),
                _ => {}
            }
        }
        let document = document();
        let mut all = Vec::new();
        references(&document, &mut all);
        assert!(!all.is_empty());
        for at in all {
            assert!(document.pointer(at.trim_start_matches('#')).is_some(), "{at}");
        }
    }
}
