use proptest::prelude::*;
use raft_store_core::Revision;

use super::record::ScopePolicy;
use super::*;
use crate::scope::{Scope, ScopeFault};
use crate::testing::{actor, vo};
use crate::token::scene::{Scene, gid, uid};

const EVERYBODY: Selector = Selector::Everybody;

fn scene() -> Scene {
    Scene::plain("openid")
}

fn fields(rule: Rule, matching: Matching, scopes: &[&str]) -> PolicyFields {
    let scopes = Some(scopes.iter().map(|&scope| scope.to_owned()).collect());
    PolicyFields { description: String::new(), rule, matching, selector: EVERYBODY, scopes }
}

fn stored(scene: &Scene) -> Vec<(u64, PolicyFields)> {
    let policies = scene.store.look(|view| list(view, &vo())).unwrap();
    policies.into_iter().map(|policy| (policy.key.1.0, policy.row.fields().unwrap())).collect()
}

/// Whether a policy of these scopes matches one that is asked for.
fn matches(rule: Rule, matching: Matching, scopes: &[&str], asked: &str) -> bool {
    let mut row = ScopePolicy::default();
    fields(rule, matching, scopes).checked().unwrap().write_to(&mut row);
    matcher::Matcher::of(&row).unwrap().matches(rule, &Scope::parse(asked).unwrap())
}

#[test]
fn a_realm_begins_with_everything_for_everybody() {
    assert_eq!(stored(&scene()), [(1, PolicyFields::permit_all())]);
}

#[test]
fn policies_that_are_none_are_refused_with_their_fault() {
    use Matching::{Equal, Path, Regexp};
    let scene = scene();
    let long = "x".repeat(MAX_POLICY_SCOPE + 1);
    let many: Vec<String> = (0..=MAX_POLICY_SCOPES).map(|n| format!("s{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let deep = "(".repeat(60) + "a" + &")".repeat(60);
    let at = |place, fault| InvalidPolicy::Scope { place, fault };
    for (matching, scopes, why) in [
        (Equal, Some(&[][..]), InvalidPolicy::NoScopes),
        (Path, None, InvalidPolicy::ScopesNeeded(Path)),
        (Regexp, None, InvalidPolicy::ScopesNeeded(Regexp)),
        (Equal, Some(&many[..]), InvalidPolicy::TooManyScopes),
        (Equal, Some(&["ok", ""]), at(1, PolicyScopeFault::Empty)),
        (Equal, Some(&["ok", &long]), at(1, PolicyScopeFault::TooLong)),
        (Equal, Some(&["a b"]), at(0, ScopeFault::Character.into())),
        (Equal, Some(&["storage.read"]), at(0, ScopeFault::Path.into())),
        (Equal, Some(&["storage.read:/a/../b"]), at(0, ScopeFault::Path.into())),
        (Path, Some(&["storage.read"]), at(0, PolicyScopeFault::NoPath)),
        (Path, Some(&["storage.read:a"]), at(0, PolicyScopeFault::NoPath)),
        (Path, Some(&[":/a"]), at(0, PolicyScopeFault::NoPath)),
        (Path, Some(&["storage.read:/a/../b"]), at(0, ScopeFault::Path.into())),
        (Path, Some(&["storage.read:/a/%2e%2e"]), at(0, ScopeFault::Path.into())),
        (Regexp, Some(&["("]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&["a)|(b"]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&[r"(a)\1"]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&["(?=a)a"]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&["(?x)a # b"]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&[&deep]), at(0, InvalidPattern::Syntax.into())),
        (Regexp, Some(&["(a{100}){100}"]), at(0, InvalidPattern::TooLarge.into())),
        (Regexp, Some(&[r"\w{500}"]), at(0, InvalidPattern::TooLarge.into())),
    ] {
        let refused = scene.policy(Rule::Deny, matching, EVERYBODY, scopes).unwrap_err();
        assert_eq!(refused, CreatePolicyError::Invalid(why), "{matching:?} {scopes:?}");
    }
    let mut described = PolicyFields { description: "d".repeat(MAX_DESCRIPTION + 1), ..PolicyFields::permit_all() };
    assert!(matches!(described.checked(), Err(InvalidPolicy::Description(_))));
    described.description.truncate(MAX_DESCRIPTION);
    assert!(described.checked().is_ok());
    assert_eq!(stored(&scene).len(), 1, "nothing was written");
}

#[test]
fn whom_a_policy_concerns_must_be_there() {
    let scene = scene();
    let policy = |selector| scene.policy(Rule::Permit, Matching::Equal, selector, None);
    assert_eq!(policy(Selector::Account(uid(99))), Err(CreatePolicyError::NoSuchAccount));
    assert_eq!(policy(Selector::Group(gid(99))), Err(CreatePolicyError::NoSuchGroup));
    assert_eq!(policy(Selector::Account(uid(1))), Ok(PolicyId(2)));
    assert_eq!(policy(Selector::Group(gid(1))), Ok(PolicyId(3)));
}

#[test]
fn a_policy_that_says_what_another_says_is_refused() {
    let scene = scene();
    let deny = |matching, scopes: &[&str]| scene.policy(Rule::Deny, matching, EVERYBODY, Some(scopes));
    assert_eq!(deny(Matching::Equal, &["b", "a", "b"]), Ok(PolicyId(2)));
    assert_eq!(deny(Matching::Equal, &["a", "b"]), Err(CreatePolicyError::Duplicate(PolicyId(2))));
    assert_eq!(deny(Matching::Regexp, &["a", "b"]), Ok(PolicyId(3)));
    assert_eq!(deny(Matching::Path, &["storage.read:/a/"]), Ok(PolicyId(4)));
    assert_eq!(deny(Matching::Path, &["storage.read:/a"]), Err(CreatePolicyError::Duplicate(PolicyId(4))));
    let all = scene.policy(Rule::Permit, Matching::Equal, EVERYBODY, None);
    assert_eq!(all, Err(CreatePolicyError::Duplicate(PolicyId(1))));
}

#[test]
fn a_realm_holds_so_many_policies() {
    let scene = scene();
    for first in [2_u64, 402, 802] {
        scene.commit(|tx| {
            for n in (first..first + 400).take_while(|n| *n <= MAX_POLICIES as u64) {
                let name = format!("s{n}");
                create::write(tx, &vo(), PolicyId(n), &fields(Rule::Deny, Matching::Equal, &[&name]), 1).unwrap();
            }
        });
    }
    assert_eq!(stored(&scene).len(), MAX_POLICIES);
    let one_more = || scene.policy(Rule::Deny, Matching::Equal, EVERYBODY, Some(&["more"]));
    assert_eq!(one_more(), Err(CreatePolicyError::TooMany));
    scene.drop_policy(500);
    assert_eq!(one_more(), Ok(PolicyId(MAX_POLICIES as u64 + 1)));
}

#[test]
fn a_realm_holds_so_many_regular_expressions() {
    let scene = scene();
    let patterns: Vec<String> = (0..MAX_PATTERNS).map(|n| format!("a{n}")).collect();
    let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
    let policy = |scopes: &[&str]| scene.policy(Rule::Deny, Matching::Regexp, EVERYBODY, Some(scopes));
    assert_eq!(policy(&patterns), Ok(PolicyId(2)));
    assert_eq!(policy(&["b"]), Err(CreatePolicyError::TooManyPatterns));
    assert!(scene.policy(Rule::Deny, Matching::Equal, EVERYBODY, Some(&["b"])).is_ok());
}

#[test]
fn a_policy_is_replaced_and_removed_as_it_was_seen() {
    let scene = scene();
    let id = scene.policy(Rule::Deny, Matching::Equal, EVERYBODY, Some(&["a"])).unwrap();
    let revision = || scene.store.look(|view| get(view, &vo(), id)).unwrap().unwrap().revision;
    let seen = revision();
    let change = |fields: &PolicyFields, seen: Option<Revision>| {
        scene.decided(|tx| update(tx, &vo(), id, fields, seen, &actor())).map(|row| row.fields().unwrap())
    };
    let other = fields(Rule::Permit, Matching::Path, &["storage.read:/a/"]);
    let kept = fields(Rule::Permit, Matching::Path, &["storage.read:/a"]);
    assert_eq!(change(&other, Some(seen)), Ok(kept.clone()));
    assert_eq!(change(&other, Some(seen)), Err(UpdatePolicyError::Changed));
    let before = revision();
    assert_eq!(change(&other, None), Ok(kept));
    assert_eq!(revision(), before, "nothing to write");
    let duplicate = UpdatePolicyError::Refused(CreatePolicyError::Duplicate(PolicyId(1)));
    assert_eq!(change(&PolicyFields::permit_all(), None), Err(duplicate));

    let remove = |id, seen| scene.decided(|tx| delete(tx, &vo(), id, seen, &actor()));
    assert_eq!(remove(id, Some(seen)), Err(DeletePolicyError::Changed));
    assert_eq!(remove(id, Some(before)), Ok(()));
    assert_eq!(remove(id, None), Err(DeletePolicyError::NotFound));
    assert_eq!(change(&other, None), Err(UpdatePolicyError::NotFound));
    let told: Vec<_> = scene.events().iter().map(|event| event["what"].as_str().unwrap().to_owned()).collect();
    let expected = ["scope_policy.create", "scope_policy.update", "scope_policy.delete"];
    assert_eq!(told.iter().filter(|what| what.starts_with("scope_policy")).collect::<Vec<_>>(), expected.each_ref());
}

#[test]
fn scopes_match_as_their_policy_says() {
    use Matching::{Equal, Path, Regexp};
    for (matching, scope, asked, expected) in [
        (Equal, "compute.read", "compute.read", true),
        (Equal, "compute.read", "compute.reader", false),
        (Equal, "storage.read:/", "storage.read:/a", false),
        (Equal, "storage.read:/a/", "storage.read:/a", true),
        (Path, "storage.read:/", "storage.read:/a/b", true),
        (Path, "storage.read:/atlas", "storage.read:/atlas", true),
        (Path, "storage.read:/atlas", "storage.read:/atlas/x", true),
        (Path, "storage.read:/atlas", "storage.read:/atlas2", false),
        (Path, "storage.read:/atlas", "storage.read:/", false),
        (Path, "storage.read:/atlas", "storage.modify:/atlas", false),
        (Path, "storage.read:/a.c", "storage.read:/abc", false),
        (Path, "storage.read:/", "openid", false),
        (Path, "own:/a", "own:/a/b", true),
        (Path, "own:/a", "own2:/a/b", false),
        (Regexp, "storage\\..*", "storage.read:/a", true),
        (Regexp, "storage", "storage.read:/a", false),
        (Regexp, "read", "storage.read:/a", false),
        (Regexp, "a|openid", "openid", true),
        (Regexp, "a|b", "ab", false),
        (Regexp, "(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", false),
        (Regexp, "OPENID", "openid", false),
        (Regexp, "(?i)OPENID", "openid", true),
    ] {
        for rule in [Rule::Permit, Rule::Deny] {
            assert_eq!(matches(rule, matching, &[scope], asked), expected, "{matching:?} {scope} {asked}");
        }
    }
}

/// What no matcher of paths has checked, as with a prefix of a realm's own, is below nothing that is permitted.
#[test]
fn a_path_that_is_not_normal_is_denied_and_never_permitted() {
    for asked in ["own:/a/../b", "own:/a/%2e%2e/b", "own:/a//b"] {
        assert!(!matches(Rule::Permit, Matching::Path, &["own:/a"], asked), "{asked}");
        assert!(matches(Rule::Deny, Matching::Path, &["own:/b"], asked), "{asked}");
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn paths_never_widen(
        held in "(/(atlas2?|a|ab|\\.|\\.\\.|%2e%2e)){0,3}/?", asked in "(/(atlas2?|a|ab|\\.|\\.\\.|%2e%2e)){0,4}/?",
    ) {
        let policy = format!("storage.read:{held}");
        if matcher::stored_form(Matching::Path, &policy).is_ok()
            && matches(Rule::Permit, Matching::Path, &[&policy], &format!("storage.read:{asked}"))
        {
            prop_assert!(segments(&asked).starts_with(&segments(&held)));
            prop_assert!(!asked.contains("..") && !asked.contains("%2e"));
        }
    }

    #[test]
    fn any_text_is_a_policy_scope_or_refused(text in ".{0,60}") {
        for matching in [Matching::Equal, Matching::Path, Matching::Regexp] {
            if let Ok(kept) = matcher::stored_form(matching, &text) {
                prop_assert_eq!(matcher::stored_form(matching, &kept), Ok(kept));
            }
        }
    }
}
