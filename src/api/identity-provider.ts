import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  clockTolerance,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  ResponseBodyError,
  AuthorizationResponseError,
} from 'openid-client';
import { nameAtProvider } from '../domain/people/person.js';
import { Problem } from './problems.js';

/** What the browser must bring back from the provider, kept in its cookie meanwhile. */
export interface SignOnBegun {
  state: string;
  nonce: string;
  /** PKCE: whoever gets hold of the code alone cannot use it */
  verifier: string;
}

/** The company's provider of identities (OpenID Connect, authorization code flow with PKCE). */
export interface IdentityProvider {
  /** Where the browser goes. Throws UNAVAILABLE while the provider is away. */
  begin(): Promise<{ url: string; begun: SignOnBegun }>;
  /**
   * The user name that the provider's answer vouches for. Throws SIGN_ON_FAILED for an answer that is not the one to
   * `begun`, or not the provider's; UNAVAILABLE while it is away.
   */
  userOf(search: string, begun: SignOnBegun): Promise<VouchedFor>;
}

export interface VouchedFor {
  /** null: the claim is missing, unverified, of another domain or no user name */
  user: string | null;
  /** the claim as the provider sent it, for the log; null: no text */
  claim: string | null;
}

export interface ProviderSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** the claim of the id token that holds the user name */
  userClaim: string;
  /** the domains of which a claim `name@domain` or `DOMAIN\name` must name one; empty: the claim is the bare user name */
  userDomains: readonly string[];
  /** where the provider sends the browser back to */
  redirectUrl: string;
}

/** Someone waits before the page. */
const TIMEOUT_S = 5;
/** How far the provider's clock may be from this one: for the end and the beginning of an id token. */
export const CLOCK_TOLERANCE_S = 60;

/** Nothing is asked of the provider before somebody signs on; what it tells of itself is then kept. */
export function createIdentityProvider(settings: ProviderSettings): IdentityProvider {
  const { issuer, clientId, clientSecret, userClaim, userDomains, redirectUrl } = settings;
  let found: Promise<Configuration> | null = null;

  // the standard's own way, unless the provider names others and not this one
  const byHeader = ClientSecretBasic(clientSecret);
  const byBody = ClientSecretPost(clientSecret);
  const authentication: ClientAuth = (server, ...rest) => {
    const ways = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    (ways.includes('client_secret_basic') ? byHeader : byBody)(server, ...rest);
  };

  function configuration(): Promise<Configuration> {
    // the signature of the id token is looked at too, not only the connection that it came by
    const execute = [enableNonRepudiationChecks, ...(issuer.startsWith('http://') ? [allowInsecureRequests] : [])];
    found ??= discovery(new URL(issuer), clientId, { [clockTolerance]: CLOCK_TOLERANCE_S }, authentication, {
      execute,
      timeout: TIMEOUT_S,
    });
    found.catch(() => (found = null));
    return found.catch((error: unknown) => {
      throw away(error);
    });
  }

  return {
    async begin() {
      const server = await configuration();
      const begun: SignOnBegun = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(server, {
        redirect_uri: redirectUrl,
        scope: userClaim.startsWith('email') ? 'openid profile email' : 'openid profile',
        response_type: 'code',
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, begun };
    },

    async userOf(search, { state, nonce, verifier }) {
      const server = await configuration();
      const answer = new URL(redirectUrl);
      answer.search = search;
      const tokens = await authorizationCodeGrant(server, answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }).catch((error: unknown) => {
        throw isAway(error) ? away(error) : new Problem('SIGN_ON_FAILED', { cause: error });
      });
      const claims = tokens.claims();
      const claim = claims?.[userClaim];
      if (typeof claim !== 'string') return { user: null, claim: null };
      // an address that nobody has verified is anybody's
      const verified = userClaim !== 'email' || claims?.['email_verified'] !== false;
      return { user: verified ? nameAtProvider(claim, userDomains) : null, claim };
    },
  };
}

function away(cause: unknown): Problem {
  return new Problem('UNAVAILABLE', {
    detail: 'سامانهٔ ورود یکپارچه اکنون پاسخ نمی‌دهد. کمی بعد دوباره تلاش کنید یا با نام کاربری و گذرواژه وارد شوید.',
    cause,
  });
}

/** Whether the provider could not be reached, or answered that it cannot work. */
function isAway(error: unknown): boolean {
  if (error instanceof ResponseBodyError) return error.status >= 500;
  if (error instanceof AuthorizationResponseError) return error.error === 'temporarily_unavailable' || error.error === 'server_error';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (
      cause.name === 'TimeoutError' ||
      (cause as { code?: unknown }).code === 'OAUTH_TIMEOUT' ||
      (cause instanceof TypeError && cause.message === 'fetch failed')
    )
      return true;
    if (cause.cause instanceof Response) return cause.cause.status >= 500;
  }
  return false;
}
