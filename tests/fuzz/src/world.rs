//! A realm in memory with keys that are always the same.

use std::sync::{Arc, OnceLock};

use raft_store_core::memory::MemoryStore;
use raft_store_core::{Stored, Timestamp};
use woad_identity::event::{Actor, Who};
use woad_identity::keys::{GeneratedKey, KeyCache, Signer, SigningAlg};
use woad_identity::realm::{self, HostName, Issuer, NewRealm, Realms, Settings};
use woad_identity::{Kid, RealmId, fuzz};

/// Keys of no realm but this one.
const ES256: (&[u8], &str) = (include_bytes!("../fixtures/es256.p8"), include_str!("../fixtures/es256.jwk"));
const RS256: (&[u8], &str) = (include_bytes!("../fixtures/rs256.p8"), include_str!("../fixtures/rs256.jwk"));
/// Tokens that they signed.
pub(crate) const TOKENS: &str = include_str!("../fixtures/tokens.txt");
/// What they signed that is no token.
pub(crate) const REFUSED: &str = include_str!("../fixtures/refused.txt");

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) keys: KeyCache,
    pub(crate) realm: Stored<Realms>,
}

pub(crate) fn actor() -> Actor {
    Actor { who: Who::Operator("root".into()), address: None, request_id: "r1".into() }
}

pub(crate) fn signer() -> &'static Signer {
    static SIGNER: OnceLock<Signer> = OnceLock::new();
    SIGNER.get_or_init(|| Signer::parse(SigningAlg::Es256, Kid::parse("es1").unwrap(), ES256.0).unwrap())
}

/// One for all inputs: no target changes it.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let key = |kid, alg, (pkcs8, jwk): (&[u8], &str)| -> GeneratedKey {
            fuzz::key(Kid::parse(kid).unwrap(), alg, jwk.to_owned(), pkcs8.to_vec())
        };
        let keys = [key("es1", SigningAlg::Es256, ES256), key("rsa1", SigningAlg::Rs256, RS256)];
        let new = NewRealm {
            id: RealmId::parse("vo").unwrap(),
            issuer: Issuer::parse("https://vo.example.org/").unwrap(),
            hosts: vec![HostName::parse("vo.example.org").unwrap()],
            display_name: "A virtual organisation".into(),
            settings: Settings::default(),
        };
        let store = MemoryStore::new(Timestamp(1_700_000_000_000));
        store.run(|tx| realm::create(tx, &new, &keys, &[7; 32], &actor())).unwrap().unwrap();
        let realm = store.look(|view| realm::get(view, &new.id)).unwrap().unwrap();
        World { store, keys: KeyCache::new(), realm }
    })
}
