import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runner } from 'node-pg-migrate';
import { jalali } from '../../src/domain/calendar/jalali.js';
import { freePort } from '../../src/embedded/ports.js';
import { startPostgres } from '../../src/embedded/postgres.js';
import { createIndicatorStore } from '../../src/store/indicators.js';
import { migrate } from '../../src/store/migrate.js';
import { createPool } from '../../src/store/pool.js';

const MIGRATIONS = path.resolve('src/store/migrations');

test('an upgrade fills what the indicators rest on from the settlements of before it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-upgrade-'));
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort() });
  const pool = createPool(postgres.url, { applicationName: 'test' });
  try {
    const before = readdirSync(MIGRATIONS).filter((file) => file < '029');
    const ran = await runner({
      databaseUrl: postgres.url,
      dir: MIGRATIONS,
      direction: 'up',
      count: before.length,
      migrationsTable: 'migrations',
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    });
    expect(ran.map(({ name }) => `${name}.sql`)).toEqual(before.sort());
    await pool.query(`insert into app.settlements (id, subscription, settlement_date, office, clerk, run_id, status, received_at, announced_at, elapsed_ms, within_target, late_entry, facts, operator)
      select n || '-14050601', n, '1405/06/01', '0' || n % 2, 'c' || n % 3, 'run', 'settled', '2026-08-23T08:00:00Z'::timestamptz + n * interval '1 day', '2026-08-23T08:01:00Z'::timestamptz + n * interval '1 day', 60000 + n, n > 2, n = 5, '{}', '{}'
      from generate_series(1, 6) n`);
    await pool.query(`insert into app.corrections (settlement_id, n, kind, cause, description, status, owner_role, reported_by, reported_at, due_at)
      select id, k, 'reading', 'clerk', 'x', case k when 2 then 'withdrawn' else 'issued' end, 'clerk', '{}', received_at, received_at from app.settlements, generate_series(1, 3) k where id < '4'`);
    await pool.query(`insert into app.postings (posting, settlement_id, kind, revision, cycle, due_on, amount, detail, status)
      select s.id || '/' || kind, s.id, kind, 1, '12-1405-05', '1405/06/25', 1, '{}', case when s.id < '5' then 'taken' else 'waiting' end from app.settlements s, unnest(array['settlement', 'fee']) kind`);
    await pool.query(
      `insert into app.posting_moves (posting, from_cycle, to_cycle, why, due_on) select posting, '12-1405-04', cycle, 'late', '1405/06/02' from app.postings where posting < '3'`,
    );
    const asked = { from: jalali('1405/06/01'), to: jalali('1405/06/31'), office: null };
    expect(await migrate(postgres.url)).toContain('029_measures');
    const store = createIndicatorStore(pool);
    expect(await store.drift()).toEqual({ settlements: [], dues: 0 });
    const [all] = await store.counts({ ...asked, by: null });
    expect(all?.counts).toMatchObject({
      requests: 5,
      onTime: 3,
      announcements: 6,
      lateEntries: 1,
      announcedWithError: 3,
      corrections: 6,
      withdrawn: 3,
      due: 12,
      taken: 8,
    });
    expect((await store.counts({ ...asked, by: 'cycle' })).map(({ group, counts }) => [group, counts.announcements, counts.due])).toEqual([
      ['12-1405-04', 2, 4],
      ['12-1405-05', 4, 8],
    ]);
  } finally {
    await pool.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
