use raft_store_core::{Outcome, Read, Revision, Stored};

use super::*;
use crate::client::{ClientPatch, CreateClientError};
use crate::ids::{ClientId, UserId};
use crate::realm::{self, RealmPatch, SettingsPatch};
use crate::testing::{START, World, actor, vo};

pub(super) fn uid(n: u8) -> UserId {
    UserId([n; 16])
}

fn email(value: &str) -> Email {
    Email { value: value.into(), ..Email::default() }
}

/// A person who is to have this name and these addresses.
pub(super) fn new(n: u8, name: &str, emails: &[&str]) -> NewUser {
    let fields = UserPatch {
        user_name: Some(name.into()),
        emails: Some(emails.iter().map(|value| email(value)).collect()),
        ..UserPatch::default()
    };
    NewUser { id: uid(n), fields, provenance: Provenance::Administrator }
}

pub(super) fn make(world: &World, new: &NewUser) -> Result<User, CreateUserError> {
    let realm = world.realm();
    world.decided(|tx| create(tx, &realm, new, None, &actor())).map(|stored| stored.row)
}

pub(super) fn change(world: &World, n: u8, patch: &UserPatch) -> Result<User, UpdateUserError> {
    let realm = world.realm();
    let changed = world.decided(|tx| update(tx, &realm, uid(n), patch, None, Provenance::Provisioning, &actor()));
    changed.map(|stored| stored.row)
}

pub(super) fn found(world: &World, n: u8) -> Option<Stored<Users>> {
    world.store.look(|view| get(view, &vo(), uid(n))).unwrap()
}

fn renamed(name: &str) -> UserPatch {
    UserPatch { user_name: Some(name.into()), ..UserPatch::default() }
}

fn addressed(emails: &[&str]) -> UserPatch {
    UserPatch { emails: Some(emails.iter().map(|value| email(value)).collect()), ..UserPatch::default() }
}

fn share_addresses(world: &World) {
    let settings = SettingsPatch { email_unique: Some(false), ..SettingsPatch::default() };
    let patch = RealmPatch { settings, ..RealmPatch::default() };
    world.decided(|tx| realm::update(tx, &vo(), &patch, None, &actor())).unwrap();
}

#[test]
fn a_person_is_found_by_id_name_and_address() {
    let world = World::new();
    make(&world, &new(1, "Alice", &["Alice@Example.org"])).unwrap();
    let alice = found(&world, 1).unwrap();
    assert_eq!(alice.row.user_name, "Alice");
    assert_eq!(alice.row.status().unwrap(), Status::Active);
    assert_eq!((alice.row.created_ms, alice.row.modified_ms), (START.0, START.0));
    for name in ["alice", "ALICE", "ａｌｉｃｅ"] {
        assert_eq!(world.store.look(|view| by_name(view, &vo(), name)).unwrap().as_ref(), Some(&alice), "{name}");
    }
    let by_address = world.store.look(|view| by_email(view, &vo(), "alice@EXAMPLE.ORG")).unwrap();
    assert_eq!(by_address, [alice]);
    assert_eq!(world.store.look(|view| by_name(view, &vo(), "bob")).unwrap(), None);
    assert_eq!(world.store.look(|view| by_email(view, &vo(), "bob@example.org")).unwrap(), []);
}

#[test]
fn names_and_addresses_are_unique_as_they_are_compared() {
    let world = World::new();
    make(&world, &new(1, "alice", &["alice@example.org"])).unwrap();
    let before = world.revision();
    for (name, emails, error) in [
        ("ALICE", &[][..], CreateUserError::NameTaken),
        ("ａlice", &[], CreateUserError::NameTaken),
        ("alice@EXAMPLE.org", &[], CreateUserError::NameTaken),
        ("bob", &["ALICE@example.org"], CreateUserError::EmailTaken),
        ("bob", &["bob@example.org", "alice@example.org"], CreateUserError::EmailTaken),
    ] {
        assert_eq!(make(&world, &new(2, name, emails)), Err(error), "{name}");
    }
    assert_eq!(make(&world, &new(1, "bob", &[])), Err(CreateUserError::IdInUse));
    assert_eq!(world.revision(), before);

    make(&world, &new(2, "bob@site.example", &["bob@example.org"])).unwrap();
    assert_eq!(make(&world, &new(3, "carol", &["bob@site.example"])), Err(CreateUserError::EmailTaken));
    assert_eq!(change(&world, 2, &renamed("Alice")), Err(UpdateUserError::NameTaken));
    assert_eq!(change(&world, 2, &addressed(&["alice@example.org"])), Err(UpdateUserError::EmailTaken));
}

#[test]
fn ones_own_name_and_address_are_not_taken() {
    let world = World::new();
    make(&world, &new(1, "alice@example.org", &["alice@example.org"])).unwrap();
    assert_eq!(change(&world, 1, &renamed("ALICE@example.org")).unwrap().user_name, "ALICE@example.org");
    assert_eq!(change(&world, 1, &addressed(&["Alice@example.org"])).unwrap().emails[0].value, "Alice@example.org");
    change(&world, 1, &renamed("alice")).unwrap();
    make(&world, &new(2, "bob", &[])).unwrap();
    assert_eq!(change(&world, 2, &renamed("alice@example.org")), Err(UpdateUserError::NameTaken));
}

#[test]
fn a_realm_may_let_people_share_an_address() {
    let world = World::new();
    make(&world, &new(1, "alice", &["desk@example.org"])).unwrap();
    share_addresses(&world);
    make(&world, &new(2, "bob", &["desk@example.org"])).unwrap();
    assert_eq!(world.store.look(|view| by_email(view, &vo(), "desk@example.org")).unwrap().len(), 2);
    // An address is never another's user name.
    assert_eq!(make(&world, &new(3, "desk@example.org", &[])), Err(CreateUserError::NameTaken));
    // Once shared, other changes go on when the realm wants them unique again.
    let settings = SettingsPatch { email_unique: Some(true), ..SettingsPatch::default() };
    let patch = RealmPatch { settings, ..RealmPatch::default() };
    world.decided(|tx| realm::update(tx, &vo(), &patch, None, &actor())).unwrap();
    let patch = UserPatch { title: Some("Dr.".into()), ..addressed(&["desk@example.org", "bob@example.org"]) };
    assert_eq!(change(&world, 2, &patch).unwrap().emails.len(), 2);
    assert_eq!(change(&world, 1, &addressed(&["bob@example.org"])), Err(UpdateUserError::EmailTaken));
}

#[test]
fn of_two_who_come_at_once_with_one_name_or_address_one_is_made() {
    let world = World::new();
    let realm = world.realm();
    for (one, other, conflict) in [
        (new(1, "alice", &[]), new(2, "ALICE", &[]), true),
        (new(1, "alice", &["a@example.org"]), new(2, "bob", &["A@example.org"]), true),
        (new(1, "alice", &["bob@example.org"]), new(2, "Bob@example.org", &[]), true),
        (new(1, "bob@example.org", &[]), new(2, "alice", &["bob@example.org"]), true),
        (new(1, "alice", &[]), new(1, "bob", &[]), true),
        (new(1, "alice", &["a@example.org"]), new(2, "bob", &["b@example.org"]), false),
    ] {
        let conflicts =
            world.race(|tx| create(tx, &realm, &one, None, &actor()), |tx| create(tx, &realm, &other, None, &actor()));
        assert_eq!(conflicts, conflict, "{:?} {:?}", one.fields.user_name, other.fields.user_name);
    }
}

#[test]
fn users_and_clients_never_have_one_id() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let fields = ClientPatch { client_name: Some("Robot".into()), ..ClientPatch::default() };
    let grants = ClientPatch { grant_types: Some(vec!["client_credentials".into()]), ..fields };
    for id in [uid(1).to_string(), uid(1).to_string().to_uppercase()] {
        assert_eq!(world.create(&id, grants.clone()).unwrap_err(), CreateClientError::IdOfUser, "{id}");
    }
    let client = uid(2).to_string();
    world.create(&client, grants.clone()).unwrap();
    assert_eq!(make(&world, &new(2, "bob", &[])), Err(CreateUserError::IdInUse));

    let (realm, secret) = (world.realm(), crate::client::ClientSecret::from_random(&[1; 64]));
    let id = ClientId::parse(&uid(3).to_string()).unwrap();
    let client = crate::client::NewClient { id, fields: grants, dynamically_registered: false };
    let conflicts = world.race(
        |tx| create(tx, &realm, &new(3, "carol", &[]), None, &actor()),
        |tx| crate::client::create(tx, &realm, &client, &secret, &actor()),
    );
    assert!(conflicts);
}

#[test]
fn a_user_name_is_needed() {
    let world = World::new();
    let nameless = NewUser { fields: UserPatch::default(), ..new(1, "x", &[]) };
    assert_eq!(make(&world, &nameless).unwrap_err().to_string(), "invalid userName: is required");
    make(&world, &new(1, "alice", &[])).unwrap();
    assert!(matches!(change(&world, 1, &renamed("")), Err(UpdateUserError::Invalid(_))));
}

#[test]
fn fields_that_say_no_good_are_refused_by_name() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let before = world.revision();
    let patch = UserPatch::default;
    let some = |text: &str| Some(text.to_owned());
    let attribute = |name: &str, value: &str| Attribute { name: name.into(), value: value.into(), provenance: 0 };
    let label =
        |prefix: &str, name: &str, value: &str| Label { prefix: prefix.into(), name: name.into(), value: value.into() };
    let phone = |value: &str, primary| Phone { value: value.into(), primary, ..Phone::default() };
    let primary = |value: &str| Email { primary: true, ..email(value) };
    let long = "x".repeat(257);
    let many = |n| (0..n).map(|i| attribute(&format!("a{i}"), "x")).collect::<Vec<_>>();
    let cases = [
        ("userName", renamed("a b")),
        ("displayName", UserPatch { display_name: some(&long), ..patch() }),
        ("displayName", UserPatch { display_name: some("a\u{202e}b"), ..patch() }),
        ("displayName", UserPatch { display_name: some(" a"), ..patch() }),
        ("displayName", UserPatch { display_name: Some("a".to_owned() + &"\u{301}".repeat(1000)), ..patch() }),
        ("nickName", UserPatch { nick_name: some("a\u{200b}"), ..patch() }),
        ("name.givenName", UserPatch { name: Some(Name { given: "a\nb".into(), ..Name::default() }), ..patch() }),
        ("name.familyName", UserPatch { name: Some(Name { family: long.clone(), ..Name::default() }), ..patch() }),
        ("profileUrl", UserPatch { profile_url: some("javascript:alert(1)"), ..patch() }),
        ("locale", UserPatch { locale: some(&"x".repeat(65)), ..patch() }),
        ("emails.value", addressed(&["a@b@c"])),
        ("emails.value", addressed(&["a@b\r\nBcc: c@d"])),
        ("emails", addressed(&["a@b.example", "A@B.example"])),
        ("emails", addressed(&(0..11).map(|_| "a@b").collect::<Vec<_>>())),
        ("emails", UserPatch { emails: Some(vec![primary("a@b"), primary("c@d")]), ..patch() }),
        ("phoneNumbers.value", UserPatch { phones: Some(vec![phone("", false)]), ..patch() }),
        ("phoneNumbers", UserPatch { phones: Some(vec![phone("1", true), phone("2", true)]), ..patch() }),
        ("photos.value", UserPatch { photos: Some(vec![Photo { value: "x".into(), ..Photo::default() }]), ..patch() }),
        ("attributes.name", UserPatch { attributes: Some(vec![attribute("1a", "x")]), ..patch() }),
        ("attributes.name", UserPatch { attributes: Some(vec![attribute(&"a".repeat(65), "x")]), ..patch() }),
        ("attributes.value", UserPatch { attributes: Some(vec![attribute("a", &long)]), ..patch() }),
        ("attributes", UserPatch { attributes: Some(vec![attribute("a", "x"), attribute("a", "y")]), ..patch() }),
        ("attributes", UserPatch { attributes: Some(many(101)), ..patch() }),
        ("labels.prefix", UserPatch { labels: Some(vec![label("a..b", "x", "")]), ..patch() }),
        ("labels.name", UserPatch { labels: Some(vec![label("", "", "")]), ..patch() }),
        ("labels.value", UserPatch { labels: Some(vec![label("", "x", &"x".repeat(65))]), ..patch() }),
        ("labels", UserPatch { labels: Some(vec![label("", "x", "1"), label("", "x", "2")]), ..patch() }),
    ];
    for (field, patch) in cases {
        match change(&world, 1, &patch) {
            Err(UpdateUserError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(world.revision(), before);
}

#[test]
fn addresses_that_are_none_are_refused() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    for good in ["a@b", "a.b+c@d-e.example.org", "пример@пример.рф", "o'hara@example.org", "a@1.2.3.4"] {
        assert!(change(&world, 1, &addressed(&[good])).is_ok(), "{good}");
    }
    let long = format!("{}@example.org", "x".repeat(250));
    for bad in [
        "", "@", "a@", "@b", "a", "a b@c", "a@b c", "a@b,c@d", "<a@b>", "a@b\0", "a@.b", "a@b.", "a@-b", "a@[::1]",
        &long,
    ] {
        assert!(change(&world, 1, &addressed(&[bad])).is_err(), "{bad}");
    }
}

#[test]
fn a_change_names_the_fields_and_not_what_they_hold() {
    let world = World::new();
    make(&world, &new(1, "alice", &["secret.address@example.org"])).unwrap();
    let patch = UserPatch { title: Some("Queen".into()), nick_name: Some("Al".into()), ..renamed("alicia") };
    let row = change(&world, 1, &patch).unwrap();
    assert_eq!((row.title.as_str(), row.user_name.as_str()), ("Queen", "alicia"));
    let events = world.events();
    let (made, changed) = (&events[events.len() - 2], &events[events.len() - 1]);
    assert_eq!(made["what"], "user.create");
    assert_eq!(made["object"], uid(1).to_string());
    assert_eq!(made["changes"].to_string(), r#"{"fields":["userName","emails"],"active":true,"password":false}"#);
    assert_eq!(changed["what"], "user.update");
    assert_eq!(changed["changes"].to_string(), r#"{"fields":["userName","nickName","title"]}"#);
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains("alic") && !text.contains("secret.address") && !text.contains("Queen"));
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let world = World::new();
    make(&world, &new(1, "alice", &["a@example.org"])).unwrap();
    let (before, events) = (world.revision(), world.events().len());
    let stored = found(&world, 1).unwrap();
    let realm = world.realm();
    let same = UserPatch { active: Some(true), ..renamed("alice") };
    let answer = world.decided(|tx| update(tx, &realm, uid(1), &same, None, Provenance::Administrator, &actor()));
    assert_eq!(answer.unwrap(), stored, "with the revision it has");
    assert_eq!((world.revision(), world.events().len()), (before, events));
}

#[test]
fn a_revision_that_is_old_is_told() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let (realm, stored) = (world.realm(), found(&world, 1).unwrap());
    let with = |revision| {
        let patch = UserPatch { title: Some(format!("{revision:?}")), ..UserPatch::default() };
        world.decided(|tx| update(tx, &realm, uid(1), &patch, Some(revision), Provenance::Administrator, &actor()))
    };
    assert_eq!(with(stored.revision).unwrap().revision, Revision(0), "the commit's");
    assert_eq!(with(stored.revision), Err(UpdateUserError::Changed));
    assert_ne!(found(&world, 1).unwrap().revision, stored.revision);
    assert_eq!(change(&world, 9, &renamed("x")), Err(UpdateUserError::NotFound));
}

#[test]
fn what_is_in_a_list_keeps_where_it_came_from() {
    let world = World::new();
    let mut person = new(1, "alice", &["a@example.org"]);
    person.provenance = Provenance::Import;
    let verified = Email { verified: true, ..email("a@example.org") };
    person.fields.emails = Some(vec![verified]);
    person.fields.attributes = Some(vec![Attribute { name: "site".into(), value: "CNAF".into(), provenance: 0 }]);
    make(&world, &person).unwrap();
    let attribute = |name: &str, value: &str| Attribute { name: name.into(), value: value.into(), provenance: 5 };
    let patch = UserPatch {
        attributes: Some(vec![attribute("site", "CNAF"), attribute("room", "1")]),
        ..addressed(&["b@example.org", "A@example.org"])
    };
    let row = change(&world, 1, &patch).unwrap();
    let from = |value| Provenance::from_stored(value).unwrap();
    assert_eq!(
        row.emails.iter().map(|email| (from(email.provenance), email.verified)).collect::<Vec<_>>(),
        [(Provenance::Provisioning, false), (Provenance::Import, true)]
    );
    assert_eq!(
        row.attributes.iter().map(|one| from(one.provenance)).collect::<Vec<_>>(),
        [Provenance::Import, Provenance::Provisioning]
    );
}

#[test]
fn one_attribute_or_label_is_set_and_removed_by_itself() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let realm = world.realm();
    let attribute = |value: &str| Attribute { name: "site".into(), value: value.into(), provenance: 0 };
    for value in ["CNAF", "CERN"] {
        let set = world
            .decided(|tx| set_attribute(tx, &realm, uid(1), &attribute(value), Provenance::Administrator, &actor()));
        let attributes = set.unwrap().row.attributes;
        assert_eq!(attributes.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), [value]);
    }
    let removed = world.decided(|tx| remove_attribute(tx, &realm, uid(1), "site", &actor())).unwrap();
    assert_eq!(removed.row.attributes, []);
    let label = Label { prefix: "hr.cern".into(), name: "status".into(), value: "VO_MEMBER".into() };
    let set = world.decided(|tx| set_label(tx, &realm, uid(1), &label, &actor())).unwrap();
    assert_eq!(set.row.labels, [label]);
    let other = world.decided(|tx| remove_label(tx, &realm, uid(1), "", "status", &actor())).unwrap();
    assert_eq!(other.row.labels.len(), 1, "another prefix is another label");
    let gone = world.decided(|tx| remove_label(tx, &realm, uid(1), "hr.cern", "status", &actor())).unwrap();
    assert_eq!(gone.row.labels, []);
}

#[test]
fn people_are_listed_in_pages_without_those_who_are_being_deleted() {
    let world = World::new();
    for n in 1..=5 {
        make(&world, &new(n, &format!("user{n}"), &[])).unwrap();
    }
    world.decided(|tx| delete(tx, &vo(), uid(2), &actor())).unwrap();
    let page = |after, limit| {
        let users = world.store.look(|view| list(view, &vo(), after, limit)).unwrap();
        users.into_iter().map(|user| user.key.1.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), [1, 3]);
    assert_eq!(page(Some(uid(3)), 2), [4, 5]);
    assert!(page(Some(uid(5)), 2).is_empty());
    assert!(page(None, 0).is_empty());
}

#[test]
fn external_ids_find_everybody_who_has_them() {
    let world = World::new();
    for n in 1..=2 {
        let mut person = new(n, &format!("user{n}"), &[]);
        person.fields.external_id = Some("hr-17".into());
        make(&world, &person).unwrap();
    }
    assert_eq!(world.store.look(|view| by_external_id(view, &vo(), "hr-17")).unwrap().len(), 2);
    assert_eq!(world.store.look(|view| by_external_id(view, &vo(), "hr-1")).unwrap().len(), 0);
}

#[test]
fn reading_a_person_guards_them() {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    let conflicts = world.race(
        |tx| set_status(tx, &vo(), uid(1), false, &actor()),
        |tx| {
            assert!(is_active(&get(tx, &vo(), uid(1))?.unwrap().row, tx.now()));
            tx.touch::<UserNotBefore>(&(vo(), uid(9)));
            Ok(Outcome::Commit(()))
        },
    );
    assert!(conflicts, "a suspension that commits first is seen");
}
