//! The message files: complete, used, and of one shape in every language.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_bundle::FluentResource;

use crate::text::Lang;

type Messages = BTreeMap<String, BTreeSet<String>>;

/// The keys of a language, with the arguments of each.
fn messages(lang: Lang) -> Messages {
    let mut out = Messages::new();
    for file in lang.files() {
        assert!(FluentResource::try_new((*file).to_owned()).is_ok(), "malformed: {file}");
        let mut key = "";
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
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

/// Everything that may name a message.
fn sources() -> String {
    let mut out = String::new();
    for folder in ["src", "templates"] {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if !path.to_str().unwrap().ends_with("_test.rs") && path.is_file() {
                out.push_str(&std::fs::read_to_string(path).unwrap());
            }
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
    let sources = sources();
    let known = messages(Lang::En);
    for key in known.keys() {
        let base = key.strip_suffix("-title").filter(|base| key.starts_with("error-") && known.contains_key(*base));
        let used = sources.contains(&format!("\"{}\"", base.unwrap_or(key)));
        assert!(used, "{key} is not used");
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
