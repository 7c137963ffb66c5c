import type { Pool } from 'pg';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import { OPEN_STATUSES, type OpenStatus } from '../domain/outbox/outbox.js';
import type { PostingKind } from '../domain/settlement/settlement.js';

/** A posting that billing has not taken yet, with whom it concerns. */
export interface UnsentPosting {
  posting: string;
  kind: PostingKind;
  settlement: string;
  subscription: string;
  subscriber: string | null;
  office: string;
  clerk: { id: string; name: string };
  /** rial */
  amount: number;
  status: OpenStatus;
  /** null while the timetable holds no next cycle, or no cycle may take it any more */
  cycle: string | null;
  dueOn: JalaliDate | null;
  timesLate: number;
  reason: string | null;
}

export interface UnsentFilter {
  office?: string | undefined;
  clerk?: string | undefined;
  cycle?: string | undefined;
  /** due before this day; what has no day is not */
  dueBefore?: JalaliDate | undefined;
}

/** What is unsent (plan, R4): every posting that billing has not taken. */
export interface UnsentStore {
  counts(filter: UnsentFilter): Promise<Record<OpenStatus, number>>;
  /** By the last day, undated ones at the end; `cursor` is what the page before gave as `next`. */
  page(filter: UnsentFilter & { limit: number; cursor?: string | undefined }): Promise<{ items: UnsentPosting[]; next: string | null }>;
  /** How many of which office wait in cycles that close on a day or before. */
  byCycle(until: JalaliDate): Promise<{ cycle: string; dueOn: JalaliDate; office: string; count: number }[]>;
  /** How many wait for no cycle, since the timetable of their series holds none. */
  withoutCycle(): Promise<{ series: string; count: number }[]>;
}

const OPEN = `p.status in (${OPEN_STATUSES.map((status) => `'${status}'`).join(', ')})`;
const PLACE = `(coalesce(p.due_on, '9999/99/99') collate "C")`;
const FROM = `from app.postings p join app.settlements s on s.id = p.settlement_id
  where ${OPEN} and ($1::text is null or s.office = $1)
    and ($2::text is null or s.clerk = $2) and ($3::text is null or p.cycle = $3) and ($4::text is null or p.due_on < $4)`;
const valuesOf = ({ office, clerk, cycle, dueBefore }: UnsentFilter): (string | null)[] => [
  office ?? null,
  clerk ?? null,
  cycle ?? null,
  dueBefore ?? null,
];

export function createUnsentStore(pool: Pool): UnsentStore {
  return {
    async counts(filter) {
      const { rows } = await pool.query<{ status: OpenStatus; count: number }>(
        `select p.status, count(*) ${FROM} group by p.status`,
        valuesOf(filter),
      );
      const counts = Object.fromEntries(OPEN_STATUSES.map((status) => [status, 0])) as Record<OpenStatus, number>;
      for (const { status, count } of rows) counts[status] = count;
      return counts;
    },

    async page({ limit, cursor, ...filter }) {
      // one that is none of ours lists from the beginning
      const [, dueOn = null, posting = null] =
        /^(\d{4}\/\d\d\/\d\d) ([^\s\p{Cc}]+)$/u.exec(Buffer.from(cursor ?? '', 'base64url').toString()) ?? [];
      const { rows } = await pool.query<UnsentPosting>(
        `select p.posting, p.kind, s.id as settlement, s.subscription, s.account->>'name' as subscriber, s.office,
           json_build_object('id', s.operator->'id', 'name', s.operator->'name') as clerk,
           p.amount, p.status, p.cycle, p.due_on as "dueOn", p.times_late as "timesLate", p.reason
         ${FROM} and ($5::text is null or (${PLACE}, p.posting) > ($5, $6)) order by ${PLACE}, p.posting limit $7`,
        [...valuesOf(filter), dueOn, posting, limit + 1],
      );
      const last = rows[limit - 1];
      return {
        items: rows.slice(0, limit),
        next: rows.length > limit && last ? Buffer.from(`${last.dueOn ?? '9999/99/99'} ${last.posting}`).toString('base64url') : null,
      };
    },

    async byCycle(until) {
      const { rows } = await pool.query<{ cycle: string; dueOn: JalaliDate; office: string; count: number }>(
        `select p.cycle, p.due_on as "dueOn", s.office, count(*) from app.postings p join app.settlements s on s.id = p.settlement_id
         where ${OPEN} and p.cycle is not null and ${PLACE} <= $1 group by p.cycle, p.due_on, s.office order by p.due_on, p.cycle, s.office`,
        [until],
      );
      return rows;
    },

    async withoutCycle() {
      // one that no cycle may take any more has its reason: no timetable helps it
      const { rows } = await pool.query<{ series: string; count: number }>(
        `select s.account->>'series' as series, count(*) from app.postings p join app.settlements s on s.id = p.settlement_id
         where ${OPEN} and p.cycle is null and p.reason is null and s.account is not null group by 1 order by 1`,
      );
      return rows;
    },
  };
}
