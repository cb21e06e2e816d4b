use super::tests::{found, make, new, uid};
use super::*;
use crate::testing::{World, actor, vo};

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4g";

fn world() -> World {
    let world = World::new();
    make(&world, &new(1, "alice", &[])).unwrap();
    make(&world, &new(2, "bob", &[])).unwrap();
    world
}

fn certificate(subject: &str, label: &str, primary: bool) -> NewCertificate {
    let identity = CertificateIdentity::from_names(subject, "CN=CA,O=Example").unwrap();
    NewCertificate { identity, label: label.into(), primary }
}

fn add(world: &World, n: u8, new: &NewCertificate) -> Result<Vec<(String, String, bool)>, LinkError> {
    let added = world.decided(|tx| add_certificate(tx, &vo(), uid(n), new, Provenance::Administrator, &actor()));
    added.map(|stored| shown(&stored.row))
}

fn shown(row: &User) -> Vec<(String, String, bool)> {
    row.certificates.iter().map(|one| (one.subject.clone(), one.label.clone(), one.primary)).collect()
}

fn link_key(world: &World, n: u8, key: &str, primary: bool) -> Result<User, LinkError> {
    let new = NewSshKey { key: PublicKey::parse(key).unwrap(), label: "laptop".into(), primary };
    let added = world.decided(|tx| add_ssh_key(tx, &vo(), uid(n), &new, Provenance::Themselves, &actor()));
    added.map(|stored| stored.row)
}

fn entry(subject: &str, label: &str, primary: bool) -> (String, String, bool) {
    (subject.into(), label.into(), primary)
}

#[test]
fn one_certificate_is_primary_at_any_time() {
    let world = world();
    assert_eq!(add(&world, 1, &certificate("CN=a", "one", false)).unwrap(), [entry("CN=a", "one", true)]);
    let two = add(&world, 1, &certificate("CN=b", "two", true)).unwrap();
    assert_eq!(two, [entry("CN=a", "one", false), entry("CN=b", "two", true)], "the second demotes the first");
    let three = add(&world, 1, &certificate("CN=c", "three", false)).unwrap();
    assert_eq!(three.iter().filter(|one| one.2).count(), 1);
    let again = add(&world, 1, &certificate("cn = a", "again", true)).unwrap();
    assert_eq!(again[0], entry("CN=a", "again", true), "the same name in another form");
    let identity = CertificateIdentity::from_names("CN=a", "CN=CA, O=Example").unwrap();
    let left = world.decided(|tx| remove_certificate(tx, &vo(), uid(1), &identity, &actor())).unwrap();
    assert_eq!(shown(&left.row), [entry("CN=b", "two", true), entry("CN=c", "three", false)]);
    let gone = world.decided(|tx| remove_certificate(tx, &vo(), uid(1), &identity, &actor()));
    assert_eq!(gone, Err(UnlinkError::NotTheirs));
}

#[test]
fn an_identity_is_one_persons_and_the_refusal_names_nobody() {
    let world = world();
    add(&world, 1, &certificate("CN=a", "", false)).unwrap();
    let error = add(&world, 2, &certificate("CN=a", "", false)).unwrap_err();
    assert_eq!(error, LinkError::Taken(IdentityKind::Certificate));
    assert_eq!(error.to_string(), "another account has this identity");
    let other_issuer = CertificateIdentity::from_names("CN=a", "CN=Other CA").unwrap();
    add(&world, 2, &NewCertificate { identity: other_issuer, label: String::new(), primary: false }).unwrap();

    link_key(&world, 1, ED25519, false).unwrap();
    assert_eq!(link_key(&world, 2, ED25519, false), Err(LinkError::Taken(IdentityKind::SshKey)));
    let account = |kind, issuer: &str, subject: &str| LinkedIdentity {
        kind,
        issuer: issuer.into(),
        subject: subject.into(),
        ..LinkedIdentity::default()
    };
    let link = |n, account: &LinkedIdentity| {
        world.decided(|tx| link_identity(tx, &vo(), uid(n), account, Provenance::Upstream, &actor()))
    };
    let google = account(1, "https://accounts.google.com", "114");
    link(1, &google).unwrap();
    let before = world.revision();
    link(1, &google).unwrap();
    assert_eq!(world.revision(), before, "they have it");
    assert_eq!(link(2, &google).unwrap_err(), LinkError::Taken(IdentityKind::OpenIdConnect));
    link(2, &account(2, "https://accounts.google.com", "114")).unwrap();
    for bad in [account(0, "a", "b"), account(1, "", "b"), account(1, "a", ""), account(1, "a\n", "b")] {
        assert!(matches!(link(1, &bad), Err(LinkError::Invalid(_))), "{bad:?}");
    }
    let identity = found(&world, 1).unwrap().row.linked[0].identity();
    let owner = world.store.look(|view| by_identity(view, &vo(), identity)).unwrap();
    assert_eq!(owner.unwrap().key.1, uid(1));
    world.decided(|tx| unlink_identity(tx, &vo(), uid(1), &google, &actor())).unwrap();
    link(2, &google).unwrap();
}

#[test]
fn of_two_who_link_one_identity_at_once_one_gets_it() {
    let world = world();
    let link = |n, tx: &mut raft_store_core::Tx<'_>| {
        add_certificate(tx, &vo(), uid(n), &certificate("CN=a", "", true), Provenance::Administrator, &actor())
    };
    assert!(world.race(|tx| link(1, tx), |tx| link(2, tx)));
}

#[test]
fn identities_of_a_deleted_person_are_free() {
    let world = world();
    add(&world, 1, &certificate("CN=a", "", false)).unwrap();
    world.decided(|tx| delete(tx, &vo(), uid(1), &actor())).unwrap();
    add(&world, 2, &certificate("CN=a", "", false)).unwrap();
}

#[test]
fn keys_and_certificates_are_counted() {
    let world = world();
    for n in 0..limits::IDENTITIES {
        add(&world, 1, &certificate(&format!("CN=a{n}"), "", false)).unwrap();
    }
    let more = add(&world, 1, &certificate("CN=b", "", false));
    assert_eq!(more, Err(LinkError::TooMany(IdentityKind::Certificate)));
    add(&world, 1, &certificate("CN=a0", "again", false)).unwrap();
    let label = "x".repeat(limits::IDENTITY_LABEL + 1);
    assert!(matches!(add(&world, 2, &certificate("CN=c", &label, false)), Err(LinkError::Invalid(_))));
    assert_eq!(add(&world, 9, &certificate("CN=c", "", false)), Err(LinkError::NotFound));
}

#[test]
fn one_ssh_key_is_primary_at_any_time() {
    let world = world();
    assert!(link_key(&world, 1, ED25519, false).unwrap().ssh_keys[0].primary);
    let row = link_key(&world, 1, OTHER, true).unwrap();
    assert_eq!(row.ssh_keys.iter().map(|key| key.primary).collect::<Vec<_>>(), [false, true]);
    let fingerprint = row.ssh_keys[1].fingerprint.clone();
    let row = world.decided(|tx| remove_ssh_key(tx, &vo(), uid(1), &fingerprint, &actor())).unwrap().row;
    assert_eq!(row.ssh_keys.iter().map(|key| key.primary).collect::<Vec<_>>(), [true]);
    let gone = world.decided(|tx| remove_ssh_key(tx, &vo(), uid(1), &fingerprint, &actor()));
    assert_eq!(gone, Err(UnlinkError::NotTheirs));
}
