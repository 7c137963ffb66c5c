import { isDeepStrictEqual } from 'node:util';
import type { Pool, PoolClient } from 'pg';
import type { Fee } from '../domain/bill/debt.js';
import { type FeeResolution, period } from '../domain/tariff/fee-resolution.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import type { Instant, SettlementStatus } from '../domain/settlement/settlement.js';
import { type Tariff, readTariff } from '../domain/tariff/tariff.js';
import { cleanText, sameName } from '../domain/text.js';
import { inTransaction } from './pool.js';

/** A publication or record that may not be: one person alone, or another content under a known version or number. */
export class PublicationRefused extends Error {
  override readonly name = 'PublicationRefused';
}

/** With the two persons; null for practice data and for what was put in before they were asked. */
export interface RecordedResolution extends FeeResolution {
  by: string | null;
  confirmedBy: string | null;
}

/** A settlement that is announced and not yet taken by billing. */
export interface OpenSettlement {
  id: string;
  subscription: string;
  settlementDate: JalaliDate;
  office: string;
  status: SettlementStatus;
}

export interface PublishedTariff {
  tariff: Tariff;
  publishedAt: Instant;
  publishedBy: string;
  /** null: practice data */
  confirmedBy: string | null;
}

export interface TariffStore {
  /** Versions in the order of publication: of two for one day the later stands. */
  versions(): Promise<string[]>;
  /** Every published tariff with the persons, in the order of publication. */
  published(): Promise<PublishedTariff[]>;
  /** The documents of the given versions, in that order. Published documents never change, so they are kept. */
  tariffs(versions: readonly string[]): Promise<Tariff[]>;
  /**
   * Publishes a document, confirmed by another person (practice data by nobody). The same version with the same content
   * changes nothing and answers false; with another content it is refused: also a backdated change is a new version.
   * Issued bills are never touched: they stand by their own lines, inputs and version.
   */
  publish(document: unknown, by: string, confirmedBy?: string): Promise<boolean>;
  /** Open settlements of which a day was or would be priced by the tariff, by their date. */
  openSettlements(tariff: Tariff): Promise<OpenSettlement[]>;
  /** The fee that the board approved for the day, or null. */
  feeOn(date: JalaliDate): Promise<Fee | null>;
  /** Every resolution, in the order of its recording. */
  resolutions(): Promise<RecordedResolution[]>;
  /**
   * Records a resolution, confirmed by another person (practice data by nobody). The same number, however its digits and
   * letters are typed, with the same content changes nothing and answers false; with another content it is refused.
   */
  recordResolution(resolution: FeeResolution, by: string, confirmedBy?: string): Promise<boolean>;
}

export function createTariffStore(pool: Pool): TariffStore {
  const kept = new Map<string, Tariff>();
  return {
    async versions() {
      const { rows } = await pool.query<{ version: string }>('select version from app.tariffs order by seq');
      return rows.map((row) => row.version);
    },
    async published() {
      const { rows } = await pool.query<Omit<PublishedTariff, 'tariff'> & { document: unknown }>(
        'select document, published_at as "publishedAt", published_by as "publishedBy", confirmed_by as "confirmedBy" from app.tariffs order by seq',
      );
      return rows.map(({ document, ...of }) => ({ tariff: readTariff(document), ...of }));
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
    async publish(document, by, confirmedBy) {
      const tariff = readTariff(document);
      twoPersons(by, confirmedBy);
      const { rowCount } = await pool.query(
        'insert into app.tariffs (version, document, published_by, confirmed_by) values ($1, $2, $3, $4) on conflict (version) do nothing',
        [tariff.version, JSON.stringify(tariff), cleanText(by), confirmedBy === undefined ? null : cleanText(confirmedBy)],
      );
      if (rowCount === 1) return true;
      const { rows } = await pool.query<{ document: unknown }>('select document from app.tariffs where version = $1', [tariff.version]);
      if (!isDeepStrictEqual(rows[0]?.document, JSON.parse(JSON.stringify(tariff)))) {
        throw new PublicationRefused(
          `Version ${tariff.version} is published with another content. A change, also a backdated one, is a new version.`,
        );
      }
      return false;
    },
    async openSettlements({ from, to }) {
      // a period that only began under the tariff counts too: its last reading's day is billed already
      const { rows } = await pool.query<OpenSettlement>(
        `select s.id, s.subscription, s.settlement_date as "settlementDate", s.office, s.status
         from app.settlements s left join app.bills b on b.settlement_id = s.id and b.revision = s.revision
         where s.status in ('announced', 'delivered', 'handedOver') and s.settlement_date >= $1
           and ($2::text is null or s.settlement_date <= $2 or b.bill->'previousReading'->>'on' < $2)
         order by s.settlement_date, s.id`,
        [from, to],
      );
      return rows;
    },
    async feeOn(date) {
      const { rows } = await pool.query<Fee>(
        `select number as resolution, amount, illustrative from app.fee_resolutions
         where valid_from <= $1 and (valid_to is null or valid_to >= $1) order by valid_from desc, resolved_on desc, seq desc limit 1`,
        [date],
      );
      return rows[0] ?? null;
    },
    resolutions() {
      return resolutionsOf(pool);
    },
    async recordResolution(resolution, by, confirmedBy) {
      twoPersons(by, confirmedBy);
      const number = cleanText(resolution.number);
      return inTransaction(pool, async (client) => {
        // numbers are compared as people read them, which no unique key does
        await client.query('lock table app.fee_resolutions in share row exclusive mode');
        const same = (await resolutionsOf(client)).find((each) => sameName(each.number, number));
        if (same) {
          const { by: _by, confirmedBy: _confirmedBy, number: known, ...content } = same;
          if (isDeepStrictEqual({ ...content, number }, { ...resolution, number })) return false;
          throw new PublicationRefused(
            `Resolution ${known} is recorded with another content (${content.amount} rial, resolved on ${content.resolvedOn}, ${period(content)}). A change of the fee is a resolution of its own.`,
          );
        }
        const { resolvedOn, amount, from, to, illustrative } = resolution;
        await client.query(
          'insert into app.fee_resolutions (number, resolved_on, amount, valid_from, valid_to, illustrative, recorded_by, confirmed_by) values ($1, $2, $3, $4, $5, $6, $7, $8)',
          [number, resolvedOn, amount, from, to, illustrative, cleanText(by), confirmedBy === undefined ? null : cleanText(confirmedBy)],
        );
        return true;
      });
    },
  };
}

/** Practice data is confirmed by nobody (absent); everything else by another than whoever brings it. */
function twoPersons(by: string, confirmedBy: string | undefined): void {
  if (confirmedBy === undefined) return;
  if (cleanText(by) === '' || cleanText(confirmedBy) === '')
    throw new PublicationRefused('Both persons must be named: the first one, and the one who confirms.');
  if (sameName(by, confirmedBy))
    throw new PublicationRefused(`${cleanText(by)} cannot confirm what is the own: a second person is needed.`);
}

async function resolutionsOf(db: Pool | PoolClient): Promise<RecordedResolution[]> {
  const { rows } = await db.query<RecordedResolution>(
    `select number, resolved_on as "resolvedOn", amount, valid_from as "from", valid_to as "to", illustrative, recorded_by as "by", confirmed_by as "confirmedBy"
     from app.fee_resolutions order by seq`,
  );
  return rows;
}
