//! Logout asked for by a client (OpenID Connect RP-Initiated Logout 1.0): whose session is meant, and where the
//! browser may go afterwards.

use raft_store_core::{Abort, Read, Stored};

use crate::authorize::RedirectUrl;
use crate::client;
use crate::ids::{ClientId, RealmId, UserId};
use crate::keys::KeyCache;
use crate::realm::Realms;
use crate::token::verify_id_token;

/// Bytes of `state`: it comes back whole.
const MAX_STATE: usize = 2 * 1024;

/// The parameters, as sent.
#[derive(Clone, Copy, Default)]
pub struct LogoutAsk<'a> {
    /// `id_token_hint`.
    pub id_token_hint: Option<&'a str>,
    /// `post_logout_redirect_uri`.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// `client_id`.
    pub client_id: Option<&'a str>,
    /// `state`.
    pub state: Option<&'a str>,
}

impl std::fmt::Debug for LogoutAsk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutAsk").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logout {
    /// Whose session the client wants ended, proved by an ID token that it was given. Without: ask the person.
    pub user: Option<UserId>,
    /// Which client asks, as far as that is known.
    pub client: Option<ClientId>,
    /// Where the browser goes afterwards; `None`: to our own page. Only what the client registered, byte for byte.
    pub redirect: Option<RedirectUrl>,
}

/// What a request to log out comes to. Anything in it that does not fit is left out, never trusted.
///
/// # Errors
/// When storage fails.
pub fn evaluate(
    read: &impl Read,
    realm: &Stored<Realms>,
    keys: &KeyCache,
    ask: &LogoutAsk<'_>,
) -> Result<Logout, Abort> {
    let hinted = match ask.id_token_hint {
        Some(token) => verify_id_token(read, realm, keys, token)?.ok(),
        None => None,
    };
    let named = ask.client_id.and_then(|id| ClientId::parse(id).ok());
    let client = match (&hinted, named) {
        // A hint of one client beside the name of another proves nothing about either.
        (Some(hint), Some(named)) if hint.client != named => return Ok(Logout::default()),
        (Some(hint), _) => Some(hint.client.clone()),
        (None, named) => named,
    };
    let redirect = match (&client, ask.post_logout_redirect_uri) {
        (Some(client), Some(uri)) => redirect(read, &realm.key, client, uri, ask.state)?,
        _ => None,
    };
    Ok(Logout { user: hinted.map(|hint| hint.user), client, redirect })
}

fn redirect(
    read: &impl Read,
    realm: &RealmId,
    client: &ClientId,
    uri: &str,
    state: Option<&str>,
) -> Result<Option<RedirectUrl>, Abort> {
    let Some(client) = client::get(read, realm, client)?.filter(|client| client.row.active) else { return Ok(None) };
    if !client.row.post_logout_redirect_uris.iter().any(|known| known == uri) {
        return Ok(None);
    }
    let state = state.filter(|state| state.len() <= MAX_STATE).map(|state| ("state", state));
    Ok(Some(RedirectUrl::new(uri, state.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::testing::{ANNA, Flow, WEB, parameter};
    use crate::client::ClientPatch;
    use crate::testing::vo;
    use crate::token::{IdTokenAsk, id_token};

    const BYE: &str = "https://rp.example/bye?x=1";

    /// Anna's ID token for `web`, and her access token.
    fn hints(flow: &Flow) -> (String, String) {
        let permit = flow.redeem(&flow.code(WEB)).unwrap().permit;
        let access = flow.access_token(&permit);
        let alg = flow.world.realm().row.access_token_alg().unwrap();
        let signer = flow.world.store.look(|view| flow.world.keys.signer(view, &vo(), alg)).unwrap().unwrap();
        let ask = IdTokenAsk { nonce: None, auth_time: false, access_token: &access };
        (id_token(&permit, &ask, &signer, [1; 16]).unwrap(), access)
    }

    fn asked(flow: &Flow, ask: &LogoutAsk<'_>) -> Logout {
        let realm = flow.world.realm();
        flow.world.store.look(|view| evaluate(view, &realm, &flow.world.keys, ask)).unwrap()
    }

    fn flow() -> Flow {
        let flow = Flow::new();
        let uris = Some(vec![BYE.to_owned()]);
        flow.patch("web", &ClientPatch { post_logout_redirect_uris: uris, ..ClientPatch::default() });
        flow
    }

    #[test]
    fn an_id_token_tells_whose_session_is_meant_also_after_its_end() {
        let flow = flow();
        let (hint, access) = hints(&flow);
        flow.world.pass(86_400);
        let ask = LogoutAsk {
            id_token_hint: Some(&hint),
            post_logout_redirect_uri: Some(BYE),
            state: Some("a b\r\n"),
            ..LogoutAsk::default()
        };
        let logout = asked(&flow, &ask);
        assert_eq!((logout.user, logout.client.as_ref().map(ClientId::as_str)), (Some(ANNA), Some("web")));
        let url = logout.redirect.unwrap();
        assert!(url.as_str().starts_with(BYE) && parameter(&url, "state").as_deref() == Some("a b\r\n"));
        for bad in [access.as_str(), "x", &hint[..hint.len() - 1]] {
            assert_eq!(asked(&flow, &LogoutAsk { id_token_hint: Some(bad), ..ask }), Logout::default(), "{bad:.20}");
        }
    }

    /// IR10.
    #[test]
    fn the_browser_goes_only_where_the_client_registered() {
        let flow = flow();
        let (hint, _) = hints(&flow);
        let redirect = |hint: Option<&str>, client: Option<&str>, uri: &str| {
            let ask =
                LogoutAsk { id_token_hint: hint, client_id: client, post_logout_redirect_uri: Some(uri), state: None };
            asked(&flow, &ask).redirect
        };
        assert!(redirect(Some(&hint), None, BYE).is_some());
        assert!(redirect(Some(&hint), Some("web"), BYE).is_some());
        assert!(redirect(None, Some("web"), BYE).is_some(), "after the person was asked");
        for uri in
            ["https://rp.example/bye", "https://rp.example/cb", "https://evil.example/", "", "//rp.example/bye?x=1"]
        {
            assert_eq!(redirect(Some(&hint), None, uri), None, "{uri}");
        }
        for (hint, client) in [(None, None), (None, Some("other")), (Some(&*hint), Some("other")), (None, Some("a b"))]
        {
            assert_eq!(redirect(hint, client, BYE), None, "{client:?}");
        }
        flow.world.disable("web");
        assert_eq!(redirect(None, Some("web"), BYE), None);
    }

    #[test]
    fn a_hint_of_one_client_under_the_name_of_another_means_nobody() {
        let flow = flow();
        let (hint, _) = hints(&flow);
        let ask = LogoutAsk { id_token_hint: Some(&hint), client_id: Some("other"), ..LogoutAsk::default() };
        assert_eq!(asked(&flow, &ask), Logout::default());
    }
}
