//! A realm in memory, for this crate's tests.

use std::sync::{Arc, OnceLock};

use raft_store_core::apply::{Overlay, Verdict, apply};
use raft_store_core::memory::{MemoryStore, PlainSealer};
use raft_store_core::outcomes::Outcomes;
use raft_store_core::{Abort, AttemptId, Outcome, Revision, Space, StoreError, Stored, Timestamp, Tx, View};
use serde_json::Value;

use crate::Decided;
use crate::audience::Audience;
use crate::client::{
    self, AuthMethod, AuthenticatedClient, ClientAuthError, ClientPatch, ClientSecret, GrantType, NewClient, Presented,
};
use crate::event::{Actor, Who};
use crate::ids::{ClientId, Kid, RealmId};
use crate::keys::{GeneratedKey, KeyCache, SigningAlg, generate};
use crate::realm::{self, HostName, Issuer, NewRealm, Realms, Settings};
use crate::scope::ScopeList;
use crate::token::{self, Ask, IssueRefused, PreparedToken, Revocation, Subject};

/// Cluster time at which every world begins: 2023-11-14 22:13:20.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const SECRET: &str =
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";

pub(crate) fn actor() -> Actor {
    Actor { who: Who::Operator("root".into()), address: None, request_id: "r1".into() }
}

pub(crate) fn id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

pub(crate) fn vo() -> RealmId {
    RealmId::parse("vo").unwrap()
}

/// Keys are dear to make, so that all worlds share theirs.
pub(crate) fn key_pair() -> &'static [GeneratedKey; 2] {
    static KEYS: OnceLock<[GeneratedKey; 2]> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = |alg, kid| generate(alg, Kid::parse(kid).unwrap()).unwrap();
        [key(SigningAlg::Es256, "es1"), key(SigningAlg::Rs256, "rsa1")]
    })
}

pub(crate) fn new_realm(realm: &str) -> NewRealm {
    NewRealm {
        id: RealmId::parse(realm).unwrap(),
        issuer: Issuer::parse(&format!("https://{realm}.example.org/")).unwrap(),
        hosts: vec![HostName::parse(&format!("{realm}.example.org")).unwrap()],
        display_name: "A virtual organisation".into(),
        settings: Settings::default(),
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) keys: KeyCache,
}

impl World {
    /// A store with the realm `vo`.
    pub(crate) fn new() -> Self {
        Self::with(&new_realm("vo"))
    }

    pub(crate) fn with(realm: &NewRealm) -> Self {
        let world = Self { store: MemoryStore::new(START), keys: KeyCache::new() };
        world.decided(|tx| realm::create(tx, realm, key_pair(), &[7; 32], &actor())).unwrap();
        world
    }

    pub(crate) fn decided<T, E>(&self, f: impl FnMut(&mut Tx<'_>) -> Decided<T, E>) -> Result<T, E> {
        self.store.run(f).unwrap()
    }

    pub(crate) fn revision(&self) -> Revision {
        self.store.look(|view| Ok(raft_store_core::Read::revision(view))).unwrap()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        let now = self.store.look(|view| Ok(raft_store_core::Read::now(view))).unwrap();
        self.store.set_now(now.plus_ms(seconds * 1000));
    }

    pub(crate) fn realm(&self) -> Stored<Realms> {
        self.store.look(|view| realm::get(view, &vo())).unwrap().unwrap()
    }

    /// Makes a client for client credentials; everything else is the patch's.
    pub(crate) fn client(&self, client: &str, scope: &str, patch: ClientPatch) -> client::Client {
        let fields = ClientPatch {
            client_name: Some(format!("Client {client}")),
            grant_types: patch.grant_types.clone().or_else(|| Some(vec!["client_credentials".into()])),
            scope: Some(scope.into()),
            ..patch
        };
        self.create(client, fields).unwrap().client
    }

    pub(crate) fn create(
        &self,
        client: &str,
        fields: ClientPatch,
    ) -> Result<client::Created, client::CreateClientError> {
        let realm = self.realm();
        let new = NewClient { id: id(client), fields, dynamically_registered: false };
        let secret = ClientSecret::from_random(&[1; 64]);
        self.decided(|tx| client::create(tx, &realm, &new, &secret, &actor()))
    }

    pub(crate) fn present(
        &self,
        client_id: &str,
        secret: Option<&str>,
        method: AuthMethod,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        let presented = Presented { client_id, secret, method };
        self.store.look(|view| client::authenticate(view, &vo(), &presented)).unwrap()
    }

    pub(crate) fn login(&self, client: &str) -> Result<AuthenticatedClient, ClientAuthError> {
        self.present(client, Some(SECRET), AuthMethod::ClientSecretBasic)
    }

    pub(crate) fn prepare(
        &self,
        client: &AuthenticatedClient,
        scopes: Option<&str>,
        audience: &[&str],
        expires_in: Option<u32>,
    ) -> Result<PreparedToken, IssueRefused> {
        let realm = self.realm();
        let scopes = scopes.map(|text| ScopeList::parse(text).unwrap());
        let audience = Audience::choose(&[], audience, &[]).unwrap();
        self.store
            .look(|view| {
                let ask = Ask {
                    client,
                    subject: Subject::Client,
                    grant: GrantType::ClientCredentials,
                    scopes: scopes.as_ref(),
                    audience: &audience,
                    expires_in,
                };
                let alg = realm.row.access_token_alg()?;
                let signer = self.keys.signer(view, &vo(), alg)?.unwrap();
                // Fixed for each client, so that golden files hold.
                let random = [client.id().as_str().as_bytes()[0]; 16];
                Ok(token::decide(view, &realm, &ask)?.and_then(|permit| token::issue(&permit, &signer, random, None)))
            })
            .unwrap()
    }

    pub(crate) fn sign(&self, token: &PreparedToken) -> String {
        let alg = self.realm().row.access_token_alg().unwrap();
        let signer = self.store.look(|view| self.keys.signer(view, &vo(), alg)).unwrap().unwrap();
        token.sign(&signer).unwrap()
    }

    /// A token of the client with all it gets.
    pub(crate) fn token(&self, client: &str) -> String {
        self.sign(&self.prepare(&self.login(client).unwrap(), None, &[], None).unwrap())
    }

    pub(crate) fn introspect(&self, caller: &str, token: &str) -> Value {
        let (realm, caller) = (self.realm(), self.login(caller).unwrap());
        let answer = self.store.look(|view| token::introspect(view, &realm, &self.keys, &caller, token)).unwrap();
        answer.unwrap().into_json()
    }

    pub(crate) fn active(&self, token: &str) -> bool {
        let realm = self.realm();
        let live = |view: &raft_store_core::View<'_>| match token::verify(view, &realm, &self.keys, token)? {
            Ok(token) => Ok(token::live(view, &vo(), &token)?.is_ok()),
            Err(_) => Ok(false),
        };
        self.store.look(live).unwrap()
    }

    pub(crate) fn revoke(&self, caller: &str, token: &str) -> Revocation {
        let (realm, caller) = (self.realm(), self.login(caller).unwrap());
        let done: Result<_, StoreError> =
            self.store.run(|tx| token::revoke(tx, &realm, &self.keys, &caller, token, &actor()));
        done.unwrap()
    }

    pub(crate) fn disable(&self, client: &str) {
        self.decided(|tx| client::set_active(tx, &vo(), &id(client), false, &actor())).unwrap();
    }

    /// The bodies of the realm's audit events.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.store.look(|view| view.audit_events("vo", 1, 100)).unwrap();
        events.iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect()
    }

    /// Whether these bytes stand anywhere in the state.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let found = |value: &[u8]| value.windows(bytes.len()).any(|window| window == bytes);
        self.store.kv().dump().iter().any(|(_, key, value): &(Space, _, _)| found(key) || found(value))
    }

    /// Runs a transaction that only writes.
    pub(crate) fn commit(&self, mut f: impl FnMut(&mut Tx<'_>)) {
        self.store
            .run(|tx| {
                f(tx);
                Ok(Outcome::Commit(()))
            })
            .unwrap();
    }

    /// Evaluates both on one view, as two replicas may at one time, and applies one after the other; says whether the
    /// second conflicts, so that it is evaluated again. Neither is kept.
    pub(crate) fn race<A, B>(
        &self,
        one: impl FnOnce(&mut Tx<'_>) -> Result<Outcome<A>, Abort>,
        other: impl FnOnce(&mut Tx<'_>) -> Result<Outcome<B>, Abort>,
    ) -> bool {
        let now = self.store.look(|view| Ok(raft_store_core::Read::now(view))).unwrap();
        let kv = self.store.kv().snapshot();
        let view = || View::open(&kv, &PlainSealer, now).unwrap();
        let (mut first, mut second) = (Tx::new(view()), Tx::new(view()));
        assert!(matches!(one(&mut first).unwrap(), Outcome::Commit(_)), "the first must write");
        assert!(matches!(other(&mut second).unwrap(), Outcome::Commit(_)), "the second must write");
        let (mut overlay, mut outcomes) = (Overlay::new(&kv), Outcomes::default());
        let mut position = view().position();
        let verdicts = [first, second].map(|tx| {
            let index = Revision(position.applied.0 + 1);
            let mut attempt = [0xff; 16];
            attempt[0] = u8::try_from(index.0 % 256).unwrap();
            let mut entry = tx.finish(AttemptId(attempt), now.plus_ms(5_000)).unwrap();
            entry.stamp_ms = now.0;
            apply(&mut overlay, &mut outcomes, &mut position, index, &entry).unwrap().verdict
        });
        assert!(matches!(verdicts[0], Verdict::Committed), "the first must be applied");
        !matches!(verdicts[1], Verdict::Committed)
    }
}
