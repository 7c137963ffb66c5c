import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { todayInTehran } from '../domain/calendar/jalali.js';
import { serviceTermsOn } from '../domain/settlement/service-terms.js';
import type { Tariff, TariffFault } from '../domain/tariff/tariff.js';
import {
  type ChangedTerms,
  type Requirement,
  type TermsChange,
  changedTariff,
  documentsOn,
  laterTerms,
  nextVersion,
  standingOn,
} from '../domain/tariff/terms-change.js';
import { type TariffReview, reviewTariff } from '../store/publication.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './problems.js';
import type { Call } from './route.js';
import type { termsQuery, termsRequest, termsView } from './schemas.js';
import { sound, viewDifference, viewHours, viewProposal, viewRequirement, viewReview } from './tariffs.js';

type Asked = z.output<typeof termsRequest>;

/** GET /terms: deadlines, thresholds, working days and documents of a day, and what is decided for later ones. */
export async function showTerms({ res, query }: Call<unknown, z.output<typeof termsQuery>>, deps: ApiDeps) {
  const on = query.on ?? todayInTehran(deps.now());
  const tariffs = await deps.tariffs.tariffs(await deps.tariffs.versions());
  const standing = standingOn(tariffs, on);
  const { daysOff, openingHours, remindDaysBeforeClosing, ...terms } = serviceTermsOn(tariffs, on);
  const view: z.input<typeof termsView> = {
    on,
    tariff: standing && {
      version: standing.tariff.version,
      title: standing.tariff.title,
      provisional: standing.provisional,
      to: standing.to,
    },
    terms: {
      ...terms,
      remindDaysBeforeClosing: [...remindDaysBeforeClosing],
      openingHours: openingHours.map(viewHours),
      daysOff: [...daysOff],
    },
    documents: documentsOn(tariffs, on).map(({ from, to, ...each }) => ({ ...viewRequirement(each), from, to })),
    later: laterTerms(tariffs, on).map(viewDifference),
  };
  res.json(view);
}

/** POST /terms/check: what the change would make otherwise, and everything that is wrong with it; nothing is kept. */
export async function checkTerms({ res, body }: Call<unknown, unknown, Asked>, deps: ApiDeps) {
  res.json(viewReview((await changeOf(body, deps)).review));
}

/** POST /terms: one administrator's proposal; it is published as every other tariff is. */
export async function proposeTerms({ res, operator, body }: Call<unknown, unknown, Asked>, deps: ApiDeps) {
  const { change, document, review } = await changeOf(body, deps);
  const tariff = sound(review, true);
  if (review.differences.length === 0)
    throw new Problem('INVALID_REQUEST', {
      errors: [{ field: '', code: 'NO_CHANGE', message: 'این همان است که در کار است. چیزی را تغییر دهید و دوباره بفرستید.' }],
    });
  const waiting = await deps.proposals.list('tariff');
  if (waiting.some(({ subject }) => subject === tariff.version)) throw new Problem('PROPOSAL_WAITS');
  // its rates stand already: whoever published them has said that they are meant
  const proposal = await deps.proposals.propose(
    { kind: 'tariff', subject: tariff.version, content: document, change, meant: true },
    operator,
  );
  res.status(201).json(viewProposal(proposal, tariff));
}

/** The version that the change makes of the tariff in force, and what is to be known of it: of the service alone, for its rates are the same. */
async function changeOf(
  { from, terms, documents }: Asked,
  deps: ApiDeps,
): Promise<{ change: TermsChange; document: Tariff; review: TariffReview }> {
  // what a request leaves out is not there, in either form of the types
  const change: TermsChange = {
    from,
    ...(terms && { terms: terms as ChangedTerms }),
    ...(documents && { documents: documents as Requirement[] }),
  };
  const published = (await deps.tariffs.published()).map(({ tariff }) => tariff);
  const standing = standingOn(published, from);
  const document =
    standing &&
    changedTariff(
      published,
      change,
      nextVersion(
        standing.tariff.version,
        published.map(({ version }) => version),
      ),
    );
  if (!document) throw new Problem('NO_TARIFF_IN_FORCE');
  const review = await reviewTariff(deps.tariffs, document);
  const [faults, warnings] = [
    asAsked(review.faults),
    asAsked(review.warnings.filter(({ path }) => /^(service|requiredDocuments)/.test(path))),
  ];
  return { change, document, review: { ...review, faults, warnings, doubts: [], samples: [] } };
}

/** Findings by the fields of the request; each stretch of days that the change reaches would tell them again. */
function asAsked(found: readonly TariffFault[]): TariffFault[] {
  const told = found.map((each) => ({
    ...each,
    path: each.path.replace(/^service\[\d+\]/, 'terms').replace(/^requiredDocuments\[\d+\]/, 'documents'),
  }));
  return told.filter((each, i) => told.findIndex((other) => isDeepStrictEqual(each, other)) === i);
}
