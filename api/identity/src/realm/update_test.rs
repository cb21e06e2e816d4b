use raft_store_core::{Revision, Stored};

use super::*;
use crate::testing::{World, actor, vo};
use crate::token::Profile;

/// The beginning of a PNG file with these sides.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend_from_slice(&width.to_be_bytes());
    png.extend_from_slice(&height.to_be_bytes());
    png
}

fn patched(world: &World, patch: &RealmPatch) -> Result<Stored<Realms>, UpdateRealmError> {
    world.decided(|tx| update(tx, &vo(), patch, None, &actor()))
}

fn set(settings: SettingsPatch) -> RealmPatch {
    RealmPatch { settings, ..RealmPatch::default() }
}

#[test]
fn what_is_named_changes_and_the_rest_stays() {
    let world = World::new();
    let before = world.realm();
    let patch = RealmPatch {
        display_name: Some("An organisation".into()),
        ..set(SettingsPatch {
            default_profile: Some(Profile::Wlcg),
            session_idle_seconds: Some(60),
            ..SettingsPatch::default()
        })
    };
    let changed = patched(&world, &patch).unwrap();
    assert_eq!(changed.revision, Revision(0), "the commit's");
    let after = world.realm();
    assert_eq!(after.row, changed.row);
    let expected =
        Settings { default_profile: Profile::Wlcg, session_idle_seconds: 60, ..before.row.settings().unwrap() };
    assert_eq!(after.row.settings().unwrap(), expected);
    assert_eq!((after.row.display_name.as_str(), &after.row.issuer), ("An organisation", &before.row.issuer));
    let revision = world.revision();
    assert_eq!(patched(&world, &patch).unwrap(), after, "nothing to do");
    assert_eq!(world.revision(), revision);
    let events = world.events();
    assert_eq!(events.last().unwrap()["changes"].to_string(), r#"{"fields":["display_name","settings"]}"#);
}

#[test]
fn every_setting_goes_into_the_record_and_comes_out_again() {
    let world = World::new();
    assert_eq!(world.realm().row.settings().unwrap(), Settings::default());
    let all = SettingsPatch {
        access_token_alg: Some(crate::keys::SigningAlg::Rs256),
        grace_ms: Some(1),
        default_profile: Some(Profile::Wlcg),
        include_nbf: Some(true),
        nbf_offset_seconds: Some(2),
        jwks_max_age_seconds: Some(3),
        access_token_seconds: Some(4),
        max_access_token_seconds: Some(5),
        email_unique: Some(false),
        password_min_length: Some(15),
        password_pattern: Some("[a-z]+".into()),
        session_idle_seconds: Some(6),
        session_absolute_seconds: Some(7),
        refresh_token_seconds: Some(8),
        id_token_seconds: Some(9),
        include_authn_info: Some(true),
    };
    let settings = patched(&world, &set(all.clone())).unwrap().row.settings().unwrap();
    assert_eq!(settings, all.over(Settings::default()));
    assert_eq!(all.over(settings.clone()), settings);
}

#[test]
fn settings_outside_their_limits_are_refused() {
    let world = World::new();
    let before = world.revision();
    let none = SettingsPatch::default;
    let cases = [
        ("grace_ms", SettingsPatch { grace_ms: Some(60_001), ..none() }),
        ("password_min_length", SettingsPatch { password_min_length: Some(7), ..none() }),
        ("password_min_length", SettingsPatch { password_min_length: Some(65), ..none() }),
        ("password_pattern", SettingsPatch { password_pattern: Some("(".into()), ..none() }),
        ("password_pattern", SettingsPatch { password_pattern: Some("a)|(b".into()), ..none() }),
        ("password_pattern", SettingsPatch { password_pattern: Some("x".repeat(513)), ..none() }),
        ("password_pattern", SettingsPatch { password_pattern: Some("((x{100}){100}){100}".into()), ..none() }),
        ("session_absolute_seconds", SettingsPatch { session_absolute_seconds: Some(0), ..none() }),
        ("session_idle_seconds", SettingsPatch { session_idle_seconds: Some(0), ..none() }),
        ("session_idle_seconds", SettingsPatch { session_absolute_seconds: Some(60), ..none() }),
        ("refresh_token_seconds", SettingsPatch { refresh_token_seconds: Some(34_560_001), ..none() }),
        ("id_token_seconds", SettingsPatch { id_token_seconds: Some(0), ..none() }),
    ];
    for (name, settings) in cases {
        assert_eq!(patched(&world, &set(settings)), Err(UpdateRealmError::Setting(name)));
    }
    let name = RealmPatch { display_name: Some("a\u{202e}b".into()), ..RealmPatch::default() };
    assert!(matches!(patched(&world, &name), Err(UpdateRealmError::DisplayName(_))));
    assert_eq!(world.revision(), before);
}

#[test]
fn a_logo_is_a_small_png() {
    let world = World::new();
    let stored = || world.store.look(|view| logo(view, &vo())).unwrap().map(|stored| stored.row.png);
    let with = |png: &[u8]| RealmPatch { logo: Some(png.to_vec()), ..RealmPatch::default() };
    let picture = png(64, 64);
    let (realm, before) = (world.realm(), world.revision());
    assert_eq!(patched(&world, &with(&picture)).unwrap(), realm, "the realm's own record stays");
    assert_eq!(stored().as_ref(), Some(&picture));
    assert_ne!(world.revision(), before);
    let before = world.revision();
    patched(&world, &with(&picture)).unwrap();
    assert_eq!(world.revision(), before, "nothing to do");
    let (mut large, short) = (png(64, 64), &picture[..20]);
    large.resize(MAX_LOGO_BYTES + 1, 0);
    for (bad, why) in [
        (&b"<svg/>"[..], LogoFault::NotPng),
        (b"GIF89a", LogoFault::NotPng),
        (short, LogoFault::NotPng),
        (&large, LogoFault::TooLarge),
        (&png(0, 64), LogoFault::Side),
        (&png(64, MAX_LOGO_SIDE + 1), LogoFault::Side),
    ] {
        assert_eq!(patched(&world, &with(bad)), Err(UpdateRealmError::Logo(why)));
    }
    patched(&world, &with(b"")).unwrap();
    assert_eq!(stored(), None);
}

#[test]
fn a_revision_that_is_old_is_told() {
    let world = World::new();
    let realm = world.realm();
    let patch = |name: &str| RealmPatch { display_name: Some(name.into()), ..RealmPatch::default() };
    let at = |name: &str| world.decided(|tx| update(tx, &vo(), &patch(name), Some(realm.revision), &actor()));
    at("one").unwrap();
    assert_eq!(at("two"), Err(UpdateRealmError::Changed));
    let nowhere = crate::ids::RealmId::parse("nowhere").unwrap();
    let missing = world.decided(|tx| update(tx, &nowhere, &patch("x"), None, &actor()));
    assert_eq!(missing, Err(UpdateRealmError::NotFound));
}
