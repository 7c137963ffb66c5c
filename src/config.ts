import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

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
  taskQueue: string;
  logLevel: LogLevel;
  /** the company's billing system when it answers calls; null = its files. The token is a secret. */
  billing: { url: string; token: string } | null;
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

  const databaseUrl = text('DATABASE_URL');
  const temporalAddress = text('TEMPORAL_ADDRESS');
  // half a production configuration would quietly start a development server beside it
  if (databaseUrl !== null && temporalAddress === null) invalid('TEMPORAL_ADDRESS', 'missing (needed beside TASVIEH_DATABASE_URL; leave both out for the embedded form)');
  if (databaseUrl === null && temporalAddress !== null) invalid('DATABASE_URL', 'missing (needed beside TASVIEH_TEMPORAL_ADDRESS; leave both out for the embedded form)');
  // the value is not repeated: it holds a password
  if (databaseUrl !== null && !isPostgresUrl(databaseUrl)) invalid('DATABASE_URL', 'is not a postgres:// URL');
  if (temporalAddress !== null && !/^[^\s:/]+:\d{1,5}$/.test(temporalAddress)) invalid('TEMPORAL_ADDRESS', `"${temporalAddress}" is not host:port`);

  const embedded = databaseUrl === null && temporalAddress === null;
  const secret = text('SECRET');
  if (secret === null && !embedded) invalid('SECRET', 'missing (signs the tokens, at least 32 characters)');
  if (secret !== null && secret.length < 32) invalid('SECRET', 'is shorter than 32 characters');

  const billing = billingSystem(text, invalid);

  const temporalUiPort = port('TEMPORAL_UI_PORT', 8233);
  const temporalUiUrl = text('TEMPORAL_UI_URL');
  if (temporalUiUrl !== null && !isPlainHttpUrl(temporalUiUrl)) invalid('TEMPORAL_UI_URL', 'is not an http:// or https:// address without user, query and fragment');

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
    taskQueue: text('TASK_QUEUE') ?? 'tasvieh',
    logLevel: isLogLevel(logLevel) ? logLevel : 'info',
    billing,
  };
  if (embedded) problems.push(...clashes(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The configured secret, or in the embedded form one made once and kept in the data folder for its owner alone. */
export function signingSecret(config: Pick<Config, 'secret' | 'dataFolder'>): string {
  return config.secret ?? keptSecret(path.join(config.dataFolder, 'secret'));
}

/** Reads the secret in `file`, making it at first: 64 hexadecimal characters, mode 0600. */
export function keptSecret(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    // wx: of two processes that start at once one writes, both read the same
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < 32) throw new Error(`${file} is shorter than 32 characters: delete it to have a new one made`);
  return secret;
}

/** Where billing answers calls and the token for it, from a file or as it is; no message repeats either. */
function billingSystem(text: (name: string) => string | null, invalid: (name: string, why: string) => void): Config['billing'] {
  const [url, file, given] = [text('BILLING_URL'), text('BILLING_TOKEN_FILE'), text('BILLING_TOKEN')];
  if (url === null) {
    if (file !== null || given !== null) invalid('BILLING_URL', 'missing (needed beside its token; leave all out where billing sends files)');
    return null;
  }
  if (!isPlainHttpUrl(url)) invalid('BILLING_URL', 'is not an http:// or https:// address without user, query and fragment');
  if (file !== null && given !== null) invalid('BILLING_TOKEN', 'stands beside TASVIEH_BILLING_TOKEN_FILE: leave one of them out');
  if (file === null && given === null) invalid('BILLING_TOKEN_FILE', 'missing (or TASVIEH_BILLING_TOKEN; needed beside TASVIEH_BILLING_URL)');
  const name = file === null ? 'BILLING_TOKEN' : 'BILLING_TOKEN_FILE';
  let token = given;
  if (file !== null) {
    try {
      token = readFileSync(file, 'utf8').trim();
    } catch (error) {
      invalid(name, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
      return null;
    }
  }
  if (token === null) return null;
  // what a header can carry: a file with two lines or a wrong encoding is noticed here
  if (!/^[\x21-\x7e]+$/.test(token)) invalid(name, 'holds no token: one line of letters, digits and signs without gaps');
  return { url: url.replace(/\/+$/, ''), token };
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
  };
  const seen = new Map<number, string>();
  return Object.entries(names).flatMap(([name, port]) => {
    const other = seen.get(port);
    if (port !== 0 && other !== undefined) return [`${name}: ${port} is also ${other}`];
    seen.set(port, name);
    return [];
  });
}
