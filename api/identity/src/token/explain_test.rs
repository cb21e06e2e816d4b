//! The explanation is the decision: in ten thousand random cases, by every way to a token.

use super::scene::{Scene, gid, list, uid};
use super::*;
use crate::audience::Audience;
use crate::client::{self, ClientPatch, GrantType};
use crate::policy;
use crate::policy::{Matching, Rule, Selector};
use crate::scope::ScopeList;
use crate::testing::{actor, id, new_realm, vo};
use crate::user;

const WORLDS: u64 = 100;
const CASES: u64 = 100;

const HELD: [&str; 12] = [
    "openid",
    "profile",
    "offline_access",
    "compute.read",
    "storage.read:/",
    "storage.read:/a",
    "storage.modify:/a",
    "wlcg.groups",
    "scim:read",
    "iam:admin.write",
    "registration:read",
    "wlcg",
];

const ASKED: [&str; 18] = [
    "openid",
    "profile",
    "offline_access",
    "compute.read",
    "compute.write",
    "storage.read:/",
    "storage.read:/a",
    "storage.read:/a/",
    "storage.read:/ab",
    "storage.read:/a/../b",
    "storage.modify:/a/x",
    "wlcg.groups",
    "wlcg.groups:/cms/uscms",
    "wlcg.groups:bad",
    "scim:read",
    "iam:admin.write",
    "registration:read",
    "wlcg",
];

const POLICIES: [(Matching, Option<&[&str]>); 6] = [
    (Matching::Equal, None),
    (Matching::Equal, Some(&["profile", "scim:read", "wlcg.groups"])),
    (Matching::Path, Some(&["storage.read:/a"])),
    (Matching::Path, Some(&["storage.modify:/"])),
    (Matching::Regexp, Some(&["(compute|registration).*"])),
    (Matching::Regexp, Some(&["storage\\..*", "wlcg.*"])),
];

/// The same cases at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn some(&mut self, from: &[&'static str], most: usize) -> Vec<&'static str> {
        (0..self.below(most + 1)).map(|_| from[self.below(from.len())]).collect()
    }
}

fn scene(dice: &mut Dice) -> Scene {
    let held = |dice: &mut Dice| {
        let mut held = dice.some(&HELD, 10);
        held.push("openid");
        list(&held.join(" ")).to_string()
    };
    let scene = Scene::new(&new_realm("vo"), &held(dice));
    scene.person(2, "bob");
    scene.person(3, "carol");
    scene.client("robot", &held(dice), ClientPatch::default());
    let authority = user::Authority::Administrator;
    scene.decided(|tx| user::set_authority(tx, &vo(), uid(2), authority, true, &actor())).unwrap();
    if dice.below(4) == 0 {
        scene.decided(|tx| user::set_status(tx, &vo(), uid(3), false, &actor())).unwrap();
    }
    if dice.below(2) == 0 {
        scene.drop_policy(1);
    }
    let whom = [Selector::Everybody, Selector::Account(uid(1)), Selector::Group(gid(2)), Selector::Account(uid(2))];
    for _ in 0..dice.below(6) {
        let rule = [Rule::Permit, Rule::Deny][dice.below(2)];
        let (matching, scopes) = POLICIES[dice.below(POLICIES.len())];
        // The same again is refused, and changes nothing.
        let _ = scene.policy(rule, matching, whom[dice.below(whom.len())], scopes);
    }
    scene
}

/// What the endpoints give: for a person by way of the grant that the authorization endpoint makes, and refreshed.
fn issued(
    scene: &Scene,
    app: &str,
    user: Option<u8>,
    asked: &ScopeList,
) -> Result<(ScopeList, Vec<String>), IssueRefused> {
    let Some(user) = user else {
        let (realm, client) = (scene.realm(), scene.login(app).unwrap());
        let ask = Ask {
            client: &client,
            subject: Subject::Client,
            grant: GrantType::ClientCredentials,
            scopes: Some(asked),
            audience: &Audience::default(),
            expires_in: None,
        };
        let permit = scene.store.look(|view| decide(view, &realm, &ask)).unwrap()?;
        return Ok((token_scopes(scene, &permit), Vec::new()));
    };
    let realm = scene.realm();
    let granted = scene.store.look(|view| {
        let client = client::get(view, &vo(), &id(app))?.unwrap();
        let ask = Preview {
            client: &client,
            user: Some(uid(user)),
            grant: GrantType::AuthorizationCode,
            scopes: Some(asked),
            expires_in: None,
        };
        preview(view, &realm, &ask)
    });
    let granted = granted.unwrap()?;
    let permit = scene.redeem(app, user, &granted, GrantType::AuthorizationCode)?;
    let refreshed = scene.redeem(app, user, &granted, GrantType::RefreshToken)?;
    let scopes = token_scopes(scene, &permit);
    assert_eq!(scopes, token_scopes(scene, &refreshed), "a refresh changes nothing");
    let groups = scene.claims(&permit)["wlcg.groups"].as_array().cloned().unwrap_or_default();
    Ok((scopes, groups.iter().map(|group| group.as_str().unwrap().to_owned()).collect()))
}

fn token_scopes(scene: &Scene, permit: &Permit) -> ScopeList {
    list(scene.claims(permit)["scope"].as_str().unwrap())
}

fn explained(scene: &Scene, app: &str, user: Option<u8>, asked: &ScopeList) -> Explanation {
    let realm = scene.realm();
    let explained = scene.store.look(|view| {
        let client = client::get(view, &vo(), &id(app))?.unwrap();
        let grant = if user.is_some() { GrantType::AuthorizationCode } else { GrantType::ClientCredentials };
        explain(
            view,
            &realm,
            &Preview { client: &client, user: user.map(uid), grant, scopes: Some(asked), expires_in: None },
        )
    });
    explained.unwrap()
}

#[test]
fn an_explanation_equals_what_is_issued() {
    let mut dice = Dice(11);
    let (mut given, mut refused, mut dropped) = (0, 0, 0);
    for world in 0..WORLDS {
        let scene = scene(&mut dice);
        for case in 0..CASES {
            let user = [None, Some(1), Some(1), Some(2), Some(3), Some(77)][dice.below(6)];
            // For the wrong client every ninth time: one refuses people, one has no tokens of its own.
            let app = if (dice.below(9) == 0) == user.is_some() { "robot" } else { "app" };
            let asked = list(&dice.some(&ASKED, 5).join(" "));
            let told = explained(&scene, app, user, &asked);
            let real = issued(&scene, app, user, &asked);
            let context = format!("world {world} case {case}: {app} {user:?} {asked}");
            assert_eq!(told.outcome, real.clone().map(|(scopes, _)| scopes), "{context}");
            assert_eq!(told.groups, real.map(|(_, groups)| groups).unwrap_or_default(), "{context}");

            let held =
                scene.store.look(|view| client::get(view, &vo(), &id(app))).unwrap().unwrap().row.scopes().unwrap();
            match &told.outcome {
                Err(_) => refused += 1,
                Ok(scopes) => {
                    let held = crate::scope::Held::new(&held);
                    assert!(scopes.iter().all(|scope| held.allow(scope)), "{context}");
                    let verdicts = told.scopes.iter().filter(|one| matches!(one.verdict, Verdict::Given(_)));
                    let listed: ScopeList = verdicts.map(|one| one.scope.clone()).collect();
                    assert_eq!(&listed, scopes, "{context}");
                    given += scopes.len();
                    dropped += told.scopes.len() - scopes.len();
                }
            }
        }
    }
    assert!(given > 1_000 && refused > 1_000 && dropped > 500, "cases of all kinds: {given} {refused} {dropped}");
}

#[test]
fn each_scope_has_its_reason() {
    let scene = Scene::plain("openid profile email compute.read scim:read storage.read:/");
    let deny = |whom, scope: &'static str| scene.policy(Rule::Deny, Matching::Equal, whom, Some(&[scope])).unwrap();
    let by_account = deny(Selector::Account(uid(1)), "profile");
    let by_group = deny(Selector::Group(gid(2)), "email");
    let told = scene.explain("app", 1, "openid profile email compute.read scim:read storage.read:/a");
    assert_eq!(told.outcome.as_ref().unwrap().to_string(), "openid compute.read storage.read:/a");
    let because: Vec<_> = told.scopes.iter().map(|one| (one.scope.as_str(), &one.verdict)).collect();
    let by = |level, policy, rule| policy::DecidedBy { level, policy, rule };
    let default = Verdict::Given(GivenBecause::Policy(by(policy::Level::Default, policy::PolicyId(1), Rule::Permit)));
    let dropped = |level, policy| Verdict::Dropped(DroppedBecause::Policy(by(level, policy, Rule::Deny)));
    assert_eq!(
        because,
        [
            ("openid", &Verdict::Given(GivenBecause::OpenId)),
            ("profile", &dropped(policy::Level::Account, by_account)),
            ("email", &dropped(policy::Level::Group, by_group)),
            ("compute.read", &default),
            ("scim:read", &Verdict::Dropped(DroppedBecause::NotAdministrator)),
            ("storage.read:/a", &default),
        ]
    );

    scene.drop_policy(1);
    let told = scene.explain("app", 1, "openid compute.read offline_access");
    assert_eq!(told.scopes[1].verdict, Verdict::Dropped(DroppedBecause::NoPolicy));
    assert!(matches!(&told.scopes[2].verdict, Verdict::Refused(crate::scope::ScopeRefused::NotAllowed(_))));
    assert!(matches!(told.outcome, Err(IssueRefused::Scope(_))));
}
