//! The message files: complete, used, and of one shape in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::FluentResource;
use woad_http::Refused;
use woad_http::page::PageFault;

use crate::text::Lang;

const FAULTS: [PageFault; 14] = [
    PageFault::UnknownClient,
    PageFault::RedirectUri,
    PageFault::BadRequest,
    PageFault::Stale,
    PageFault::Forged,
    PageFault::LinkGone,
    PageFault::Forbidden,
    PageFault::NotFound,
    PageFault::Throttled,
    PageFault::Unavailable,
    PageFault::Unknown,
    PageFault::Refused(Refused::Broken),
    PageFault::Refused(Refused::Misdirected),
    PageFault::Refused(Refused::BodyTooLarge),
];

type Messages = BTreeMap<String, BTreeSet<String>>;

/// The keys of a language, with the arguments of each.
fn messages(lang: Lang) -> Messages {
    let mut out = Messages::new();
    for file in lang.files() {
        assert!(FluentResource::try_new((*file).to_owned()).is_ok(), "malformed: {file}");
        let mut key = "";
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                key = name;
                assert!(out.insert(key.to_owned(), BTreeSet::new()).is_none(), "{key} stands twice");
            }
            let arguments = line.split('$').skip(1).filter_map(|after| after.split(' ').next());
            out.entry(key.to_owned()).or_default().extend(arguments.map(str::to_owned));
        }
    }
    out.remove("");
    out
}

/// Everything that may name a message, under a folder of the crate.
fn sources(folder: &Path) -> String {
    let mut out = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.push_str(&sources(&path));
        } else if !path.to_str().unwrap().ends_with("_test.rs") {
            out.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    out
}

#[test]
fn every_language_has_every_message_with_the_same_arguments() {
    let english = messages(Lang::En);
    for lang in Lang::ALL {
        assert_eq!(messages(lang), english, "{lang:?}");
    }
}

#[test]
fn every_message_is_used_and_every_used_message_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["src", "templates"].map(|part| sources(&folder.join(part))).concat();
    let known = messages(Lang::En);
    let faults: Vec<String> = FAULTS.iter().map(|fault| format!("error-{}", fault.name())).collect();
    for fault in &faults {
        assert!(known.contains_key(fault) && known.contains_key(&format!("{fault}-title")), "{fault} is not there");
    }
    for key in known.keys() {
        let of_fault = faults.iter().any(|fault| key.strip_suffix("-title").unwrap_or(key) == fault);
        assert!(of_fault || sources.contains(&format!("\"{key}\"")), "{key} is not used");
    }
    for called in [".text(\"", ".with(\"", ".format(\"", "around(lang, \"", "around(shell.lang, \""] {
        for after in sources.split(called).skip(1) {
            let key = after.split('"').next().unwrap();
            assert!(known.contains_key(key), "{key} is not there");
        }
    }
}

#[test]
fn numbers_have_their_forms() {
    assert_eq!(Lang::En.with("account-session-count", "count", 1), "You are signed in at one place.");
    assert_eq!(Lang::De.with("account-session-count", "count", 3), "Sie sind an 3 Stellen angemeldet.");
}
