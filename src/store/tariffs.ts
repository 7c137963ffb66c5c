import type { Pool } from 'pg';
import type { Fee } from '../domain/debt.js';
import type { JalaliDate } from '../domain/jalali.js';
import { type Tariff, readTariff } from '../domain/tariff.js';

export interface TariffStore {
  /** Versions in the order of publication: of two for one day the later stands. */
  versions(): Promise<string[]>;
  /** The documents of the given versions, in that order. Published documents never change, so they are kept. */
  tariffs(versions: readonly string[]): Promise<Tariff[]>;
  /** Publishes a document; the same version again changes nothing. */
  publish(document: unknown, by: string): Promise<boolean>;
  /** The fee that the board approved for the day, or null. */
  feeOn(date: JalaliDate): Promise<Fee | null>;
  recordResolution(resolution: {
    number: string;
    resolvedOn: JalaliDate;
    amount: number;
    from: JalaliDate;
    to: JalaliDate | null;
    illustrative: boolean;
  }): Promise<void>;
}

export function createTariffStore(pool: Pool): TariffStore {
  const kept = new Map<string, Tariff>();
  return {
    async versions() {
      const { rows } = await pool.query<{ version: string }>('select version from app.tariffs order by seq');
      return rows.map((row) => row.version);
    },
    async tariffs(versions) {
      const missing = versions.filter((version) => !kept.has(version));
      if (missing.length > 0) {
        const { rows } = await pool.query<{ document: unknown }>('select document from app.tariffs where version = any($1)', [missing]);
        for (const { document } of rows) {
          const tariff = readTariff(document);
          kept.set(tariff.version, tariff);
        }
      }
      return versions.map((version) => {
        const tariff = kept.get(version);
        if (!tariff) throw new Error(`no tariff ${version}`);
        return tariff;
      });
    },
    async publish(document, by) {
      const tariff = readTariff(document);
      const { rowCount } = await pool.query('insert into app.tariffs (version, document, published_by) values ($1, $2, $3) on conflict (version) do nothing', [
        tariff.version,
        JSON.stringify(tariff),
        by,
      ]);
      return rowCount === 1;
    },
    async feeOn(date) {
      const { rows } = await pool.query<Fee>(
        `select number as resolution, amount, illustrative from app.fee_resolutions
         where valid_from <= $1 and (valid_to is null or valid_to >= $1) order by valid_from desc, resolved_on desc limit 1`,
        [date],
      );
      return rows[0] ?? null;
    },
    async recordResolution({ number, resolvedOn, amount, from, to, illustrative }) {
      await pool.query(
        `insert into app.fee_resolutions (number, resolved_on, amount, valid_from, valid_to, illustrative) values ($1, $2, $3, $4, $5, $6) on conflict (number) do nothing`,
        [number, resolvedOn, amount, from, to, illustrative],
      );
    },
  };
}
