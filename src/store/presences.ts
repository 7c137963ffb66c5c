import type { Pool } from 'pg';
import { EVERYWHERE, type Presence, SIGN_GAP_MS } from '../domain/calendar/outage.js';
import { type JalaliDate, addDays, startOfDayInTehran } from '../domain/calendar/jalali.js';

export type PresenceStore = ReturnType<typeof createPresenceStore>;

/** Signs of offices and of the system, as stretches of time by the database's clock. */
export function createPresenceStore(pool: Pool) {
  return {
    /**
     * A sign of each of these offices now: it goes on with the office's stretch, or begins one after a gap. Several
     * processes may tell of one office at once; then two stretches may lie over each other, and are one when read.
     */
    async heard(offices: readonly string[]): Promise<void> {
      await pool.query({
        name: 'app.heard',
        text: `with went_on as (
           update app.presences p set to_at = greatest(to_at, clock_timestamp())
           where office = any($1) and to_at >= clock_timestamp() - $2 * interval '1 ms'
             and from_at = (select max(from_at) from app.presences l where l.office = p.office) returning office)
         insert into app.presences (office, from_at, to_at) select o, at, at
           from (select distinct unnest($1::text[]) as o) offices, (select date_trunc('milliseconds', clock_timestamp()) as at) now
           where o not in (select office from went_on)
         on conflict do nothing`,
        values: [offices, SIGN_GAP_MS],
      });
    },

    /** The stretches that touch the days, both included, and before them each office's last one; of one office those of the system too. */
    async presences({ from, to, office }: { from: JalaliDate; to: JalaliDate; office: string | null }): Promise<Presence[]> {
      const { rows } = await pool.query<Presence>(
        `select office, from_at as "from", to_at as "to" from app.presences
         where to_at >= $1 and from_at < $2 and ($3::text is null or office in ($3, '${EVERYWHERE}'))
         union all
         select l.office, l.from_at, l.to_at from (select distinct office from app.presences where $3::text is null or office in ($3, '${EVERYWHERE}')) o
           cross join lateral (select * from app.presences p where p.office = o.office and p.to_at < $1 order by p.from_at desc limit 1) l
         order by "from", office`,
        [startOfDayInTehran(from), startOfDayInTehran(addDays(to, 1)), office],
      );
      return rows;
    },
  };
}
