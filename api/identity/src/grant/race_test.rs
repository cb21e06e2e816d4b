//! What ends something at one replica conflicts with what is issued at another at the same moment: one of the two is
//! evaluated again, and sees the other (I4, I5).

use raft_store_core::{Outcome, Tx};

use super::*;
use crate::audience::Audience;
use crate::authorize::testing::{ANNA, Flow, WEB};
use crate::authorize::{Arrival, CodeSeed, Consented, approve};
use crate::code::PresentedCode;
use crate::consent::Remember;
use crate::group::{self, NewGroup};
use crate::ids::GroupId;
use crate::policy::{self, PolicyFields, Rule};
use crate::refresh::PresentedRefresh;
use crate::testing::{actor, id, vo};
use crate::user::Provenance;
use crate::{Decided, code, consent, password, realm, refresh, session};

fn done<T, E: std::fmt::Debug>(decided: Decided<T, E>) -> Result<Outcome<()>, Abort> {
    match decided? {
        Outcome::Commit(Ok(_)) => Ok(Outcome::Commit(())),
        Outcome::Answer(Ok(_)) => panic!("nothing is written"),
        Outcome::Commit(Err(error)) | Outcome::Answer(Err(error)) => panic!("{error:?}"),
    }
}

type Write<'a> = (&'a str, &'a dyn Fn(&mut Tx<'_>) -> Result<Outcome<()>, Abort>);

#[test]
fn what_ends_something_conflicts_with_what_is_issued_meanwhile() {
    let flow = Flow::new();
    flow.approve(WEB, Some(("openid profile offline_access", Remember::UntilRevoked))).unwrap();
    let (token, unused) = (flow.refresh_token("web"), flow.code(WEB));
    let (realm, client, request) = (flow.world.realm(), flow.client("web"), flow.request(WEB));
    let audience = Audience::default();
    let group = GroupId([7; 16]);
    let new = NewGroup { id: group, name: "cms".into(), ..NewGroup::default() };
    flow.world.decided(|tx| group::create(tx, &vo(), &new, &actor())).unwrap();
    let by = Provenance::Administrator;
    flow.world.decided(|tx| group::add_member(tx, &vo(), ANNA, group, None, by, &actor())).unwrap();
    let deny = PolicyFields { rule: Rule::Deny, ..PolicyFields::permit_all() };

    let ends: [Write<'_>; 9] = [
        ("suspension", &|tx| done(user::set_status(tx, &vo(), ANNA, false, &actor()))),
        ("deletion", &|tx| done(user::delete(tx, &vo(), ANNA, &actor()))),
        ("another password", &|tx| done(password::set(tx, &vo(), ANNA, &password::dummy(), &actor()))),
        ("end of the realm's tokens", &|tx| token::end_all(tx, &vo(), &actor())),
        ("disabled client", &|tx| done(client::set_active(tx, &vo(), &id("web"), false, &actor()))),
        ("deleted client", &|tx| done(client::delete(tx, &vo(), &id("web"), &actor()))),
        ("removed approval", &|tx| done(consent::remove(tx, &vo(), ANNA, &id("web"), &actor()))),
        ("left group", &|tx| done(group::remove_member(tx, &vo(), ANNA, group, &actor()))),
        ("new policy", &|tx| done(policy::create(tx, &vo(), &deny, &actor()))),
    ];
    let issues: [Write<'_>; 3] = [
        ("a code that is issued", &|tx| {
            let realm = realm::get(tx, &vo())?.unwrap();
            let session = session::live(tx, &vo(), &flow.session.get())?.unwrap();
            let arrival = Arrival { request: &request, session: Some(&session), login_after_ms: None };
            done(approve(
                tx,
                &realm,
                &arrival,
                Consented::Before,
                &CodeSeed { code: [9; 32], grant: [9; 16] },
                &actor(),
            ))
        }),
        ("a code that is redeemed", &|tx| {
            let presented = PresentedCode {
                code: &unused,
                redirect_uri: Some("https://rp.example/cb"),
                verifier: None,
                audience: &audience,
                expires_in: None,
                secret: &[9; 32],
            };
            done(code::redeem(tx, &realm, &client, &presented, &actor()))
        }),
        ("a refresh", &|tx| {
            let presented =
                PresentedRefresh { token: &token, scopes: None, audience: &audience, expires_in: None, seed: &[9; 32] };
            done(refresh::redeem(tx, &realm, &client, &presented, &actor()))
        }),
    ];
    for (what, end) in ends {
        for (issued, issue) in issues {
            assert!(flow.world.race(end, issue), "{what} and {issued}");
        }
    }
}
