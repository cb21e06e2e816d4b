// A token endpoint by npm's oidc-provider, in one process, with its store in memory: JWT access tokens for
// client_credentials, as the bench asks Woad for them.
//
//   node oidc-provider.mjs ES256|RS256 PORT CLIENT_ID CLIENT_SECRET SCOPE

import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [alg, port, id, secret, scope] = process.argv.slice(2);
const { privateKey } =
  alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg, use: 'sig' };
const resource = 'https://wlcg.cern.ch/jwt/v1/any';

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys: [jwk] },
  scopes: ['openid', scope],
  clients: [
    {
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: alg,
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope,
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3600,
        jwt: { sign: { alg, kid: 'bench' } },
      }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1');
