//! Issuing a code, or saying no.

use raft_store_core::{Abort, Outcome, Read, Stored, Tx};
use serde_json::json;

use super::error::AuthorizeError;
use super::evaluate::{Arrival, Evaluation, Granted, evaluate_with, turn_away};
use super::redirect::RedirectUrl;
use super::request::AuthorizationRequest;
use crate::code::{AuthorizationCode, CODE_LIFE_MS, Codes};
use crate::consent::{self, Remember};
use crate::event::{self, Actor};
use crate::opaque::OpaqueToken;
use crate::realm::Realms;
use crate::scope::ScopeList;
use crate::{Decided, refuse};

/// What a person said on the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// The scopes that the page showed.
    pub shown: ScopeList,
    /// How long it holds.
    pub remember: Remember,
}

/// By what a code is issued.
#[derive(Clone, Copy, Debug)]
pub enum Consented<'a> {
    /// An approval that is remembered.
    Before,
    /// The person has just been asked.
    Now(&'a Approval),
}

/// Fresh random bytes for a code.
#[derive(Clone)]
pub struct CodeSeed {
    /// The code.
    pub code: [u8; 32],
    /// The id of the grant.
    pub grant: [u8; 16],
}

impl std::fmt::Debug for CodeSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeSeed")
    }
}

/// Evaluates again, and issues a code if nothing more is needed. Session and realm are read in this transaction.
///
/// # Errors
/// Inner: what is needed, never [`Evaluation::Grant`]. [`Evaluation::Consent`] after the person was asked: other scopes
/// would be granted than the page showed. Outer: when storage fails.
pub fn approve(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    arrival: &Arrival<'_>,
    consented: Consented<'_>,
    seed: &CodeSeed,
    actor: &Actor,
) -> Decided<RedirectUrl, Box<Evaluation>> {
    let asked = matches!(consented, Consented::Now(_));
    let granted = match evaluate_with(tx, realm, arrival, asked)? {
        Evaluation::Grant(granted) => *granted,
        other => return refuse(Box::new(other)),
    };
    if let Consented::Now(approval) = consented {
        if granted.ask.scopes != approval.shown {
            return refuse(Box::new(Evaluation::Consent(Box::new(granted.ask))));
        }
        give(tx, realm, &granted, approval, actor)?;
    }
    let (request, now) = (arrival.request, tx.now());
    let code = OpaqueToken::from_random(&seed.code);
    let row = AuthorizationCode {
        grant: Some(granted.grant),
        grant_id: seed.grant.to_vec(),
        redirect_uri: granted.target.uri.clone(),
        redirect_uri_sent: request.redirect_uri().is_some(),
        code_challenge: request.code_challenge().unwrap_or_default().to_owned(),
        nonce: request.nonce().map(str::to_owned),
        auth_time_asked: request.auth_time_asked(),
        created_ms: now.0,
        expires_ms: now.plus_ms(CODE_LIFE_MS).0,
        used_ms: 0,
        reused_ms: 0,
    };
    // The table has no unique index, so there is nothing that could be taken.
    let _ = tx.put::<Codes>((realm.key.clone(), code.hash()), row)?;
    Ok(Outcome::Commit(Ok(granted.target.answer(&[("code", code.reveal())]))))
}

/// Writes down what the person said.
fn give(
    tx: &mut Tx<'_>,
    realm: &Stored<Realms>,
    granted: &Granted,
    approval: &Approval,
    actor: &Actor,
) -> Result<(), Abort> {
    let (user, client) = (granted.grant.user()?, &granted.ask.client.key.1);
    let how = if granted.ask.may_be_remembered { approval.remember } else { Remember::No };
    let at = consent::Place { user, client, redirect_uri: &granted.target.registered };
    consent::remember(tx, &realm.key, &at, &granted.ask.scopes, how)?;
    let changes = json!({
        "client": client.as_str(),
        "redirect_uri": granted.target.registered,
        "scope": granted.ask.scopes.to_string(),
        "remember": how.name(),
    });
    event::record(tx, &realm.key, "consent.give", &user.to_string(), changes, actor)
}

/// Where the browser goes when the person says no: to the client, with `access_denied`; to a page of ours when the
/// client may not be told.
///
/// # Errors
/// When storage fails.
pub fn deny(read: &impl Read, realm: &Stored<Realms>, request: &AuthorizationRequest) -> Result<Evaluation, Abort> {
    turn_away(read, realm, request, AuthorizeError::Denied)
}
