import { Transform, type Readable } from 'node:stream';
import type { Request } from 'express';
import type { z } from 'zod';
import { FEED_KINDS } from '../domain/settlement/account.js';
import { staleFeeds } from '../domain/settlement/freshness.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { sameName } from '../domain/text.js';
import type { ApiDeps } from './deps.js';
import { tellOfPayments } from './payments.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { feedParams, feedQuery, feedsView } from './schemas.js';

const MAX_FEED_BYTES = 512 * 1024 * 1024;
/** A feed may be long, its sender may not fall silent. */
const IDLE_MS = 30_000;

/** GET /billing/feeds: when each came last, and whether it is too old today (R2). */
export async function listFeeds({ res }: Call, deps: ApiDeps): Promise<void> {
  const today = todayInTehran(deps.now());
  const [fed, terms] = await Promise.all([deps.billing.feeds?.() ?? null, deps.serviceTerms(today)]);
  const stale = staleFeeds(fed ?? [], terms, today);
  const view: z.input<typeof feedsView> = {
    asked: fed === null,
    items: (fed === null ? [] : FEED_KINDS).map((kind) => {
      const feed = fed?.find((each) => each.kind === kind);
      return {
        kind,
        loadedAt: feed?.loadedAt ?? null,
        asOf: feed?.asOf ?? null,
        stale: stale.some((each) => each.kind === kind),
        allowedDays: terms.staleAfterDays[kind] ?? null,
      };
    }),
  };
  res.json(view);
}

/** POST /billing/feeds/{kind}: the body flows row by row into the loader, all or nothing. */
export async function receiveFeed(
  { req, res, operator, params, query }: Call<z.output<typeof feedParams>, z.output<typeof feedQuery>>,
  deps: ApiDeps,
): Promise<void> {
  if (query.olderConfirmedBy !== undefined && sameName(query.olderConfirmedBy, operator.name)) throw new Problem('SECOND_PERSON_NEEDED');
  const limit = deps.maxFeedBytes ?? MAX_FEED_BYTES;
  requireCsv(req);
  if (Number(req.headers['content-length'] ?? 0) > limit) throw new Problem('BODY_TOO_LARGE');

  const body = boundedBody(req, limit);
  try {
    const result = await deps.loadFeed(params.kind, body.stream, {
      ...(query.asOf !== undefined && { asOf: query.asOf }),
      ...(query.olderConfirmedBy !== undefined && { older: { by: operator.name, confirmedBy: query.olderConfirmedBy } }),
    });
    if (!result.ok && 'older' in result) {
      const { asOf, loaded } = result.older;
      throw new Problem('FEED_OLDER', {
        detail: `این پرونده تا ${asOf} است و داده‌های بارگذاری‌شده تا ${loaded}؛ چیزی ثبت نشد. اگر به‌راستی باید جای آن را بگیرد، با تأیید نفر دوم بفرستید.`,
        errors: [{ field: 'asOf', code: 'FEED_OLDER', message: `${asOf} < ${loaded}` }],
      });
    }
    if (!result.ok) {
      throw new Problem('FEED_REFUSED', {
        errors: result.faults.map(({ row, column, code, message }) => ({ field: column, code, message, row, column })),
        members: { ...(result.truncated && { counts: result.counts, truncated: true }) },
      });
    }
    const { kind, rows, inserted, updated, unchanged, payments } = result;
    res.json({ kind, rows, inserted, updated, unchanged });
    // the sender has its answer: what is told now is on record
    if (payments) await tellOfPayments(payments, deps, req.log);
  } catch (error) {
    // the loader tells of a broken stream in its own words; the cause lies with the sender
    throw body.broken() ?? error;
  } finally {
    body.discardRest();
  }
}

interface BoundedBody {
  stream: Readable;
  /** why the body broke off, or null */
  broken(): Problem | null;
  /** lets the unread rest pass by, so that the sender gets to read the answer */
  discardRest(): void;
}

/**
 * The request's body as a stream that ends only with the whole body: too much, silence or a sender that breaks off
 * destroy it, so that the loader's transaction breaks too. Unlike `pipeline` it leaves the socket open for the answer.
 */
function boundedBody(req: Request, limit: number): BoundedBody {
  let problem: Problem | null = null;
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= limit) done(null, chunk);
      else done((problem ??= new Problem('BODY_TOO_LARGE')));
    },
  });
  // without a listener an error that the loader no longer hears would end the process
  stream.on('error', () => undefined);
  const fail = (code: 'BODY_INCOMPLETE' | 'REQUEST_TIMEOUT'): void => {
    if (req.complete || stream.destroyed) return;
    problem ??= new Problem(code);
    stream.destroy(problem);
  };
  const { socket } = req;
  const silent = (): void => fail('REQUEST_TIMEOUT');
  const discardRest = (): void => {
    req.unpipe(stream);
    req.resume();
  };
  socket.setTimeout(IDLE_MS);
  socket.on('timeout', silent);
  req.on('error', () => fail('BODY_INCOMPLETE'));
  req.on('close', () => {
    fail('BODY_INCOMPLETE');
    socket.off('timeout', silent);
    socket.setTimeout(0);
  });
  stream.on('close', discardRest);
  req.pipe(stream);
  return { stream, broken: () => problem, discardRest };
}

function requireCsv(req: Request): void {
  const type = req.headers['content-type'] ?? '';
  const charset = /;\s*charset="?([\w-]+)/i.exec(type)?.[1]?.toLowerCase();
  const coded = req.headers['content-encoding'];
  if (!/^text\/csv\s*(;|$)/i.test(type) || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', {
      detail: 'پرونده باید CSV با کدگذاری UTF-8 باشد. سرایند Content-Type را text/csv بگذارید.',
    });
  }
  if (coded !== undefined && coded !== 'identity') {
    throw new Problem('UNSUPPORTED_MEDIA_TYPE', { detail: 'پروندهٔ فشرده پذیرفته نیست. آن را باز کنید و بفرستید.' });
  }
}
