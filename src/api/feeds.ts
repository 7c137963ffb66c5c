import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import type { z } from 'zod';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { feedParams, feedQuery } from './schemas.js';

const MAX_FEED_BYTES = 512 * 1024 * 1024;
/** A feed may be long, its sender may not fall silent. */
const IDLE_MS = 30_000;

/** POST /billing/feeds/{kind}: the body flows row by row into the loader, all or nothing. */
export async function receiveFeed(
  { req, res, params, query }: Call<z.output<typeof feedParams>, z.output<typeof feedQuery>>,
  deps: ApiDeps,
): Promise<void> {
  requireCsv(req);
  if (Number(req.headers['content-length'] ?? 0) > MAX_FEED_BYTES) throw new Problem('BODY_TOO_LARGE');

  let broken: Problem | null = null;
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > MAX_FEED_BYTES ? new Problem('BODY_TOO_LARGE') : null, chunk);
    },
  });
  req.socket.setTimeout(IDLE_MS);
  req.socket.once('timeout', silent);
  function silent(): void {
    counted.destroy(new Problem('REQUEST_TIMEOUT'));
  }
  // a sender that breaks off must break the loader's transaction, never look like the end of the file
  const flow = pipeline(req, counted).catch((error: unknown) => {
    broken = error instanceof Problem ? error : new Problem('BODY_INCOMPLETE');
  });

  try {
    const result = await deps.loadFeed(params.kind, counted, query.asOf === undefined ? {} : { asOf: query.asOf });
    if (!result.ok) {
      throw new Problem('FEED_REFUSED', {
        errors: result.faults.map(({ row, column, code, message }) => ({ field: column, code, message, row, column })),
      });
    }
    const { kind, rows, inserted, updated, unchanged } = result;
    res.json({ kind, rows, inserted, updated, unchanged });
  } catch (error) {
    if (error instanceof Problem) throw error;
    // the loader reports the broken stream in its own words; the cause is the sender's
    if (counted.destroyed && !counted.readableEnded) await flow;
    throw (broken as Problem | null) ?? error;
  } finally {
    req.socket.off('timeout', silent);
    req.socket.setTimeout(0);
  }
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
