//! Claims under a good signature: what stands between a fault elsewhere and an accepted token.

use serde_json::Value;
use woad_identity::token::verify;

use crate::Target;
use crate::world::{TOKENS, signer, world};

/// See [`target`].
pub const TARGET: Target = Target {
    name: "jwt_claims",
    run: target,
    seeds,
    words: &["\"exp\":", "\"sub\":", "\"nbf\":", "\"iss\":", "\"aud\":", "null", "1e9", "-1", "1.0", "[]", "{}", "\"1\"", "\\u0000", ",", "https://vo.example.org/"],
    rounds: 1500,
};

fn seeds() -> Vec<Vec<u8>> {
    use base64::Engine;
    let claims = |token: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok();
    TOKENS.lines().filter_map(claims).collect()
}

/// Any bytes as claims: accepted only when times are whole numbers, the issuer is the realm, each name stands once.
pub fn target(data: &[u8]) {
    let Ok(token) = signer().sign_jwt(data) else { return };
    let world = world();
    let verified = world.store.look(|view| verify(view, &world.realm, &world.keys, &token)).unwrap();
    let Ok(verified) = verified else { return };
    let claims: Value = serde_json::from_slice(data).expect("accepted claims are JSON");
    assert_eq!(claims["iss"], "https://vo.example.org/");
    assert!(claims["iat"].is_u64() && claims["exp"].is_u64(), "times are whole numbers");
    assert!(claims.get("nbf").is_none_or(Value::is_u64), "times are whole numbers");
    assert_eq!((claims["exp"].as_u64(), claims["sub"].as_str()), (Some(verified.claims.exp), Some(verified.claims.sub.as_str())));
    let names = claims.as_object().map_or(0, serde_json::Map::len);
    assert_eq!(names, members(data), "each claim stands once");
    assert_eq!(verified.user.is_none(), claims["sub"] == claims["client_id"]);
}

/// Members of the outermost object, counted by its colons.
fn members(data: &[u8]) -> usize {
    let (mut depth, mut quoted, mut escaped, mut count) = (0_i32, false, false, 0);
    for byte in data {
        match (quoted, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => quoted = !quoted,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth -= 1,
            (false, b':') if depth == 1 => count += 1,
            _ => {}
        }
    }
    count
}
