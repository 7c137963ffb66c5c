import type { Pool } from 'pg';
import { FEED_KINDS, type FeedKind } from '../domain/settlement/account.js';
import { type JalaliDate, addDays, daysBetween, todayInTehran } from '../domain/calendar/jalali.js';
import { OPEN_STATUSES, type OpenStatus } from '../domain/outbox/outbox.js';
import { type TaskKind } from '../domain/settlement/task.js';

/** How long the announcement has been waited for: in time, at risk, breached. */
export const DELAYS = ['none', 'atRisk', 'breached'] as const;
/** When billing must have a posting, counted from the Tehran day: each holds those before it. */
export const CLOSING = { passed: -1, today: 0, tomorrow: 1, week: 7 } as const;

/** What stands open now, of all offices: the figures of the risks that are watched (plan, R2, R4, R5). No person is in it. */
export interface Standing {
  /** settlements that are received and not announced */
  waiting: Record<(typeof DELAYS)[number], number>;
  /** seconds since the receipt of the oldest of them, late entries apart; 0 without one */
  oldestWaitingSeconds: number;
  /** postings that billing has not taken */
  postings: Record<OpenStatus, number>;
  /** of them, those whose cycle closes on a day or before */
  closing: Record<keyof typeof CLOSING, number>;
  withoutCycle: number;
  /** only kinds of which one is open */
  tasks: { kind: TaskKind; open: number; overdue: number; oldestSeconds: number }[];
  /** reported payments that belong to no slip and no bill */
  unknownPayments: number;
  /** days since the day up to which a feed speaks; only feeds that came */
  feedAgeDays: Partial<Record<FeedKind, number>>;
  /** seconds since the moment up to which the histories of what had ended are kept; before the first export since the first settlement, 0 without one */
  historiesBehindSeconds: number;
  /** ms since 1970, of the database's clock */
  clock: number;
}

const OPEN = OPEN_STATUSES.map((status) => `'${status}'`).join(', ');

/** Reads what stands open; every figure from an index of open rows, so that it stays cheap beside millions of ended ones. */
export function createStandingStore(pool: Pool): { standing(now: Date): Promise<Standing> } {
  return {
    async standing(now) {
      const today = todayInTehran(now);
      const days = Object.entries(CLOSING).map(([name, ahead]): [string, JalaliDate] => [name, addDays(today, ahead)]);
      const { rows } = await pool.query<
        Omit<Standing, 'closing' | 'feedAgeDays'> & { closing: number[]; feeds: { kind: FeedKind; asOf: JalaliDate }[] }
      >(
        `select
           (select json_build_object('none', count(*) filter (where at_risk_at is null and breached_at is null),
              'atRisk', count(*) filter (where at_risk_at is not null and breached_at is null), 'breached', count(*) filter (where breached_at is not null))
            from app.settlements where status = 'received') as waiting,
           (select coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 from app.settlements where status = 'received' and not late_entry) as "oldestWaitingSeconds",
           (select json_object_agg(x.status, (select count(*) from app.postings p where p.status = x.status and p.status in (${OPEN}))) from unnest(array[${OPEN}]) as x(status)) as postings,
           (select json_agg((select count(*) from app.postings p where p.status in (${OPEN}) and p.due_on is not null
              and (coalesce(p.due_on, '9999/99/99') collate "C") <= d.day) order by d.n) from unnest($1::text[]) with ordinality as d(day, n)) as closing,
           (select count(*) from app.postings p where p.status in (${OPEN}) and (coalesce(p.due_on, '9999/99/99') collate "C") = '9999/99/99' and p.cycle is null) as "withoutCycle",
           (select coalesce(json_agg(t), '[]') from (select kind, count(*) as open, count(*) filter (where due_at < clock_timestamp()) as overdue,
              extract(epoch from clock_timestamp() - min(since))::float8 as "oldestSeconds" from app.tasks where closed_at is null group by kind order by kind) t) as tasks,
           (select count(*) from app.payments p where p.settlement_id is null and not exists (select from billing.payments f where f.reference = p.reference)) as "unknownPayments",
           (select coalesce(json_agg(json_build_object('kind', kind, 'asOf', as_of)), '[]') from billing.feeds) as feeds,
           coalesce(extract(epoch from clock_timestamp() - coalesce((select max(until) from app.history_exports), (select min(received_at) from app.settlements))), 0)::float8 as "historiesBehindSeconds",
           (extract(epoch from clock_timestamp()) * 1000)::float8 as clock`,
        [days.map(([, day]) => day)],
      );
      const [row] = rows;
      if (!row) throw new Error('the database told nothing');
      const { closing, feeds, ...standing } = row;
      return {
        ...standing,
        closing: Object.fromEntries(days.map(([name], at) => [name, closing[at] ?? 0])) as Standing['closing'],
        // a kind that the code does not know is no label of ours
        feedAgeDays: Object.fromEntries(
          feeds.filter(({ kind }) => FEED_KINDS.includes(kind)).map(({ kind, asOf }) => [kind, daysBetween(asOf, today)]),
        ),
      };
    },
  };
}
