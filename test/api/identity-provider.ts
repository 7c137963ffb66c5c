import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** What the provider does with the next sign-on; each may be turned into what an attacker or a faulty provider does. */
export interface Behaviour {
  claims: Record<string, unknown>;
  /** in the place of the nonce that was sent */
  nonce?: string;
  key: 'own' | 'foreign' | 'none';
  /** seconds until the id token ends */
  lasts: number;
  /** seconds until the id token begins; none: it does not say */
  begins?: number;
  audience?: string;
  issuer?: string;
  /** takes a code again */
  takesAgain: boolean;
  /** whoever comes turns back: the error of RFC 6749 */
  refuses?: string;
  /** status of the token endpoint */
  status?: number;
  methods?: string[];
}

export interface TestProvider {
  issuer: string;
  /** what the next sign-ons meet */
  behaviour: Behaviour;
  /** the calls of the token endpoint: how the client showed itself */
  exchanges: { header: boolean; body: boolean }[];
  close(): Promise<void>;
}

export const CLIENT = { clientId: 'tasvieh-counter', clientSecret: 'a secret of the tests: with signs/&=' };
export const GOOD: Behaviour = { claims: { preferred_username: 'm.rezaei' }, key: 'own', lasts: 300, takesAgain: false };

/** A small provider of OpenID Connect on this machine: discovery, keys, authorization with PKCE, token. Whoever comes is signed on at once. */
export async function startProvider(): Promise<TestProvider> {
  const own = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const codes = new Map<string, { nonce: string; challenge: string; redirect: string; used: boolean }>();

  async function idToken(nonce: string): Promise<string> {
    const { behaviour } = provider;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      sub: 'subject-1',
      ...behaviour.claims,
      ...(behaviour.begins !== undefined && { nbf: now + behaviour.begins }),
      nonce: behaviour.nonce ?? nonce,
      iss: behaviour.issuer ?? provider.issuer,
      aud: behaviour.audience ?? CLIENT.clientId,
      iat: now - 1,
      exp: now + behaviour.lasts,
    };
    if (behaviour.key === 'none')
      return `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
    const key: CryptoKey = (behaviour.key === 'own' ? own : foreign).privateKey;
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(key);
  }

  /** The faults of an exchange, by the names of RFC 6749. */
  function faultOf(form: URLSearchParams, authorization: string): string | null {
    const shown = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':').map(formDecoded);
    const [header, body] = [
      shown[0] === CLIENT.clientId && shown[1] === CLIENT.clientSecret,
      form.get('client_secret') === CLIENT.clientSecret && form.get('client_id') === CLIENT.clientId,
    ];
    provider.exchanges.push({ header, body });
    if (!header && !body) return 'invalid_client';
    const code = codes.get(form.get('code') ?? '');
    if (!code || (code.used && !provider.behaviour.takesAgain) || code.redirect !== form.get('redirect_uri')) return 'invalid_grant';
    code.used = true;
    return createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url') === code.challenge
      ? null
      : 'invalid_grant';
  }

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', provider.issuer);
    const json = (status: number, body: unknown): void =>
      void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(200, {
        issuer: provider.issuer,
        authorization_endpoint: `${provider.issuer}/authorize`,
        token_endpoint: `${provider.issuer}/token`,
        jwks_uri: `${provider.issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
        ...(provider.behaviour.methods && { token_endpoint_auth_methods_supported: provider.behaviour.methods }),
      });
    }
    if (url.pathname === '/keys') return json(200, { keys: [jwk] });
    if (url.pathname === '/authorize') {
      const asked = url.searchParams;
      const fault =
        asked.get('client_id') !== CLIENT.clientId ||
        asked.get('response_type') !== 'code' ||
        asked.get('code_challenge_method') !== 'S256';
      if (fault) return json(400, { error: 'invalid_request' });
      const code = randomBytes(16).toString('hex');
      const redirect = asked.get('redirect_uri') ?? '';
      codes.set(code, { nonce: asked.get('nonce') ?? '', challenge: asked.get('code_challenge') ?? '', redirect, used: false });
      const back = new URL(redirect);
      if (provider.behaviour.refuses === undefined) back.searchParams.set('code', code);
      else back.searchParams.set('error', provider.behaviour.refuses);
      back.searchParams.set('state', asked.get('state') ?? '');
      return void res.writeHead(302, { location: back.href }).end();
    }
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      const form = new URLSearchParams(body);
      const { status } = provider.behaviour;
      if (status !== undefined) return json(status, { error: 'server_error' });
      const fault = faultOf(form, req.headers.authorization ?? '');
      if (fault !== null) return json(400, { error: fault });
      void idToken(codes.get(form.get('code') ?? '')?.nonce ?? '').then((token) =>
        json(200, { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: token }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: TestProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    behaviour: GOOD,
    exchanges: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

/** A client's name or secret as RFC 6749 puts it into the header. */
function formDecoded(text: string): string {
  return new URLSearchParams(`_=${text}`).get('_') ?? '';
}
