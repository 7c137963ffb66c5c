import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigError, readConfig, signingSecret, encryptionKeys } from '../src/config.js';
import { derivedEncryptionKey, newEncryptionKey } from '../src/temporal/encryption.js';

const SECRET = 'a'.repeat(32);

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

it('needs nothing in the embedded form', () => {
  expect(readConfig({ TASVIEH_DATA: ' ' })).toEqual({
    dataFolder: path.resolve('data'),
    databaseUrl: null,
    temporalAddress: null,
    temporalNamespace: 'default',
    temporalPort: 7233,
    temporalUiPort: 8233,
    temporalUiUrl: 'http://127.0.0.1:8233',
    postgresPort: 54329,
    apiHost: '127.0.0.1',
    apiPort: 8080,
    secret: null,
    encryptionKeys: null,
    practiceCodecKey: null,
    taskQueue: 'tasvieh',
    workerBuildId: null,
    logLevel: 'info',
    billing: null,
    pace: { address: 12_000, token: 3_000, signIn: 120 },
    trustedProxies: [],
    publicUrl: null,
    oidc: null,
    metrics: { host: '127.0.0.1', port: null, token: null },
    clockSkewLimitMs: 2000,
    traces: null,
  });
});

it('takes the production form', () => {
  const env = {
    TASVIEH_DATABASE_URL: 'postgresql://u:p@db/tasvieh',
    TASVIEH_TEMPORAL_ADDRESS: 'temporal:7233',
    TASVIEH_SECRET: SECRET,
    TASVIEH_API_PORT: '0',
  };
  expect(readConfig(env)).toMatchObject({
    databaseUrl: env.TASVIEH_DATABASE_URL,
    temporalAddress: 'temporal:7233',
    secret: SECRET,
    apiPort: 0,
  });
});

it('tells everything that is wrong at once, without repeating a password', () => {
  const env = {
    TASVIEH_DATABASE_URL: 'mysql://u:hidden@db',
    TASVIEH_API_PORT: '70000',
    TASVIEH_POSTGRES_PORT: '0',
    TASVIEH_LOG_LEVEL: 'loud',
  };
  const problems = problemsOf(env);
  expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
    'TASVIEH_API_PORT',
    'TASVIEH_DATABASE_URL',
    'TASVIEH_LOG_LEVEL',
    'TASVIEH_POSTGRES_PORT',
    'TASVIEH_SECRET',
    'TASVIEH_TEMPORAL_ADDRESS',
  ]);
  expect(problems.join()).not.toContain('hidden');
});

it.each([
  [{ TASVIEH_SECRET: 'short' }, 'TASVIEH_SECRET: is shorter than 32 characters'],
  [
    { TASVIEH_ENCRYPTION_KEYS: 'k1:c2hvcnQ=' },
    'TASVIEH_ENCRYPTION_KEYS: holds no id:key pairs of 32 bytes in base64 each, the current one first',
  ],
  [{ TASVIEH_TEMPORAL_PORT: '8080' }, 'TASVIEH_TEMPORAL_PORT: 8080 is also TASVIEH_API_PORT'],
  [{ TASVIEH_RATE_PER_TOKEN: 'many' }, 'TASVIEH_RATE_PER_TOKEN: "many" is no number of calls a minute (0 = any)'],
  [
    { TASVIEH_TRUSTED_PROXIES: '10.0.0.0/24, 0.0.0.0/0' },
    'TASVIEH_TRUSTED_PROXIES: "0.0.0.0/0" is no address or network (such as 10.0.0.5 or 10.0.0.0/24)',
  ],
  [
    { TASVIEH_TRUSTED_PROXIES: 'proxy.example' },
    'TASVIEH_TRUSTED_PROXIES: "proxy.example" is no address or network (such as 10.0.0.5 or 10.0.0.0/24)',
  ],
  [{ TASVIEH_METRICS_PORT: '8080' }, 'TASVIEH_METRICS_PORT: 8080 is also TASVIEH_API_PORT'],
  [
    { TASVIEH_TEMPORAL_ADDRESS: 'temporal', TASVIEH_DATABASE_URL: 'postgres://db/x', TASVIEH_SECRET: SECRET },
    'TASVIEH_TEMPORAL_ADDRESS: "temporal" is not host:port',
  ],
])('%j is refused', (env, problem) => {
  expect(problemsOf(env)).toEqual([problem]);
});

describe('a provider of identities', () => {
  const oidc = {
    TASVIEH_PUBLIC_URL: 'https://tasvieh.example/',
    TASVIEH_OIDC_ISSUER: 'https://id.example/realms/gas',
    TASVIEH_OIDC_CLIENT_ID: 'counter',
    TASVIEH_OIDC_CLIENT_SECRET: 'hidden',
  };

  it('has its client, and an address that it sends browsers back to', () => {
    expect(readConfig(oidc)).toMatchObject({
      publicUrl: 'https://tasvieh.example',
      oidc: {
        issuer: 'https://id.example/realms/gas',
        clientId: 'counter',
        clientSecret: 'hidden',
        userClaim: 'preferred_username',
        userDomains: [],
      },
    });
    expect(readConfig({ ...oidc, TASVIEH_OIDC_USER_CLAIM: 'upn' }).oidc).toMatchObject({ userClaim: 'upn' });
    expect(readConfig({ ...oidc, TASVIEH_OIDC_USER_DOMAIN: 'gas.example, GAS' }).oidc).toMatchObject({
      userDomains: ['gas.example', 'GAS'],
    });
    expect(problemsOf({ ...oidc, TASVIEH_OIDC_USER_DOMAIN: '@gas.example GAS\\ ok' })).toEqual([
      'TASVIEH_OIDC_USER_DOMAIN: "@gas.example" is no domain (such as gas.example or GAS, without @ and \\)',
      'TASVIEH_OIDC_USER_DOMAIN: "GAS\\" is no domain (such as gas.example or GAS, without @ and \\)',
    ]);
  });

  it.each(['TASVIEH_PUBLIC_URL', 'TASVIEH_OIDC_ISSUER', 'TASVIEH_OIDC_CLIENT_ID', 'TASVIEH_OIDC_CLIENT_SECRET'])(
    'is not half there: without %s',
    (name) => {
      const problems = problemsOf({ ...oidc, [name]: '' });
      expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}.*: missing`))]);
      expect(problems.join()).not.toContain('hidden');
    },
  );

  it.each([['http://id.example'], ['id.example'], ['https://u:hidden@id.example'], ['https://id.example/?key=hidden']])(
    'is not at %s',
    (wrong) => {
      const problems = problemsOf({ ...oidc, TASVIEH_OIDC_ISSUER: wrong });
      expect(problems).toEqual([expect.stringMatching(/^TASVIEH_OIDC_ISSUER: is not/)]);
      expect(problems.join()).not.toContain('hidden');
    },
  );

  it('may be on this machine over http', () => {
    expect(problemsOf({ ...oidc, TASVIEH_OIDC_ISSUER: 'http://127.0.0.1:9000' })).toEqual([]);
  });
});

describe('a central billing system', () => {
  const url = 'https://billing.example/tasvieh/';
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const name = path.join(folder, 'token');
    writeFileSync(name, content);
    return name;
  };

  it('has an address and a token, from a file or as it is', () => {
    expect(readConfig({ TASVIEH_BILLING_URL: url, TASVIEH_BILLING_TOKEN: 'a.b-c' }).billing).toEqual({
      url: 'https://billing.example/tasvieh',
      token: 'a.b-c',
    });
    expect(readConfig({ TASVIEH_BILLING_URL: url, TASVIEH_BILLING_TOKEN_FILE: file('from-file\n') }).billing).toMatchObject({
      token: 'from-file',
    });
  });

  it('is not half there', () => {
    expect(problemsOf({ TASVIEH_BILLING_URL: url })).toEqual([expect.stringMatching(/^TASVIEH_BILLING_TOKEN_FILE: missing/)]);
    expect(problemsOf({ TASVIEH_BILLING_TOKEN: 'a' })).toEqual([expect.stringMatching(/^TASVIEH_BILLING_URL: missing/)]);
    expect(problemsOf({ TASVIEH_BILLING_URL: url, TASVIEH_BILLING_TOKEN: 'a', TASVIEH_BILLING_TOKEN_FILE: file('a') })).toHaveLength(1);
    expect(problemsOf({ TASVIEH_BILLING_URL: url, TASVIEH_BILLING_TOKEN_FILE: path.join(folder, 'none') })).toEqual([
      expect.stringContaining('ENOENT'),
    ]);
  });

  it.each([
    'billing.example',
    'ftp://billing.example',
    'https://user:hidden@billing.example',
    'https://billing.example/?key=hidden',
    'https://billing.example/#x',
  ])('is not at %s', (wrong) => {
    const problems = problemsOf({ TASVIEH_BILLING_URL: wrong, TASVIEH_BILLING_TOKEN: 'a' });
    expect(problems).toEqual([expect.stringMatching(/^TASVIEH_BILLING_URL: is not/)]);
    expect(problems.join()).not.toContain('hidden');
  });

  it.each(['', 'two\nlines', 'hidden gap', 'پنهان'])('has no token in a file with %j', (content) => {
    const problems = problemsOf({ TASVIEH_BILLING_URL: url, TASVIEH_BILLING_TOKEN_FILE: file(content) });
    expect(problems).toEqual([expect.stringMatching(/^TASVIEH_BILLING_TOKEN_FILE: holds no token/)]);
    expect(problems.join()).not.toMatch(/hidden|پنهان|two/);
  });

  it('tells its faults beside all others', () => {
    const problems = problemsOf({ TASVIEH_BILLING_URL: 'x', TASVIEH_API_PORT: 'y' });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'TASVIEH_API_PORT',
      'TASVIEH_BILLING_TOKEN_FILE',
      'TASVIEH_BILLING_URL',
    ]);
  });
});

it('encrypts with the configured keys, else with one made of the secret', () => {
  const keys = newEncryptionKey('k7');
  expect(encryptionKeys({ encryptionKeys: keys, secret: SECRET, dataFolder: 'none' })).toBe(keys);
  expect(encryptionKeys({ encryptionKeys: null, secret: SECRET, dataFolder: 'none' })).toBe(derivedEncryptionKey(SECRET));
});

describe('secrets from files', () => {
  const production = { TASVIEH_DATABASE_URL: 'postgres://tasvieh@db:5432/tasvieh', TASVIEH_TEMPORAL_ADDRESS: 'temporal:7233' };
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-secrets-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (content: string): string => {
    const name = path.join(folder, `secret-${readdirSync(folder).length}`);
    writeFileSync(name, content);
    return name;
  };

  it('are read for each of them', () => {
    const config = readConfig({
      ...production,
      TASVIEH_SECRET_FILE: file(`${SECRET}\n`),
      TASVIEH_DATABASE_PASSWORD_FILE: file('p@ss/word:1\n'),
      TASVIEH_METRICS_TOKEN_FILE: file('scrape'),
    });
    expect(config).toMatchObject({ secret: SECRET, metrics: { token: 'scrape' } });
    expect(decodeURIComponent(new URL(config.databaseUrl as string).password)).toBe('p@ss/word:1');
  });

  it('stand for one value each, and their faults never repeat it', () => {
    const hidden = 'hidden'.repeat(6);
    const problems = problemsOf({
      ...production,
      TASVIEH_DATABASE_URL: `postgres://tasvieh:${hidden}@db/tasvieh`,
      TASVIEH_SECRET: hidden,
      TASVIEH_SECRET_FILE: file(hidden),
      TASVIEH_DATABASE_PASSWORD: hidden,
      TASVIEH_METRICS_TOKEN_FILE: path.join(folder, 'none'),
    });
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'TASVIEH_DATABASE_PASSWORD',
      'TASVIEH_METRICS_TOKEN_FILE',
      'TASVIEH_SECRET',
    ]);
    expect(problems.join()).not.toContain('hidden');
  });

  it('are as long in a file as elsewhere', () => {
    expect(problemsOf({ ...production, TASVIEH_SECRET_FILE: file('short') })).toEqual([
      'TASVIEH_SECRET_FILE: is shorter than 32 characters',
    ]);
    expect(problemsOf({ ...production, TASVIEH_SECRET: SECRET, TASVIEH_DATABASE_PASSWORD_FILE: file('\n') })).toEqual([
      'TASVIEH_DATABASE_PASSWORD_FILE: holds no password',
    ]);
  });
});

it('keeps the metrics of a worker from the network unless they ask for a token', () => {
  expect(readConfig({ TASVIEH_METRICS_PORT: '0' }).metrics).toEqual({ host: '127.0.0.1', port: 0, token: null });
  expect(problemsOf({ TASVIEH_METRICS_PORT: '9464', TASVIEH_METRICS_HOST: '0.0.0.0' })).toEqual([
    expect.stringMatching(/^TASVIEH_METRICS_TOKEN: missing/),
  ]);
  expect(readConfig({ TASVIEH_METRICS_PORT: '9464', TASVIEH_METRICS_HOST: '0.0.0.0', TASVIEH_METRICS_TOKEN: 'x' }).metrics.port).toBe(9464);
});

it('makes a secret once and keeps it for its owner alone', () => {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'tasvieh-config-'));
  try {
    const secret = signingSecret({ secret: null, dataFolder });
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    expect(signingSecret({ secret: null, dataFolder })).toBe(secret);
    expect(statSync(path.join(dataFolder, 'secret')).mode & 0o777).toBe(0o600);
    expect(signingSecret({ secret: SECRET, dataFolder })).toBe(SECRET);
  } finally {
    rmSync(dataFolder, { recursive: true });
  }
});
