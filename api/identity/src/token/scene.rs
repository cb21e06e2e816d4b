//! A realm with people, groups and an application, for tests.

use raft_store_core::Revision;
use serde_json::Value;

use super::{
    Ask, Explanation, GrantId, IdTokenAsk, IssueRefused, Permit, Preview, Subject, UserSubject, UserinfoRefused,
};
use crate::audience::Audience;
use crate::client::{self, ClientPatch, GrantType};
use crate::group::{self, NewGroup};
use crate::ids::{GroupId, UserId};
use crate::policy::{self, CreatePolicyError, Matching, PolicyFields, PolicyId, Rule, Selector};
use crate::realm::NewRealm;
use crate::scope::ScopeList;
use crate::session::Amr;
use crate::testing::{START, World, actor, id, new_realm, vo};
use crate::token;
use crate::user::{self, Attribute, Email, Label, Name, NewUser, Provenance, UserPatch};

pub(crate) const fn uid(n: u8) -> UserId {
    UserId([n; 16])
}

pub(crate) const fn gid(n: u8) -> GroupId {
    GroupId([n; 16])
}

pub(crate) fn list(text: &str) -> ScopeList {
    ScopeList::parse(text).unwrap()
}

pub(crate) struct Scene(pub(crate) World);

impl std::ops::Deref for Scene {
    type Target = World;
    fn deref(&self) -> &World {
        &self.0
    }
}

impl Scene {
    /// Alice (1) is in `cms` (1), `cms/uscms` (2) and `cms/ALARM` (3), the last two of which are optional; the client
    /// `app` holds `scope`, and `storage` introspects.
    pub(crate) fn new(realm: &NewRealm, scope: &str) -> Self {
        let scene = Self(World::with(realm));
        scene.person(1, "alice");
        scene.group(1, "cms", None, false);
        scene.group(2, "uscms", Some(1), true);
        scene.group(3, "ALARM", Some(1), true);
        scene.join(1, 2);
        scene.join(1, 3);
        scene.app("app", scope);
        scene.client("storage", scope, ClientPatch { allow_introspection: Some(true), ..ClientPatch::default() });
        scene
    }

    pub(crate) fn plain(scope: &str) -> Self {
        Self::new(&new_realm("vo"), scope)
    }

    pub(crate) fn app(&self, name: &str, scope: &str) {
        let grants = ["authorization_code", "refresh_token"].map(str::to_owned).to_vec();
        let fields = ClientPatch {
            grant_types: Some(grants),
            redirect_uris: Some(vec!["https://app.example.org/cb".into()]),
            ..ClientPatch::default()
        };
        self.client(name, scope, fields);
    }

    pub(crate) fn person(&self, n: u8, name: &str) {
        let fields = UserPatch {
            user_name: Some(name.into()),
            name: Some(Name { given: "Alice".into(), family: "Ayer".into(), middle: "B.".into(), ..Name::default() }),
            emails: Some(vec![Email {
                value: format!("{name}@example.org"),
                primary: true,
                verified: true,
                ..Email::default()
            }]),
            attributes: Some(vec![Attribute { name: "nick".into(), value: "ally".into(), ..Attribute::default() }]),
            locale: Some("en-GB".into()),
            ..UserPatch::default()
        };
        let new = NewUser { id: uid(n), fields, provenance: Provenance::Administrator };
        let realm = self.realm();
        self.decided(|tx| user::create(tx, &realm, &new, None, &actor())).unwrap();
    }

    pub(crate) fn group(&self, n: u8, name: &str, parent: Option<u8>, optional: bool) {
        let label = Label { name: "wlcg.optional-group".into(), ..Label::default() };
        let new = NewGroup {
            id: gid(n),
            name: name.into(),
            parent: parent.map(gid),
            description: String::new(),
            labels: if optional { vec![label] } else { Vec::new() },
            external_id: String::new(),
        };
        self.decided(|tx| group::create(tx, &vo(), &new, &actor())).unwrap();
    }

    pub(crate) fn join(&self, user: u8, of: u8) {
        let by = Provenance::Administrator;
        self.decided(|tx| group::add_member(tx, &vo(), uid(user), gid(of), None, by, &actor())).unwrap();
    }

    pub(crate) fn leave(&self, user: u8, of: u8) {
        self.decided(|tx| group::remove_member(tx, &vo(), uid(user), gid(of), &actor())).unwrap();
    }

    pub(crate) fn policy(
        &self,
        rule: Rule,
        matching: Matching,
        selector: Selector,
        scopes: Option<&[&str]>,
    ) -> Result<PolicyId, CreatePolicyError> {
        let scopes = scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect());
        let fields = PolicyFields { description: String::new(), rule, matching, selector, scopes };
        self.decided(|tx| policy::create(tx, &vo(), &fields, &actor())).map(|(id, _)| id)
    }

    pub(crate) fn drop_policy(&self, n: u64) {
        self.decided(|tx| policy::delete(tx, &vo(), PolicyId(n), None, &actor())).unwrap();
    }

    pub(crate) fn explain(&self, app: &str, user: u8, scopes: &str) -> Explanation {
        let (realm, scopes) = (self.realm(), list(scopes));
        let explained = self.store.look(|view| {
            let client = client::get(view, &vo(), &id(app))?.unwrap();
            let ask = Preview {
                client: &client,
                user: Some(uid(user)),
                grant: GrantType::AuthorizationCode,
                scopes: Some(&scopes),
                expires_in: None,
            };
            let explained = token::explain(view, &realm, &ask)?;
            assert_eq!(explained.outcome, token::preview(view, &realm, &ask)?);
            Ok(explained)
        });
        explained.unwrap()
    }

    /// What the token endpoint decides for a grant that was made with these scopes.
    pub(crate) fn redeem(
        &self,
        app: &str,
        user: u8,
        scopes: &ScopeList,
        by: GrantType,
    ) -> Result<Permit, IssueRefused> {
        let (realm, client) = (self.realm(), self.login(app).unwrap());
        let subject = UserSubject {
            user: uid(user),
            grant: GrantId([9; 16]),
            auth_time_ms: START.0 - 5_000,
            amr: vec![Amr::Password],
        };
        let ask = Ask {
            client: &client,
            subject: Subject::User(subject),
            grant: by,
            scopes: Some(scopes),
            audience: &Audience::default(),
            expires_in: None,
        };
        self.store.look(|view| token::decide(view, &realm, &ask)).unwrap()
    }

    /// What is permitted when Alice allows `app` these scopes.
    pub(crate) fn permit(&self, scopes: &str) -> Permit {
        let granted = self.explain("app", 1, scopes).outcome.unwrap();
        self.redeem("app", 1, &granted, GrantType::AuthorizationCode).unwrap()
    }

    pub(crate) fn claims(&self, permit: &Permit) -> Value {
        serde_json::from_str(&self.text(permit)).unwrap()
    }

    /// The claims of an access token as they are signed.
    pub(crate) fn text(&self, permit: &Permit) -> String {
        let prepared = token::issue(permit, &self.signer(), [3; 16], Some(Revision(0x77))).unwrap();
        String::from_utf8(prepared.claims().to_vec()).unwrap()
    }

    pub(crate) fn signer(&self) -> std::sync::Arc<crate::keys::Signer> {
        let alg = self.realm().row.access_token_alg().unwrap();
        self.store.look(|view| self.keys.signer(view, &vo(), alg)).unwrap().unwrap()
    }

    /// An access token of Alice with these scopes.
    pub(crate) fn access(&self, scopes: &str) -> String {
        token::issue(&self.permit(scopes), &self.signer(), [3; 16], None).unwrap().sign(&self.signer()).unwrap()
    }

    pub(crate) fn id_token(&self, permit: &Permit, nonce: Option<&str>, auth_time: bool) -> String {
        let ask = IdTokenAsk { nonce, auth_time, access_token: "an access token" };
        token::id_token(permit, &ask, &self.signer(), [4; 16]).unwrap()
    }

    pub(crate) fn userinfo(&self, text: &str) -> Result<Value, UserinfoRefused> {
        let realm = self.realm();
        let told = self.store.look(|view| {
            let token = token::verify(view, &realm, &self.keys, text)?.unwrap();
            token::userinfo(view, &realm, &token)
        });
        told.unwrap().map(Value::Object)
    }
}
