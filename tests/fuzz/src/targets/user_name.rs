//! Names of people and of groups (PRECIS).

use woad_identity::group::GroupName;
use woad_identity::text::fold;
use woad_identity::user::UserName;

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "user_name",
    run: target,
    seeds: || crate::texts(&["ada", "Ada.Lovelace@example.org", "m\u{fc}ller", "\u{5d0}\u{5d1}", "\u{661}\u{662}", "\u{ff21}da", "\u{212b}ngstr\u{f6}m", "a b", "cms/production", "\u{3b1}\u{3b2}\u{3b3}"]),
    words: &["\u{345}", "\u{3a3}", "\u{130}", "\u{1e9e}", "\u{200d}", "\u{202e}", "\u{fb01}", "\u{e0061}", "\u{301}", "\u{ac00}", "\u{1d400}", "\u{430}", " ", "/"],
    rounds: 5000,
};

/// Any text. A name that is taken is taken again as itself, and folds to one form for ever.
pub fn target(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(name) = UserName::parse(text) {
        assert_eq!(UserName::parse(name.as_str()).as_ref(), Ok(&name), "a name is its own form");
        assert!(!name.as_str().chars().any(char::is_control));
        folds(name.as_str());
    }
    if let Ok(name) = GroupName::parse(text) {
        assert_eq!(GroupName::parse(name.as_str()).as_ref(), Ok(&name), "a name is its own form");
        assert!(!name.as_str().contains('/'), "a group's name is one segment");
        folds(name.as_str());
    }
}

fn folds(name: &str) {
    let folded = fold::user_name(name);
    assert_eq!(fold::user_name(&folded), folded, "folding {name:?} twice folds it once");
    assert_eq!(fold::user_name(&name.to_uppercase()), fold::user_name(&name.to_uppercase().to_lowercase()), "{name:?}");
}
