import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Pool } from 'pg';
import { loadFeed, type FeedResult } from '../../src/billing/feed.js';
import { feedTarget } from '../../src/store/payments.js';
import { FEED_TABLES } from '../../src/billing/feed-columns.js';
import type { FeedKind } from '../../src/domain/settlement/account.js';
import { freePort } from '../../src/embedded/ports.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';
import { testPostgres } from '../servers.js';

export interface TestDatabase {
  url: string;
  pool: Pool;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own (or a database of its own on a given one), migrated; its process ends with this one, also after a failure. */
export async function testDatabase(): Promise<TestDatabase> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'tasvieh-test-'));
  const server = await testPostgres({ dataFolder, port: await freePort() });
  let pool: Pool | null = null;
  const stop = async (): Promise<void> => {
    await pool?.end();
    await server.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  };
  try {
    await migrate(server.url);
    pool = createPool(server.url, { applicationName: 'test', max: 4 });
    return { url: server.url, pool, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Row = Record<string, string>;

const DEFAULTS: Record<FeedKind, Row> = {
  accounts: {
    subscription: '014123456701',
    file: '1234567',
    company: '014',
    name: 'علی کریمی',
    nationalId: '0013542419',
    mobile: '09121234567',
    address: 'خیابان ولی‌عصر، کوچهٔ بهار، پلاک ۱۲',
    postalCode: '0612345678',
    office: '01',
    series: '12',
    use: 'household',
    climate: '1',
    area: 'urban',
    units: '1',
    welfare: 'false',
    connectedOn: '1390/01/01',
    closedOn: '',
  },
  meters: {
    subscription: '014123456701',
    serial: '00345678',
    digits: '5',
    capacity: '6',
    coefficient: '1',
    installedOn: '1390/01/01',
    startReading: '0',
    removedOn: '',
    endReading: '',
  },
  bills: {
    subscription: '014123456701',
    serial: '0501',
    cycle: '12-1405-05',
    issuedOn: '1405/08/02',
    fromDate: '1405/06/01',
    toDate: '1405/07/25',
    fromReading: '1200',
    toReading: '1230',
    readingSource: 'staff',
    totalDue: '86400',
  },
  payments: {
    reference: 'P1',
    subscription: '014123456701',
    paidOn: '1405/08/10',
    amount: '86000',
    paymentId: '86050112',
    countedInBill: '',
  },
  adjustments: { reference: 'A1', subscription: '014123456701', on: '1405/08/11', amount: '-5000', reason: 'برگشت', countedInBill: '' },
  instalments: { reference: 'I1', subscription: '014123456701', dueOn: '1405/10/01', amount: '250000', countedInBill: '' },
  deposits: { reference: 'D1', subscription: '014123456701', amount: '3000000', on: '1390/01/01' },
  cycles: {
    series: '12',
    cycle: '12-1405-06',
    fromDate: '1405/07/25',
    toDate: '1405/09/24',
    closesOn: '1405/09/27',
    issuesOn: '1405/10/02',
    objectionDays: '30',
  },
};

/** A feed of rows that differ from a good one in the named cells. */
export function feedText(kind: FeedKind, rows: Row[]): string {
  const header = FEED_TABLES[kind].columns.flatMap(({ name }) => (name === null ? [] : [name]));
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [header, ...rows.map((row) => header.map((name) => cell(row[name] ?? DEFAULTS[kind][name] ?? '')))]
    .map((cells) => `${cells.join(',')}\n`)
    .join('');
}

export function load(pool: Pool, kind: FeedKind, rows: Row[] | string | Buffer): Promise<FeedResult> {
  const bytes = Buffer.isBuffer(rows) ? rows : Buffer.from(typeof rows === 'string' ? rows : feedText(kind, rows));
  return loadFeed(feedTarget(pool), kind, Readable.from([bytes]));
}

export async function emptied(pool: Pool): Promise<void> {
  await pool.query(
    'truncate billing.accounts, billing.meters, billing.bills, billing.payments, billing.adjustments, billing.instalments, billing.deposits, billing.cycles, billing.feeds, billing.older_feeds',
  );
}
