import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Pool } from 'pg';
import { DEMO_OFFICES, demoFeeds } from '../billing/demo.js';
import { loadFeed } from '../billing/feed.js';
import { FEED_KINDS } from '../domain/settlement/account.js';
import type { FeeResolution } from '../domain/tariff/fee-resolution.js';
import { projectFolder } from './project-folder.js';
import { type JalaliDate, jalali, todayInTehran } from '../domain/calendar/jalali.js';
import { QUALIFICATIONS } from '../domain/people/qualification.js';
import type { Operator } from '../domain/settlement/settlement.js';
import { type Tariff, readTariff } from '../domain/tariff/tariff.js';
import { feedTarget } from '../store/payments.js';
import { PRACTICE, createPeopleStore } from '../store/people.js';
import { createSignInStore } from '../store/sign-in.js';
import { createTariffStore } from '../store/tariffs.js';

/** The household tariff published for 1397, under its real dates. */
export function publishedTariff(): Tariff {
  return readTariff(JSON.parse(readFileSync(path.join(projectFolder(), 'tariffs/household-1397.json'), 'utf8')));
}

/**
 * The figures of 1397 again, for every day after them: for practice only, and marked so on every bill.
 * Seasons repeat each year; the cold steps of climates 3 to 5 were not published and are not invented.
 */
export function illustrativeTariff(): Tariff {
  const { provisionalTo: _, ...published } = publishedTariff();
  const from = jalali('1398/01/16');
  const open = <R extends { from: JalaliDate; to: JalaliDate | null }>(rules: R[]): R[] =>
    rules.map((rule) => ({ ...rule, from, to: null }));
  return {
    ...published,
    version: 'illustrative-1397',
    title: 'تعرفه نمایشی (ارقام ۱۳۹۷)',
    source: `${published.source} (illustrative outside its dates)`,
    illustrative: true,
    from,
    to: null,
    seasons: [
      { season: 'warm', from: '01/16', to: '08/15' },
      { season: 'cold', from: '08/16', to: '01/15' },
    ],
    levy: open(published.levy),
    vat: open(published.vat),
    insurance: open(published.insurance),
    subscription: [{ from, to: null, capacityUpTo: null, rialPerMonth: 4_000, per: 'meter' }],
  };
}

export const DEMO_RESOLUTION: FeeResolution = {
  number: 'نمایشی-۱',
  resolvedOn: jalali('1405/01/10'),
  amount: 49_000,
  from: jalali('1398/01/16'),
  to: null,
  illustrative: true,
};

/** Has a valid check digit and belongs to nobody. */
export const DEMO_NATIONAL_ID = '0932833810';
export const DEMO_CLERK: Operator = { id: 'demo-clerk', name: 'کارمند نمایشی', role: 'clerk', office: '01' };

/** The demo's clerk of an office. */
export function demoClerk(office: string): Operator {
  return office === DEMO_CLERK.office ? DEMO_CLERK : { ...DEMO_CLERK, id: `${DEMO_CLERK.id}-${office}`, office };
}

const DEMO_COLLEAGUES: Operator[] = [
  { id: 'demo-supervisor', name: 'سرپرست نمایشی', role: 'supervisor', office: DEMO_CLERK.office },
  { id: 'demo-approver', name: 'تصویب‌کننده نمایشی', role: 'approver', office: DEMO_CLERK.office },
  { id: 'demo-billing', name: 'کارشناس صورتحساب نمایشی', role: 'billing', office: DEMO_CLERK.office },
  { id: 'demo-quality', name: 'مسئول کیفیت نمایشی', role: 'quality', office: DEMO_CLERK.office },
  { id: 'demo-admin', name: 'مدیر سامانه نمایشی', role: 'admin', office: DEMO_CLERK.office },
];

/**
 * Records the demo's people: a clerk for each office and a colleague of each other role, all qualified. With `password` those
 * who have none can sign in by it; without it nobody can. What stands already stays as it is.
 */
export async function recordDemoPeople(pool: Pool, password?: string): Promise<Operator[]> {
  const [people, signIns] = [createPeopleStore(pool), createSignInStore(pool)];
  const clerks = DEMO_OFFICES.map(demoClerk);
  const everybody = [...clerks, ...DEMO_COLLEAGUES];
  for (const { id, name, office, role } of everybody) {
    const recorded = await people.record({ id, name, office, roles: [role] }, PRACTICE);
    const person = recorded ?? (await people.get(id));
    for (const code of QUALIFICATIONS) {
      if (person?.qualifications.some((each) => each.code === code)) continue;
      await people.qualify(id, { code, validFrom: jalali('1400/01/01'), validTo: null, certificate: null }, PRACTICE);
    }
    if (password !== undefined) await signIns.givePassword(id, password, PRACTICE);
  }
  return everybody;
}

/**
 * Fills an empty database for practice: tariffs, a fee resolution and synthetic subscribers. Where accounts stand already
 * it leaves them alone: the demo's periods follow the day on which it was made. Answers how many were added and how many there are.
 */
export async function loadDemoData(pool: Pool, subscribers: number, now: Date): Promise<{ added: number; accounts: number }> {
  const tariffs = createTariffStore(pool);
  const versions = await tariffs.versions();
  for (const tariff of [publishedTariff(), illustrativeTariff()]) {
    // what an older demo published stays as it is
    if (!versions.includes(tariff.version)) await tariffs.publish(tariff, 'demo');
  }
  const recorded = await tariffs.resolutions();
  if (!recorded.some(({ number }) => number === DEMO_RESOLUTION.number)) await tariffs.recordResolution(DEMO_RESOLUTION, 'demo');
  const { rows } = await pool.query<{ n: number }>('select count(*) as n from billing.accounts');
  const before = rows[0]?.n ?? 0;
  if (before > 0) return { added: 0, accounts: before };
  const feeds = demoFeeds({ subscribers, today: todayInTehran(now) });
  for (const kind of FEED_KINDS) {
    const result = await loadFeed(feedTarget(pool), kind, Readable.from(feeds[kind]));
    if (!result.ok) throw new Error(`demo ${kind}: ${JSON.stringify('faults' in result ? result.faults.slice(0, 3) : result)}`);
  }
  return { added: subscribers, accounts: subscribers };
}
