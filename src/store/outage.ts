/** What keeps PostgreSQL from doing its work: it cannot be reached, takes no writes, has no room, no connection left, or is too slow. */
export type Outage = 'unreachable' | 'read-only' | 'full' | 'crowded' | 'slow';

/** SQLSTATEs (PostgreSQL, appendix A) and what the operating system says of a connection. */
const BY_CODE: readonly (readonly [RegExp, Outage])[] = [
  // 08P01 is a violation of the protocol, such as a pooler that does not take our start-up parameters: waiting mends nothing
  [/^08(?!P01)...$/, 'unreachable'],
  [/^57P0[1-5]$/, 'unreachable'],
  [
    /^(EAI_[A-Z]+|ENOTFOUND|ECONNREFUSED|ECONNRESET|ECONNABORTED|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|ETIMEDOUT|EPIPE)$/,
    'unreachable',
  ],
  [/^25006$/, 'read-only'],
  [/^53[12]00$/, 'full'],
  [/^53300$/, 'crowded'],
  [/^(57014|55P03|25P0[34])$/, 'slow'],
];

/** What pg and its pool report without a code. */
const BY_MESSAGE: readonly (readonly [RegExp, Outage])[] = [
  [/^(Connection terminated|timeout expired$|Client has encountered a connection error|Client was closed)/, 'unreachable'],
  // every connection of the pool is in use, or a new one is not answered
  [/^timeout exceeded when trying to connect/, 'unreachable'],
  [/^Query read timeout/, 'slow'],
];

/** The outage that an error of pg, its pool or the network reports, or null for a fault that waiting does not mend. */
export function outageOf(error: unknown): Outage | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, message, errors } = error as { code?: unknown; message?: unknown; errors?: unknown };
  if (typeof code === 'string') return BY_CODE.find(([pattern]) => pattern.test(code))?.[1] ?? null;
  // several addresses of one name were tried
  if (Array.isArray(errors)) return errors.map(outageOf).find((each) => each !== null) ?? null;
  // an error of the server itself always has a code
  return BY_MESSAGE.find(([pattern]) => typeof message === 'string' && pattern.test(message))?.[1] ?? null;
}

export function isOutage(error: unknown): boolean {
  return outageOf(error) !== null;
}
