//! Words, in the languages of `messages/`: one Fluent file a page and language.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that every message exists in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    /// English: what everybody gets who asks for none of the others.
    En,
    /// German.
    De,
}

macro_rules! files {
    ($folder:literal) => {
        &[
            include_str!(concat!("../messages/", $folder, "/shell.ftl")),
            include_str!(concat!("../messages/", $folder, "/login.ftl")),
            include_str!(concat!("../messages/", $folder, "/consent.ftl")),
            include_str!(concat!("../messages/", $folder, "/scopes.ftl")),
            include_str!(concat!("../messages/", $folder, "/account.ftl")),
            include_str!(concat!("../messages/", $folder, "/link.ftl")),
            include_str!(concat!("../messages/", $folder, "/error.ftl")),
        ]
    };
}

type Bundle = FluentBundle<FluentResource>;

static EN: LazyLock<Bundle> = LazyLock::new(|| bundle(Lang::En));
static DE: LazyLock<Bundle> = LazyLock::new(|| bundle(Lang::De));

/// What is malformed is left out: a test sees to it that nothing is.
fn bundle(lang: Lang) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![lang.identifier()]);
    // Names are isolated in HTML instead, by `dir=auto`.
    bundle.set_use_isolating(false);
    for file in lang.files() {
        let resource = FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(parsed, _)| parsed);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Lang {
    /// Every language, the default first.
    pub(crate) const ALL: [Self; 2] = [Self::En, Self::De];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    pub(crate) const fn files(self) -> &'static [&'static str] {
        match self {
            Self::En => files!("en"),
            Self::De => files!("de"),
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        self.tag().parse().unwrap_or_default()
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }

    /// A message without arguments, as plain text.
    pub(crate) fn text(self, key: &str) -> String {
        self.format(key, &FluentArgs::new())
    }

    /// A message with one argument, as plain text.
    pub(crate) fn with<'a>(self, key: &str, name: &'static str, value: impl Into<FluentValue<'a>>) -> String {
        let mut args = FluentArgs::new();
        args.set(name, value);
        self.format(key, &args)
    }

    /// A message with arguments, as plain text. A message that is not there reads as its key.
    pub(crate) fn format(self, key: &str, args: &FluentArgs<'_>) -> String {
        let pattern = self.bundle().get_message(key).and_then(|message| message.value());
        pattern.map_or_else(
            || key.to_owned(),
            |pattern| self.bundle().format_pattern(pattern, Some(args), &mut Vec::new()).into_owned(),
        )
    }
}
