//! Scopes in plain words, for the person who grants them.

use askama::filters::Safe;

use crate::html::{around, escaped};
use crate::text::Lang;

/// One line of the consent page.
pub(crate) struct ScopeLine {
    /// What it permits.
    pub(crate) words: Safe<String>,
    /// The scope itself.
    pub(crate) scope: String,
}

/// How a scope is described: the message, and what its words name of it.
enum Words<'a> {
    Plain(&'static str),
    Path(&'static str, &'a str),
    Name(&'static str, &'a str),
}

/// Describes a scope. One that nobody described is shown by its name.
pub(crate) fn line(lang: Lang, scope: &str) -> ScopeLine {
    let words = match words(scope) {
        Words::Plain(key) => Safe(escaped(&lang.text(key))),
        Words::Path(key, "/") => Safe(escaped(&lang.with(key, "path", lang.text("scope-storage-all")))),
        Words::Path(key, path) => around(lang, key, "path", path),
        Words::Name(key, name) => around(lang, key, "name", name),
    };
    ScopeLine { words, scope: scope.to_owned() }
}

fn words(scope: &str) -> Words<'_> {
    if let Some((name, path)) = scope.split_once(":/") {
        let start = name.len() + 1;
        let path_with_slash = scope.get(start..).unwrap_or(path);
        return match name {
            "storage.read" => Words::Path("scope-storage-read", path_with_slash),
            "storage.create" => Words::Path("scope-storage-create", path_with_slash),
            "storage.modify" => Words::Path("scope-storage-modify", path_with_slash),
            "storage.stage" => Words::Path("scope-storage-stage", path_with_slash),
            "storage.poll" => Words::Path("scope-storage-poll", path_with_slash),
            "wlcg.groups" => Words::Path("scope-group", path_with_slash),
            _ => Words::Name("scope-unknown", scope),
        };
    }
    Words::Plain(match scope {
        "openid" => "scope-openid",
        "profile" => "scope-profile",
        "email" => "scope-email",
        "address" => "scope-address",
        "phone" => "scope-phone",
        "offline_access" => "scope-offline-access",
        "eduperson_scoped_affiliation" => "scope-affiliation",
        "eduperson_entitlement" | "entitlements" => "scope-entitlements",
        "eduperson_assurance" => "scope-assurance",
        "ssh-keys" => "scope-ssh-keys",
        "wlcg.groups" => "scope-groups",
        "compute.read" => "scope-compute-read",
        "compute.create" => "scope-compute-create",
        "compute.modify" => "scope-compute-modify",
        "compute.cancel" => "scope-compute-cancel",
        "scim" | "scim:write" => "scope-scim-write",
        "scim:read" => "scope-scim-read",
        "registration" | "registration:write" => "scope-registration-write",
        "registration:read" => "scope-registration-read",
        "proxy:generate" => "scope-proxy",
        "iam:admin.read" => "scope-admin-read",
        "iam:admin.write" => "scope-admin-write",
        "iam:self.write" => "scope-self-write",
        "iam" | "wlcg" | "aarc" | "kc" => return Words::Name("scope-profile-choice", scope),
        _ => return Words::Name("scope-unknown", scope),
    })
}

#[cfg(test)]
mod tests {
    use woad_identity::scope::system::SYSTEM_SCOPES;

    use super::*;

    fn said(scope: &str) -> String {
        line(Lang::En, scope).words.0
    }

    #[test]
    fn scopes_are_said_in_words() {
        let bdi = |text: &str| format!("<bdi dir=\"auto\">{text}</bdi>");
        let table = [
            ("openid", "know who you are here".to_owned()),
            ("storage.read:/", "read data in any folder".to_owned()),
            ("storage.read:/data", format!("read data in {}", bdi("/data"))),
            ("storage.modify:/a:/b", format!("change and delete data in {}", bdi("/a:/b"))),
            ("wlcg.groups:/cms/prod", format!("show that you belong to the group {}", bdi("/cms/prod"))),
            ("wlcg", format!("receive its tokens in the form “{}”", bdi("wlcg"))),
            ("x<y>", format!("use the permission {}", bdi("x&#60;y&#62;"))),
            ("fts:/x", format!("use the permission {}", bdi("fts:/x"))),
        ];
        for (scope, words) in table {
            assert_eq!(said(scope), words);
        }
    }

    #[test]
    fn every_system_scope_has_words() {
        for scope in SYSTEM_SCOPES {
            assert!(!matches!(words(scope.value), Words::Name("scope-unknown", _)), "{}", scope.value);
        }
    }
}
