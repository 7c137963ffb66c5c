import { isDeepStrictEqual } from 'node:util';
import { type FeeResolution, type ResolutionReview, reviewResolution } from '../domain/tariff/fee-resolution.js';
import type { JalaliDate } from '../domain/calendar/jalali.js';
import { type DocumentReview, type TariffDocument, readDocument, reviewDocument, tariffBefore } from '../domain/tariff/tariff-review.js';
import type { Tariff, TariffFault } from '../domain/tariff/tariff.js';
import { type TermsDifference, changedTariff, termsDifferences } from '../domain/tariff/terms-change.js';
import { cleanText, sameName } from '../domain/text.js';
import type { Proposal } from './proposals.js';
import type { TariffStore } from './tariffs.js';

/**
 * What the command and the pages ask before a tariff is published or a resolution recorded. Faults forbid it; doubts
 * (about ten times or a tenth of what was before: toman for rial) must be meant; what stands already was asked then.
 */

export interface TariffReview extends DocumentReview {
  /** null when there are faults */
  tariff: Tariff | null;
  /** version of the tariff before it; null: there is none */
  against: string | null;
  doubts: TariffFault[];
  /** what it makes otherwise of service terms, working days and documents, on its days */
  differences: TermsDifference[];
}

/** A document beside the published tariffs; `against` names the version to compare with, the one before it when absent. */
export async function reviewTariff(
  store: Pick<TariffStore, 'versions' | 'tariffs'>,
  json: unknown,
  against?: string,
): Promise<TariffReview> {
  return reviewTariffDocument(store, readDocument(json), against);
}

export async function reviewTariffDocument(
  store: Pick<TariffStore, 'versions' | 'tariffs'>,
  document: TariffDocument,
  against?: string,
): Promise<TariffReview> {
  const { tariff } = document;
  if (!tariff) return { tariff, against: null, doubts: [], differences: [], ...reviewDocument(document, null) };
  const versions = await store.versions();
  const published = await store.tariffs(versions);
  const before = against === undefined ? tariffBefore(tariff, published) : (published.find(({ version }) => version === against) ?? null);
  const review = reviewDocument(document, before);
  const others = published.filter(({ version }) => version !== tariff.version);
  return {
    tariff,
    against: before?.version ?? null,
    doubts: versions.includes(tariff.version) ? [] : review.warnings.filter(({ code }) => code === 'SLIP_OF_TEN'),
    differences: termsDifferences(others, [...others, tariff], tariff),
    ...review,
  };
}

/** Whether a change made of today's tariffs is what was proposed: what was published meanwhile must not be undone by it. A whole document always fits. */
export function stillFits({ subject, content, change }: Proposal, published: readonly Tariff[]): boolean {
  return change === null || isDeepStrictEqual(JSON.parse(JSON.stringify(changedTariff(published, change, subject))), content);
}

/** A resolution beside those on record, its number as it is kept. */
export async function reviewForRecord(
  store: Pick<TariffStore, 'resolutions'>,
  asked: FeeResolution,
  today: JalaliDate,
): Promise<ResolutionReview & { resolution: FeeResolution }> {
  const resolution = { ...asked, number: cleanText(asked.number) };
  const known = await store.resolutions();
  const others = known.filter((each) => !sameName(each.number, resolution.number));
  const review = reviewResolution(resolution, others, today);
  return { resolution, ...review, doubts: others.length < known.length ? [] : review.doubts };
}
