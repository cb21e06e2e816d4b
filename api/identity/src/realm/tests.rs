use super::*;
use crate::keys::SigningAlg;
use crate::testing::{World, actor, key_pair, new_realm, vo};

fn make(world: &World, realm: &NewRealm) -> Result<Realm, CreateRealmError> {
    world.decided(|tx| create(tx, realm, key_pair(), &[1; 32], &actor()))
}

#[test]
fn a_realm_is_found_by_id_and_by_host() {
    let world = World::new();
    let realm = world.realm();
    assert_eq!(realm.row.issuer, "https://vo.example.org/");
    assert_eq!(realm.row.access_token_alg().unwrap(), SigningAlg::Es256);
    assert_eq!(realm.row.grace().as_secs(), 10);
    let host = HostName::parse("VO.example.org:443").unwrap();
    assert_eq!(world.store.look(|view| by_host(view, &host)).unwrap().unwrap(), realm);
    let other = HostName::parse("vo.example.org:8443").unwrap();
    assert_eq!(world.store.look(|view| by_host(view, &other)).unwrap(), None);
}

#[test]
fn several_issuers_live_in_one_cluster() {
    let world = World::new();
    make(&world, &new_realm("atlas")).unwrap();
    let ids: Vec<String> = world.store.look(|view| list(view)).unwrap().iter().map(|r| r.key.to_string()).collect();
    assert_eq!(ids, ["atlas", "vo"]);
}

#[test]
fn what_another_realm_has_is_taken() {
    let world = World::new();
    let before = world.revision();
    assert_eq!(make(&world, &new_realm("vo")), Err(CreateRealmError::Exists));
    let mut twin = new_realm("twin");
    twin.hosts.push(HostName::parse("vo.example.org").unwrap());
    assert_eq!(make(&world, &twin), Err(CreateRealmError::HostTaken));
    let mut twin = new_realm("twin");
    twin.issuer = Issuer::parse("https://vo.example.org/").unwrap();
    twin.hosts = vec![HostName::parse("vo.example.org").unwrap()];
    assert!(make(&world, &twin).is_err());
    assert_eq!(world.revision(), before);
}

#[test]
fn realms_that_could_not_work_are_refused() {
    let world = World::new();
    let refused = |change: &dyn Fn(&mut NewRealm)| {
        let mut realm = new_realm("new");
        change(&mut realm);
        make(&world, &realm).unwrap_err()
    };
    assert_eq!(refused(&|realm| realm.hosts.clear()), CreateRealmError::Hosts);
    assert_eq!(refused(&|realm| realm.hosts = vec![realm.hosts[0].clone(); 2]), CreateRealmError::Hosts);
    assert_eq!(
        refused(&|realm| realm.hosts = vec![HostName::parse("else.example.org").unwrap()]),
        CreateRealmError::IssuerHostMissing
    );
    assert!(matches!(refused(&|realm| realm.display_name = "a\u{202e}b".into()), CreateRealmError::DisplayName(_)));
    assert_eq!(refused(&|realm| realm.settings.grace_ms = 60_001), CreateRealmError::Setting("grace_ms"));
    assert_eq!(
        refused(&|realm| realm.settings.access_token_seconds = 0),
        CreateRealmError::Setting("access_token_seconds")
    );
    assert_eq!(
        refused(&|realm| realm.settings.max_access_token_seconds = 3_000),
        CreateRealmError::Setting("access_token_seconds")
    );
    let one_key = world.decided(|tx| create(tx, &new_realm("new"), &key_pair()[..1], &[1; 32], &actor()));
    assert_eq!(one_key, Err(CreateRealmError::Keys));
}

#[test]
fn making_a_realm_is_on_record() {
    let world = World::new();
    let events = world.events();
    assert_eq!(
        events[0].to_string(),
        r#"{"what":"realm.create","actor":{"kind":"operator","id":"root"},"request":"r1","realm":"vo","object":"vo","changes":{"issuer":"https://vo.example.org/","hosts":["vo.example.org"],"keys":["es1","rsa1"]}}"#
    );
}

#[test]
fn the_secret_key_is_not_stored_in_plain() {
    let world = World::new();
    assert!(!world.holds(&[7; 32]));
    assert_eq!(*world.store.look(|view| secrets::client_secret_key(view, &vo())).unwrap(), vec![7; 32]);
}
