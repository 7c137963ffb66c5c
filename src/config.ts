import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { derivedEncryptionKey, readEncryptionKeys } from './temporal/encryption.js';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All settings. The embedded form (own Postgres and Temporal dev server) is the one without the two addresses. */
export interface Config {
  /** Absolute path of what the embedded form keeps. */
  dataFolder: string;
  /** null = embedded */
  databaseUrl: string | null;
  /** null = embedded */
  temporalAddress: string | null;
  temporalNamespace: string;
  temporalPort: number;
  temporalUiPort: number;
  /** where browsers reach the Temporal UI, without a slash at the end; null = the pages link to none */
  temporalUiUrl: string | null;
  postgresPort: number;
  apiHost: string;
  /** 0 = any free one */
  apiPort: number;
  /** Signs tokens. null only in the embedded form, see signingSecret. */
  secret: string | null;
  /** Encrypt what goes through Temporal; null: a key made of the secret, see encryptionKeys. */
  encryptionKeys: string | null;
  /** A secret of the embedded form: its Temporal UI decrypts by it, without a sign-in. null = none. */
  practiceCodecKey: string | null;
  taskQueue: string;
  /** the version that a worker carries; null = none */
  workerBuildId: string | null;
  logLevel: LogLevel;
  /** the company's billing system when it answers calls; null = its files. The token is a secret. */
  billing: { url: string; token: string } | null;
  /** calls a minute; 0 = any number */
  pace: { address: number; token: number; signIn: number };
  /** addresses and networks (CIDR) of proxies, whose word on where a call comes from is taken */
  trustedProxies: readonly string[];
  /** where browsers reach the API, without a slash at the end; needed beside `oidc` */
  publicUrl: string | null;
  /** the company's provider of identities; null = people sign in by password alone. The client's secret is a secret. */
  oidc: { issuer: string; clientId: string; clientSecret: string; userClaim: string; userDomains: readonly string[] } | null;
  metrics: {
    /** where a worker tells its metrics and health; the API tells its own on its own port */
    host: string;
    /** null = a worker tells none, 0 = any free one */
    port: number | null;
    /** asked of whoever scrapes; null = only this machine may */
    token: string | null;
  };
  /** ms; clocks further apart than this are an alert */
  clockSkewLimitMs: number;
  /** where OTLP/HTTP traces go, without path; null = none are made */
  traces: string | null;
}

/** Names every missing or invalid setting at once, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Reads TASVIEH_* from `env`; an empty value counts as absent. Throws ConfigError. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const problems: string[] = [];
  const text = (name: string): string | null => env[`TASVIEH_${name}`]?.trim() || null;
  const invalid = (name: string, why: string): void => void problems.push(`TASVIEH_${name}: ${why}`);

  const port = (name: string, standard: number, lowest = 1): number => {
    const value = text(name);
    if (value === null) return standard;
    const number = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
    if (number >= lowest && number <= 65535) return number;
    invalid(name, `"${value}" is not a port (${lowest} to 65535)`);
    return standard;
  };

  const secretText = (name: string): string | null => secretOf(name, text, invalid);

  const plainDatabaseUrl = text('DATABASE_URL');
  const databasePassword = secretText('DATABASE_PASSWORD');
  const databaseUrl = plainDatabaseUrl === null ? null : withPassword(plainDatabaseUrl, databasePassword, invalid);
  if (databasePassword === '') invalid(asGiven('DATABASE_PASSWORD', text), 'holds no password');
  if (plainDatabaseUrl === null && databasePassword !== null) invalid('DATABASE_URL', 'missing (needed beside its password)');
  const temporalAddress = text('TEMPORAL_ADDRESS');
  // half a production configuration would quietly start a development server beside it
  if (databaseUrl !== null && temporalAddress === null)
    invalid('TEMPORAL_ADDRESS', 'missing (needed beside TASVIEH_DATABASE_URL; leave both out for the embedded form)');
  if (databaseUrl === null && temporalAddress !== null)
    invalid('DATABASE_URL', 'missing (needed beside TASVIEH_TEMPORAL_ADDRESS; leave both out for the embedded form)');
  // the value is not repeated: it holds a password
  if (databaseUrl !== null && !isPostgresUrl(databaseUrl)) invalid('DATABASE_URL', 'is not a postgres:// URL');
  if (temporalAddress !== null && !/^[^\s:/]+:\d{1,5}$/.test(temporalAddress))
    invalid('TEMPORAL_ADDRESS', `"${temporalAddress}" is not host:port`);

  const embedded = databaseUrl === null && temporalAddress === null;
  const secret = secretText('SECRET');
  if (secret === null && !embedded && text('SECRET_FILE') === null)
    invalid('SECRET', 'missing (or TASVIEH_SECRET_FILE; signs the tokens, at least 32 characters)');
  if (secret !== null && secret.length < 32) invalid(asGiven('SECRET', text), 'is shorter than 32 characters');

  const keys = secretText('ENCRYPTION_KEYS');
  try {
    if (keys !== null) readEncryptionKeys(keys);
  } catch (error) {
    invalid(asGiven('ENCRYPTION_KEYS', text), (error as RangeError).message);
  }

  const billing = billingSystem(text, secretText, invalid);

  const calls = (name: string, standard: number): number => {
    const value = text(name) ?? String(standard);
    if (!/^\d{1,7}$/.test(value)) invalid(name, `"${value}" is no number of calls a minute (0 = any)`);
    return Number(value);
  };
  const pace = { address: calls('RATE_PER_ADDRESS', 12_000), token: calls('RATE_PER_TOKEN', 3_000), signIn: calls('RATE_SIGN_IN', 120) };
  const trustedProxies = (text('TRUSTED_PROXIES') ?? '').split(/[\s,]+/).filter((each) => each !== '');
  for (const each of trustedProxies)
    if (!isNetwork(each)) invalid('TRUSTED_PROXIES', `"${each}" is no address or network (such as 10.0.0.5 or 10.0.0.0/24)`);

  const publicUrl = text('PUBLIC_URL');
  if (publicUrl !== null && !isPlainHttpUrl(publicUrl))
    invalid('PUBLIC_URL', 'is not an http:// or https:// address without user, query and fragment');
  const oidc = identityProvider(text, secretText, invalid);
  if (oidc !== null && publicUrl === null)
    invalid('PUBLIC_URL', 'missing (needed beside TASVIEH_OIDC_ISSUER: the provider sends browsers back to it)');

  const metrics = {
    host: text('METRICS_HOST') ?? '127.0.0.1',
    port: text('METRICS_PORT') === null ? null : port('METRICS_PORT', 0, 0),
    token: tokenOf('METRICS_TOKEN', text, secretText, invalid),
  };
  // what the metrics tell is no business of an office's network
  if (metrics.port !== null && metrics.token === null && !isLoopback(metrics.host))
    invalid('METRICS_TOKEN', 'missing (or TASVIEH_METRICS_TOKEN_FILE; needed when TASVIEH_METRICS_HOST is not this machine alone)');

  const skew = text('CLOCK_SKEW_MS') ?? '2000';
  if (!/^[1-9]\d{0,6}$/.test(skew)) invalid('CLOCK_SKEW_MS', `"${skew}" is no number of milliseconds`);
  const traces = text('OTEL_ENDPOINT');
  if (traces !== null && !isPlainHttpUrl(traces))
    invalid('OTEL_ENDPOINT', 'is not an http:// or https:// address without user, query and fragment');

  const temporalUiPort = port('TEMPORAL_UI_PORT', 8233);
  const temporalUiUrl = text('TEMPORAL_UI_URL');
  if (temporalUiUrl !== null && !isPlainHttpUrl(temporalUiUrl))
    invalid('TEMPORAL_UI_URL', 'is not an http:// or https:// address without user, query and fragment');

  const workerBuildId = text('WORKER_BUILD_ID');
  if (workerBuildId !== null && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(workerBuildId))
    invalid('WORKER_BUILD_ID', `"${workerBuildId}" is no name of a version: letters, digits, dot, dash, underscore`);

  const logLevel = text('LOG_LEVEL') ?? 'info';
  if (!isLogLevel(logLevel)) invalid('LOG_LEVEL', `"${logLevel}" is none of ${LOG_LEVELS.join(', ')}`);

  const config: Config = {
    dataFolder: path.resolve(text('DATA') ?? 'data'),
    databaseUrl,
    temporalAddress,
    temporalNamespace: text('TEMPORAL_NAMESPACE') ?? 'default',
    temporalPort: port('TEMPORAL_PORT', 7233),
    temporalUiPort,
    temporalUiUrl: temporalUiUrl?.replace(/\/+$/, '') ?? (embedded ? `http://127.0.0.1:${temporalUiPort}` : null),
    postgresPort: port('POSTGRES_PORT', 54329),
    apiHost: text('API_HOST') ?? '127.0.0.1',
    apiPort: port('API_PORT', 8080, 0),
    secret,
    encryptionKeys: keys,
    practiceCodecKey: secretText('PRACTICE_CODEC_KEY'),
    taskQueue: text('TASK_QUEUE') ?? 'tasvieh',
    workerBuildId,
    logLevel: isLogLevel(logLevel) ? logLevel : 'info',
    billing,
    pace,
    trustedProxies,
    publicUrl: publicUrl?.replace(/\/+$/, '') ?? null,
    oidc,
    metrics,
    clockSkewLimitMs: Number(skew),
    traces: traces?.replace(/\/+$/, '') ?? null,
  };
  if (embedded) problems.push(...clashes(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The configured secret, or in the embedded form one made once and kept in the data folder for its owner alone. */
export function signingSecret(config: Pick<Config, 'secret' | 'dataFolder'>): string {
  if (config.secret !== null) return config.secret;
  const file = path.join(config.dataFolder, 'secret');
  const secret = keptSecret(file);
  if (secret.length < 32) throw new Error(`${file} is shorter than 32 characters: delete it to have a new one made`);
  return secret;
}

/** The configured keys, or one made of the signing secret: without it what Temporal keeps cannot be read. */
export function encryptionKeys(config: Pick<Config, 'encryptionKeys' | 'secret' | 'dataFolder'>): string {
  return config.encryptionKeys ?? derivedEncryptionKey(signingSecret(config));
}

/** Reads the secret in `file`, making it at first: mode 0600, 64 hexadecimal characters unless `make` says otherwise. */
export function keptSecret(file: string, make = (): string => randomBytes(32).toString('hex')): string {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    // wx: of two processes that start at once one writes, both read the same
    writeFileSync(file, make(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}

type Text = (name: string) => string | null;
type Invalid = (name: string, why: string) => void;

/** A secret as it is, or what the file of `<name>_FILE` holds, which may be nothing; no message repeats it. null when absent or faulty, which is then said. */
function secretOf(name: string, text: Text, invalid: Invalid): string | null {
  const [given, file] = [text(name), text(`${name}_FILE`)];
  if (file === null) return given;
  if (given !== null) {
    invalid(name, `stands beside TASVIEH_${name}_FILE: leave one of them out`);
    return null;
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    invalid(`${name}_FILE`, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    return null;
  }
}

/** The name under which a secret was given. */
function asGiven(name: string, text: Text): string {
  return text(`${name}_FILE`) === null ? name : `${name}_FILE`;
}

/** A secret that a header carries: a file with two lines or a wrong encoding is noticed here. */
function tokenOf(name: string, text: Text, secretText: Text, invalid: Invalid): string | null {
  const token = secretText(name);
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    invalid(asGiven(name, text), 'holds no token: one line of letters, digits and signs without gaps');
  return token;
}

/** The address with the password in it; the value is never repeated. */
function withPassword(url: string, password: string | null, invalid: Invalid): string {
  if (password === null || !isPostgresUrl(url)) return url;
  const whole = new URL(url);
  if (whole.password !== '') invalid('DATABASE_PASSWORD', 'stands beside a password in TASVIEH_DATABASE_URL: leave one of them out');
  whole.password = encodeURIComponent(password);
  return whole.href;
}

/** Where billing answers calls and the token for it, from a file or as it is; no message repeats either. */
function billingSystem(text: Text, secretText: Text, invalid: Invalid): Config['billing'] {
  const [url, asked] = [text('BILLING_URL'), text('BILLING_TOKEN_FILE') !== null || text('BILLING_TOKEN') !== null];
  if (url === null) {
    if (asked) invalid('BILLING_URL', 'missing (needed beside its token; leave all out where billing sends files)');
    return null;
  }
  if (!isPlainHttpUrl(url)) invalid('BILLING_URL', 'is not an http:// or https:// address without user, query and fragment');
  if (!asked) invalid('BILLING_TOKEN_FILE', 'missing (or TASVIEH_BILLING_TOKEN; needed beside TASVIEH_BILLING_URL)');
  const token = tokenOf('BILLING_TOKEN', text, secretText, invalid);
  return token === null ? null : { url: url.replace(/\/+$/, ''), token };
}

/** Who vouches for people, and as which client this is known there; no message repeats the secret. */
function identityProvider(text: Text, secretText: Text, invalid: Invalid): Config['oidc'] {
  const [issuer, clientId, claim] = [text('OIDC_ISSUER'), text('OIDC_CLIENT_ID'), text('OIDC_USER_CLAIM')];
  const userDomains = (text('OIDC_USER_DOMAIN') ?? '').split(/[\s,]+/).filter((each) => each !== '');
  const secretGiven = text('OIDC_CLIENT_SECRET') !== null || text('OIDC_CLIENT_SECRET_FILE') !== null;
  const clientSecret = secretText('OIDC_CLIENT_SECRET');
  if (issuer === null) {
    if (clientId !== null || claim !== null || userDomains.length > 0 || secretGiven)
      invalid(
        'OIDC_ISSUER',
        'missing (needed beside the other TASVIEH_OIDC_ settings; leave all out where people sign in by password alone)',
      );
    return null;
  }
  // what is said there opens sessions: it may not be said in between
  const secure = isPlainHttpUrl(issuer) && (issuer.startsWith('https:') || isLoopback(new URL(issuer).hostname.replace(/^\[|\]$/g, '')));
  if (!secure) invalid('OIDC_ISSUER', 'is not an https:// address without user, query and fragment (http:// only on this machine)');
  for (const each of userDomains)
    if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(each))
      invalid('OIDC_USER_DOMAIN', `"${each}" is no domain (such as gas.example or GAS, without @ and \\)`);
  if (clientId === null) invalid('OIDC_CLIENT_ID', 'missing (needed beside TASVIEH_OIDC_ISSUER)');
  if (!secretGiven) invalid('OIDC_CLIENT_SECRET_FILE', 'missing (or TASVIEH_OIDC_CLIENT_SECRET; needed beside TASVIEH_OIDC_ISSUER)');
  else if (clientSecret === '') invalid(asGiven('OIDC_CLIENT_SECRET', text), 'holds no secret');
  if (clientId === null || clientSecret === null) return null;
  return { issuer, clientId, clientSecret, userClaim: claim ?? 'preferred_username', userDomains };
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** An IP address, or a network of them that is not every one. */
function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 &&
    rest.length === 0 &&
    (length === undefined || (/^[1-9]\d{0,2}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128)))
  );
}

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

function isPostgresUrl(text: string): boolean {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
}

function clashes(config: Config): string[] {
  const names: Record<string, number> = {
    TASVIEH_API_PORT: config.apiPort,
    TASVIEH_POSTGRES_PORT: config.postgresPort,
    TASVIEH_TEMPORAL_PORT: config.temporalPort,
    TASVIEH_TEMPORAL_UI_PORT: config.temporalUiPort,
    TASVIEH_METRICS_PORT: config.metrics.port ?? 0,
  };
  const seen = new Map<number, string>();
  return Object.entries(names).flatMap(([name, port]) => {
    const other = seen.get(port);
    if (port !== 0 && other !== undefined) return [`${name}: ${port} is also ${other}`];
    seen.set(port, name);
    return [];
  });
}
