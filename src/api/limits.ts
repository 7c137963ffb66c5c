import type { Request, Response } from 'express';
import { ipKeyGenerator, type RateLimitInfo, rateLimit } from 'express-rate-limit';
import type { Operator } from '../domain/settlement/settlement.js';
import { Problem } from './problems.js';
import type { Route } from './route.js';

/** Calls in a minute that one API process takes; 0 = any number. */
export interface Pace {
  /** of one address, behind which a whole office may sit */
  address: number;
  /** of one session or token */
  token: number;
  /** of one address at the doors: sign-in, sign-on, change of password */
  signIn: number;
}

export interface Limits {
  /** Counts a call by its address. Throws TOO_MANY_REQUESTS. */
  arrived(row: Route, req: Request, res: Response): Promise<void>;
  /** Counts a call by its session, which must be known. Throws TOO_MANY_REQUESTS. */
  known(row: Route, req: Request, res: Response): Promise<void>;
  /** Takes the place of the caller's one call of such a row until its answer is sent. Throws ONE_AT_A_TIME. */
  enter(row: Route, operator: Operator, res: Response): void;
}

const WINDOW_MS = 60_000;
/** A feed takes seconds to minutes. */
const BUSY_RETRY_S = 10;

export function createLimits({ address, token, signIn }: Pace): Limits {
  const byAddress = counter(address, addressOf);
  const atDoor = counter(signIn, addressOf);
  const byToken = counter(token, (req) => req.sessionId ?? addressOf(req));
  const inside = new Set<string>();
  return {
    async arrived({ pace }, req, res) {
      // a stream that is refused once does not come back by itself, and who watches the service must see it under load
      if (pace === 'free') return;
      await byAddress(req, res);
      if (pace === 'signIn') await atDoor(req, res);
    },
    async known({ pace }, req, res) {
      if (pace !== 'free') await byToken(req, res);
    },
    enter({ method, path, oneAtATime }, { id }, res) {
      if (!oneAtATime) return;
      const place = `${method} ${path} ${id}`;
      if (inside.has(place)) throw new Problem('ONE_AT_A_TIME', { headers: { 'Retry-After': String(BUSY_RETRY_S) } });
      inside.add(place);
      // not the end of the work: what is done after the answer is in nobody's way
      const leave = (): void => {
        res.off('finish', leave).off('close', leave);
        inside.delete(place);
      };
      res.on('finish', leave).on('close', leave);
    },
  };
}

/** An address, of IPv6 the network of its subscriber, who has more addresses than can be counted. */
function addressOf({ ip }: Request): string {
  return ipKeyGenerator(ip ?? '');
}

function counter(limit: number, keyGenerator: (req: Request) => string): (req: Request, res: Response) => Promise<void> {
  if (limit === 0) return () => Promise.resolve();
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit,
    keyGenerator,
    standardHeaders: false,
    legacyHeaders: false,
    // which proxies are believed is a setting, see docs/operations.md
    validate: false,
    handler(req, _res, next) {
      const { resetTime } = (req as Request & { rateLimit: RateLimitInfo }).rateLimit;
      const seconds = Math.max(1, Math.ceil(((resetTime?.getTime() ?? 0) - Date.now()) / 1000));
      next(new Problem('TOO_MANY_REQUESTS', { headers: { 'Retry-After': String(seconds) } }));
    },
  });
  return (req, res) =>
    new Promise((resolve, reject) => {
      void limiter(req, res, (error?: unknown) => (error instanceof Error ? reject(error) : resolve()));
    });
}
