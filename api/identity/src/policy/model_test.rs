//! The decision against a model that follows the text of the rules word by word.

use super::{Matching, Rule, Selector};
use crate::testing::new_realm;
use crate::token::scene::{Scene, gid, uid};

const SCOPES: [&str; 6] =
    ["openid", "profile", "compute.read", "storage.read:/atlas", "storage.read:/atlas/x", "storage.read:/atlas2"];

/// Selectors that concern Alice, who is in groups 1, 2 and 3, and some that do not.
fn selectors() -> [Selector; 6] {
    [
        Selector::Account(uid(1)),
        Selector::Account(uid(2)),
        Selector::Group(gid(1)),
        Selector::Group(gid(2)),
        Selector::Group(gid(4)),
        Selector::Everybody,
    ]
}

const LISTS: [(Matching, Option<&[&str]>); 6] = [
    (Matching::Equal, None),
    (Matching::Equal, Some(&["profile", "storage.read:/atlas"])),
    (Matching::Equal, Some(&["openid", "compute.read"])),
    (Matching::Path, Some(&["storage.read:/atlas"])),
    (Matching::Regexp, Some(&["storage\\.read:.*", "p.*"])),
    (Matching::Path, Some(&["storage.read:/"])),
];

type Entry = (Rule, Selector, (Matching, Option<&'static [&'static str]>));

/// A small generator of its own: the same combinations at every run.
struct Dice(u64);

impl Dice {
    fn roll<T: Copy>(&mut self, from: &[T]) -> T {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from[usize::try_from(self.0 >> 33).unwrap() % from.len()]
    }
}

fn model_matches((matching, scopes): (Matching, Option<&[&str]>), asked: &str) -> bool {
    let Some(scopes) = scopes else { return true };
    scopes.iter().any(|scope| match matching {
        Matching::Equal => *scope == asked,
        Matching::Path => asked == *scope || asked.starts_with(&format!("{}/", scope.trim_end_matches('/'))),
        Matching::Regexp => match *scope {
            "p.*" => asked.starts_with('p'),
            _ => asked.starts_with("storage.read:"),
        },
    })
}

fn model(policies: &[Entry]) -> Vec<&'static str> {
    let level = |selector| match selector {
        Selector::Account(id) if id == uid(1) => Some(0),
        Selector::Group(id) if id != gid(4) => Some(1),
        Selector::Everybody => Some(2),
        _ => None,
    };
    let given = |scope: &&'static str| {
        if *scope == "openid" {
            return true;
        }
        for now in 0..3 {
            let says = |rule| {
                let mut all = policies.iter();
                all.any(|(its, whom, what)| *its == rule && level(*whom) == Some(now) && model_matches(*what, scope))
            };
            if says(Rule::Deny) {
                return false;
            }
            if says(Rule::Permit) {
                return true;
            }
        }
        false
    };
    SCOPES.into_iter().filter(given).collect()
}

#[test]
fn two_hundred_combinations_are_decided_as_the_rules_say() {
    let mut dice = Dice(7);
    let (mut empty, mut full) = (0, 0);
    for round in 0..200 {
        let scene = Scene::new(&new_realm("vo"), "openid profile compute.read storage.read:/");
        scene.person(2, "bob");
        scene.group(4, "lhcb", None, false);
        scene.drop_policy(1);
        let mut policies: Vec<Entry> = Vec::new();
        for _ in 0..dice.roll(&[0, 1, 2, 3, 5, 8]) {
            let entry = (dice.roll(&[Rule::Permit, Rule::Deny]), dice.roll(&selectors()), dice.roll(&LISTS));
            let (rule, whom, (matching, scopes)) = entry;
            if scene.policy(rule, matching, whom, scopes).is_ok() {
                policies.push(entry);
            }
        }
        let granted = scene.explain("app", 1, &SCOPES.join(" ")).outcome.unwrap();
        let expected = model(&policies);
        assert_eq!(granted.to_string(), expected.join(" "), "round {round}: {policies:?}");
        empty += usize::from(expected.len() == 1);
        full += usize::from(expected.len() == SCOPES.len());
    }
    assert!(empty > 10 && full > 10, "the combinations are of all kinds: {empty} {full}");
}

/// The two examples of INDIGO's documentation: only one group may write, and one person may do nothing there.
#[test]
fn the_documented_examples_hold() {
    let scene = Scene::plain("openid storage.read:/ storage.write:/");
    let given =
        |user| scene.explain("app", user, "openid storage.read:/ storage.write:/x").outcome.unwrap().to_string();
    scene.person(2, "bob");
    let write = Some(&["storage.write:/"][..]);
    scene.policy(Rule::Deny, Matching::Path, Selector::Everybody, write).unwrap();
    scene.policy(Rule::Permit, Matching::Path, Selector::Group(gid(1)), write).unwrap();
    assert_eq!(given(1), "openid storage.read:/ storage.write:/x");
    assert_eq!(given(2), "openid storage.read:/");
    scene.policy(Rule::Deny, Matching::Regexp, Selector::Account(uid(1)), Some(&["storage\\..*"])).unwrap();
    assert_eq!(given(1), "openid");
    assert_eq!(given(2), "openid storage.read:/");
}
