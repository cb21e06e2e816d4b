// A web application on npm's openid-client: discovery, code flow with PKCE, verified ID token, userinfo, refresh, logout.

import { Browser, fetcher } from './browser.mjs';
import { asked, done, ensure } from './conversation.mjs';
import { load } from './packages.mjs';

const client = await load('openid-client');
const fetch = fetcher(asked.authority);
const browser = new Browser(fetch);

const config = await client.discovery(new URL(asked.issuer), asked.client_id, undefined, client.ClientSecretBasic(asked.client_secret), {
  [client.customFetch]: fetch,
});
// Signatures of ID tokens are verified too, not only taken on TLS's word.
client.enableNonRepudiationChecks(config);

const verifier = client.randomPKCECodeVerifier();
const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
const parameters = {
  redirect_uri: asked.redirect_uri,
  scope: asked.scope,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state: checks.expectedState,
  nonce: checks.expectedNonce,
};
const start = client.buildAuthorizationUrl(config, parameters);
const back = await browser.go(start, { stop: asked.redirect_uri, user: asked.user, password: asked.password });
ensure(back.url.startsWith(asked.redirect_uri), `the browser stands at ${back.url}: ${back.status} ${back.page}`);
const signIn = [...browser.requests];

const tokens = await client.authorizationCodeGrant(config, new URL(back.url), checks);
const { sub } = tokens.claims();
const userinfo = await client.fetchUserInfo(config, tokens.access_token, sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
ensure(refreshed.access_token !== tokens.access_token, 'refresh gave the same access token');
const again = await client.fetchUserInfo(config, refreshed.access_token, sub);
ensure(again.sub === sub, 'another person after refresh');

// The person is still signed in: no page stands in the way of a second visit.
const silent = await browser.go(client.buildAuthorizationUrl(config, { ...parameters, prompt: 'none' }), { stop: asked.redirect_uri });
const second = await client.authorizationCodeGrant(config, new URL(silent.url), checks);
ensure(second.claims().sub === sub, 'another person at the second visit');

const leave = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: asked.post_logout_redirect_uri,
  id_token_hint: second.id_token,
  state: 'bye',
});
const left = await browser.go(leave, { stop: asked.post_logout_redirect_uri });
ensure(left.url.startsWith(asked.post_logout_redirect_uri), `logout ends at ${left.url}: ${left.status} ${left.page}`);
ensure(new URL(left.url).searchParams.get('state') === 'bye', `logout loses the state: ${left.url}`);
const out = await browser.go(client.buildAuthorizationUrl(config, { ...parameters, prompt: 'none' }), { stop: asked.redirect_uri });
const error = await client.authorizationCodeGrant(config, new URL(out.url), checks).then(() => 'none', (reason) => reason.error);
ensure(error === 'login_required', `after logout, prompt=none: ${error}`);

done({ claims: tokens.claims(), userinfo, requests: signIn, scope: tokens.scope });
