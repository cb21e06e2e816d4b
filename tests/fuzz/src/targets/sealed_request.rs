//! What a browser brings back: a request under the realm's seal, a form's token, a device's.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use woad_identity::authorize::AuthorizationRequest;
use woad_identity::continuation::{self, Kind};
use woad_identity::opaque::TokenHash;
use woad_identity::{csrf, refresh};

use crate::Target;
use crate::world::world;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "sealed_request",
    run: target,
    seeds,
    words: &["wr1.", "=", "-", "_"],
    rounds: 8000,
};

fn seeds() -> Vec<Vec<u8>> {
    let request = b"\x0a\x02rp\x12\x16https://rp.example/cb/x".to_vec();
    vec![sealed(Kind::Authorization, &request).into_bytes(), sealed(Kind::Csrf, &[3; 32]).into_bytes(), request, b"wr1.AQEBAQEBAQEBAQEBAQEBAQ.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB".to_vec()]
}

fn sealed(kind: Kind, payload: &[u8]) -> String {
    let world = world();
    world.store.look(|view| continuation::write(view, &world.realm.key, kind, payload)).unwrap()
}

/// Any bytes: nothing opens that the realm did not seal, for the purpose it was sealed for, in the one text it has.
pub fn target(data: &[u8]) {
    if let Some(request) = AuthorizationRequest::from_bytes(data) {
        let back = AuthorizationRequest::from_bytes(&request.to_bytes());
        assert_eq!(back.as_ref(), Some(&request));
    }
    let Some(text) = crate::text(data) else { return };
    let _ = (TokenHash::of_presented(text), refresh::is_refresh_token(text));
    let world = world();
    let read = |kind| world.store.look(|view| continuation::open(view, &world.realm.key, kind, text, Duration::from_secs(60))).unwrap();
    for kind in [Kind::Authorization, Kind::Logout, Kind::Csrf, Kind::Device] {
        if let Some(opened) = read(kind) {
            assert_eq!(sealed(kind, &opened.payload), text, "what opens was sealed here");
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).expect("what opens is base64url");
            assert!(bytes.starts_with(&opened.payload));
        }
    }
    let browser = TokenHash::of_presented(&"A".repeat(43)).unwrap();
    let proves = world.store.look(|view| csrf::proves(view, &world.realm.key, &browser, text)).unwrap();
    assert!(!proves, "no form was shown to that browser");
}
