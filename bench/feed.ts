import { Readable } from 'node:stream';
import { demoFeeds } from '../src/billing/demo.js';
import { loadFeed } from '../src/billing/feed.js';
import { feedTarget } from '../src/store/payments.js';
import type { FeedKind } from '../src/domain/settlement/account.js';
import { todayInTehran } from '../src/domain/calendar/jalali.js';
import { migrate } from '../src/store/migrate.js';
import { createPool } from '../src/store/pool.js';

const ROWS = 100_000;
/** makes more bills than are loaded */
const SUBSCRIBERS = 10_000;

function* atMost(lines: Iterable<string>, rows: number): Generator<string> {
  let left = rows + 1;
  for (const line of lines) {
    if (left-- === 0) return;
    yield line;
  }
}

/** Some lines a part, as a connection delivers them. */
function* parts(lines: Iterable<string>): Generator<string> {
  let part = '';
  for (const line of lines) {
    part += line;
    if (part.length > 65_536) {
      yield part;
      part = '';
    }
  }
  yield part;
}

/**
 * Loads 100,000 bills into a database without bills (its accounts are loaded first, outside the time): seconds from the
 * first byte to the commit, and the process's resident memory at most, in MB.
 */
export async function benchFeed(databaseUrl: string): Promise<{ rows: number; seconds: number; peakRssMb: number }> {
  await migrate(databaseUrl);
  const pool = createPool(databaseUrl, { applicationName: 'bench feed', max: 2 });
  try {
    const feeds = demoFeeds({ subscribers: SUBSCRIBERS, today: todayInTehran(new Date()) });
    const load = async (kind: FeedKind, lines: Iterable<string>): Promise<number> => {
      const result = await loadFeed(feedTarget(pool), kind, Readable.from(parts(lines), { highWaterMark: 1 }));
      if (!result.ok) throw new Error(`${kind}: ${JSON.stringify('faults' in result ? result.faults.slice(0, 5) : result)}`);
      return result.rows;
    };
    await load('accounts', feeds.accounts);
    // made before, so that the time is the load's alone
    const bills = [...atMost(feeds.bills, ROWS)];

    let peak = 0;
    const sample = (): void => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    const sampling = setInterval(sample, 50);
    const start = performance.now();
    const rows = await load('bills', bills).finally(() => clearInterval(sampling));
    sample();
    return { rows, seconds: (performance.now() - start) / 1000, peakRssMb: Math.round(peak / 1_048_576) };
  } finally {
    await pool.end();
  }
}
