//! What stands around every page: the realm's name and logo, the language.

use raft_store_core::{Abort, Read, Stored};
use woad_identity::realm::{self, Realms};

use crate::text::Lang;

/// The frame of a page.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    /// In which language it speaks.
    pub(crate) lang: Lang,
    /// The realm's display name; empty: none is shown.
    pub(crate) organisation: String,
    /// Where the realm's logo is.
    pub(crate) logo: Option<String>,
    /// Whether it has more than one narrow form.
    pub(crate) wide: bool,
    /// Whether what was sent did not work: the title says so first, as it is what screen readers read first.
    pub(crate) failed: bool,
}

impl Shell {
    /// A frame without a realm, for errors that come before one is known.
    pub(crate) const fn bare(lang: Lang) -> Self {
        Self { lang, organisation: String::new(), logo: None, wide: false, failed: false }
    }

    /// The frame of a realm's pages.
    pub(crate) fn of(read: &impl Read, realm: &Stored<Realms>, lang: Lang) -> Result<Self, Abort> {
        let logo = realm::logo(read, &realm.key)?.map(|logo| format!("/ui/logo?v={}", logo.revision.0));
        Ok(Self { lang, organisation: organisation(realm), logo, wide: false, failed: false })
    }

    /// Whether there is anything to show above the page.
    pub(crate) const fn has_head(&self) -> bool {
        self.logo.is_some() || !self.organisation.is_empty()
    }
}

/// What a realm is called.
pub(crate) fn organisation(realm: &Stored<Realms>) -> String {
    let name = &realm.row.display_name;
    if name.is_empty() { realm.key.to_string() } else { name.clone() }
}
