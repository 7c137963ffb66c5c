import type { z } from 'zod';
import type { FeeResolution, ResolutionFinding } from '../domain/tariff/fee-resolution.js';
import { todayInTehran } from '../domain/calendar/jalali.js';
import type { Operator } from '../domain/settlement/settlement.js';
import { type RequiredDocument, type Tariff, type TariffFault, readTariff, tariffOn } from '../domain/tariff/tariff.js';
import type { Requirement, TermsDifference } from '../domain/tariff/terms-change.js';
import { cleanText } from '../domain/text.js';
import type { OpeningHours } from '../domain/calendar/working-calendar.js';
import type { Proposal } from '../store/proposals.js';
import { type TariffReview, reviewForRecord, reviewTariff, stillFits } from '../store/publication.js';
import type { PublishedTariff } from '../store/tariffs.js';
import type { ApiDeps } from './deps.js';
import { Problem, type ProblemError } from './problems.js';
import type { Call } from './route.js';
import type {
  feeResolutionRequest,
  feeResolutionView,
  feeResolutionsView,
  proposalParams,
  publicationRequest,
  tariffCheckRequest,
  tariffHeadView,
  tariffParams,
  tariffProposalView,
  tariffReviewView,
  tariffRequest,
  tariffsView,
} from './schemas.js';

/** GET /tariffs: what is published, and what waits for a second person. */
export async function listTariffs({ res }: Call, deps: ApiDeps) {
  const today = todayInTehran(deps.now());
  const [published, proposals] = await Promise.all([deps.tariffs.published(), deps.proposals.list('tariff')]);
  const inForce = tariffOn(
    published.map(({ tariff }) => tariff),
    today,
  )?.version;
  const view: z.input<typeof tariffsView> = {
    items: published.map((each) => viewPublished(each, inForce)),
    proposals: proposals.map((each) => viewProposal(each, readTariff(each.content))),
  };
  res.json(view);
}

/** GET /tariffs/{version}: the document, published or proposed. */
export async function showTariff({ res, params: { version } }: Call<z.output<typeof tariffParams>>, deps: ApiDeps) {
  const [published, proposals] = await Promise.all([deps.tariffs.published(), deps.proposals.list('tariff')]);
  const standing = published.find(({ tariff }) => tariff.version === version);
  const proposal = proposals.find(({ subject }) => subject === version);
  const document = standing?.tariff ?? proposal?.content;
  if (document === undefined) throw new Problem('NOT_FOUND');
  res.json({ version, published: standing !== undefined, proposal: standing ? null : (proposal?.proposal ?? null), document });
}

/** POST /tariffs/check: everything wrong or unlikely in a document, and what people would pay; nothing is kept. */
export async function checkTariff({ res, body }: Call<unknown, unknown, z.output<typeof tariffCheckRequest>>, deps: ApiDeps) {
  res.json(viewReview(await reviewTariff(deps.tariffs, body.document, body.against)));
}

/** POST /tariffs: one administrator's proposal; nothing is in force by it. */
export async function proposeTariff({ res, operator, body }: Call<unknown, unknown, z.output<typeof tariffRequest>>, deps: ApiDeps) {
  const review = await reviewTariff(deps.tariffs, body.document);
  const tariff = sound(review, body.meant ?? false);
  if ((await deps.tariffs.versions()).includes(tariff.version)) throw new Problem('VERSION_STANDS');
  const proposal = await deps.proposals.propose(
    { kind: 'tariff', subject: tariff.version, content: body.document, meant: body.meant ?? false },
    operator,
  );
  res.status(201).json(viewProposal(proposal, tariff));
}

/** POST /tariffs/{version}/publication: by another person, of exactly what that person has seen. */
export async function publishTariff(
  { res, operator, params: { version }, body }: Call<z.output<typeof tariffParams>, unknown, z.output<typeof publicationRequest>>,
  deps: ApiDeps,
) {
  const proposal = await deps.proposals.get('tariff', body.proposal);
  if (proposal === null || proposal.subject !== version) throw new Problem('PROPOSAL_GONE');
  anotherPerson(operator, proposal);
  if (
    !stillFits(
      proposal,
      (await deps.tariffs.published()).map((each) => each.tariff),
    )
  )
    throw new Problem('PROPOSAL_STALE');
  // what was published meanwhile may have made a fault or a doubt of it
  const tariff = sound(await reviewTariff(deps.tariffs, proposal.content), proposal.meant);
  await standing(deps.tariffs.publish(proposal.content, named(proposal.proposedBy), named(operator)));
  await deps.proposals.remove('tariff', proposal.proposal);
  const [published, affected] = await Promise.all([deps.tariffs.published(), deps.tariffs.openSettlements(tariff)]);
  const now = published.find((each) => each.tariff.version === version);
  if (!now) throw new Error(`tariff ${version} was published and is not there`);
  const inForce = tariffOn(
    published.map((each) => each.tariff),
    todayInTehran(deps.now()),
  )?.version;
  res.status(201).json({
    tariff: viewPublished(now, inForce),
    affected: affected.map(({ id, settlementDate, office, status }) => ({ id, settlementDate, office, status })),
  });
}

/** DELETE /tariffs/{version}/proposal and the like: taken back, by whichever administrator. */
export async function withdrawTariff({ res, params: { version } }: Call<z.output<typeof tariffParams>>, deps: ApiDeps) {
  const proposal = (await deps.proposals.list('tariff')).find(({ subject }) => subject === version);
  if (!proposal || !(await deps.proposals.remove('tariff', proposal.proposal))) throw new Problem('PROPOSAL_GONE');
  res.status(204).end();
}

/** GET /fee-resolutions: what the board approved as the issuing fee, and what waits for a second person. */
export async function listFeeResolutions({ res }: Call, deps: ApiDeps) {
  const [items, inForce, proposals] = await Promise.all([
    deps.tariffs.resolutions(),
    deps.tariffs.feeOn(todayInTehran(deps.now())),
    deps.proposals.list('feeResolution'),
  ]);
  const view: z.input<typeof feeResolutionsView> = {
    items: items.map(({ by, confirmedBy, ...resolution }) => ({
      ...viewResolution(resolution),
      inForce: resolution.number === inForce?.resolution,
      recordedBy: by,
      confirmedBy,
    })),
    proposals: proposals.map(viewFeeProposal),
  };
  res.json(view);
}

/** POST /fee-resolutions: one administrator's proposal from the board's document. */
export async function proposeFeeResolution(
  { res, operator, body }: Call<unknown, unknown, z.output<typeof feeResolutionRequest>>,
  deps: ApiDeps,
) {
  const { meant = false, to, ...asked } = body;
  const review = await reviewForRecord(deps.tariffs, { ...asked, to: to ?? null, illustrative: false }, todayInTehran(deps.now()));
  likely(review, meant);
  const { resolution, notes } = review;
  const proposal = await deps.proposals.propose(
    { kind: 'feeResolution', subject: resolution.number, content: resolution, meant },
    operator,
  );
  res.status(201).json({ proposal: viewFeeProposal(proposal), notes: notes.map(({ code, message }) => ({ code, message })) });
}

/** POST /fee-resolutions/{proposal}/confirmation: by another person, who has seen the document. */
export async function confirmFeeResolution({ res, operator, params }: Call<z.output<typeof proposalParams>>, deps: ApiDeps) {
  const proposal = await deps.proposals.get('feeResolution', params.proposal);
  if (proposal === null) throw new Problem('PROPOSAL_GONE');
  anotherPerson(operator, proposal);
  const today = todayInTehran(deps.now());
  const review = await reviewForRecord(deps.tariffs, proposal.content as FeeResolution, today);
  likely(review, proposal.meant);
  const { resolution } = review;
  await standing(deps.tariffs.recordResolution(resolution, named(proposal.proposedBy), named(operator)));
  await deps.proposals.remove('feeResolution', proposal.proposal);
  const inForce = await deps.tariffs.feeOn(today);
  const view: z.input<typeof feeResolutionView> = {
    ...viewResolution(resolution),
    inForce: resolution.number === inForce?.resolution,
    recordedBy: named(proposal.proposedBy),
    confirmedBy: named(operator),
  };
  res.status(201).json(view);
}

/** DELETE /fee-resolutions/{proposal} */
export async function withdrawFeeResolution({ res, params }: Call<z.output<typeof proposalParams>>, deps: ApiDeps) {
  if (!(await deps.proposals.remove('feeResolution', params.proposal))) throw new Problem('PROPOSAL_GONE');
  res.status(204).end();
}

/** With the user name: two people of one name are two people. */
function named({ id, name }: { id: string; name: string }): string {
  return `${cleanText(name)} (${id})`;
}

function anotherPerson(operator: Operator, { proposedBy }: Proposal): void {
  if (proposedBy.id === operator.id) throw new Problem('SECOND_PERSON_NEEDED');
}

export function sound({ tariff, faults, doubts }: TariffReview, meant: boolean): Tariff {
  const found = ({ path, code, detail }: TariffFault): ProblemError => ({
    field: path,
    code,
    message: path === '' ? detail : `در ${path}: ${detail}`,
  });
  if (tariff === null) throw new Problem('TARIFF_FAULTY', { errors: faults.map(found) });
  if (doubts.length > 0 && !meant) throw new Problem('MEANT_SO', { errors: doubts.map(found) });
  return tariff;
}

const RESOLUTION_WORDS: Record<ResolutionFinding['code'], [field: string, message: string]> = {
  NO_NUMBER: ['number', 'شمارهٔ مصوبه لازم است.'],
  NO_AMOUNT: ['amount', 'مبلغ دست‌کم ۱ ریال است؛ بدون هزینه مصوبه‌ای ثبت نمی‌شود.'],
  TURNED_ROUND: ['to', 'پایان پیش از آغاز است. تاریخ‌ها را از روی سند دوباره بنویسید.'],
  RESOLVED_IN_FUTURE: ['resolvedOn', 'روز مصوبه در آینده است. آن را از روی سند دوباره بنویسید.'],
  SLIP_OF_TEN: ['amount', 'مبلغ حدود ده برابر یا یک‌دهم مصوبهٔ پیشین است. شاید تومان به جای ریال باشد.'],
  BEFORE_RESOLUTION: ['from', 'پیش از روز مصوبه معتبر می‌شود.'],
  HOLDS_TOO: ['from', 'مصوبهٔ دیگری هم در برخی روزهای آن معتبر است.'],
};

function likely({ faults, doubts }: { faults: ResolutionFinding[]; doubts: ResolutionFinding[] }, meant: boolean): void {
  const told = ({ code }: ResolutionFinding): ProblemError => ({
    field: RESOLUTION_WORDS[code][0],
    code,
    message: RESOLUTION_WORDS[code][1],
  });
  if (faults.length > 0) throw new Problem('INVALID_REQUEST', { errors: [...faults, ...doubts].map(told) });
  if (doubts.length > 0 && !meant) throw new Problem('MEANT_SO', { errors: doubts.map(told) });
}

/** What stands already with another content is told so. */
async function standing<T>(publication: Promise<T>): Promise<T> {
  try {
    return await publication;
  } catch (error) {
    if (error instanceof Error && error.name === 'PublicationRefused') throw new Problem('VERSION_STANDS');
    throw error;
  }
}

function headOf({
  version,
  title,
  source,
  from,
  to,
  illustrative,
  provisionalTo,
}: Tariff): Omit<z.input<typeof tariffHeadView>, 'publishedAt' | 'publishedBy' | 'confirmedBy' | 'inForce'> {
  return { version, title, source, from, to, illustrative, provisionalTo: provisionalTo ?? null };
}

function viewPublished(
  { tariff, publishedAt, publishedBy, confirmedBy }: PublishedTariff,
  inForce: string | undefined,
): z.input<typeof tariffHeadView> {
  return { ...headOf(tariff), publishedAt, publishedBy, confirmedBy, inForce: tariff.version === inForce };
}

export function viewProposal(
  { proposal, change, meant, proposedBy, proposedAt }: Proposal,
  tariff: Tariff,
): z.input<typeof tariffProposalView> {
  return { proposal, ...headOf(tariff), change: change !== null, meant, proposedBy, proposedAt };
}

function viewResolution({ number, resolvedOn, amount, from, to, illustrative }: FeeResolution) {
  return { number, resolvedOn, amount, from, to, illustrative };
}

function viewFeeProposal({ proposal, content, meant, proposedBy, proposedAt }: Proposal) {
  return { proposal, ...viewResolution(content as FeeResolution), meant, proposedBy, proposedAt };
}

export function viewReview({
  tariff,
  against,
  valid,
  faults,
  warnings,
  doubts,
  differences,
  samples,
}: TariffReview): z.input<typeof tariffReviewView> {
  const found = ({ path, code, message, detail }: TariffFault) => ({ path, code, title: message, detail });
  return {
    version: tariff?.version ?? null,
    title: tariff?.title ?? null,
    from: tariff?.from ?? null,
    to: tariff?.to ?? null,
    against,
    valid,
    faults: faults.map(found),
    warnings: warnings.map(found),
    doubts: doubts.map(found),
    differences: differences.map(viewDifference),
    samples,
  };
}

export function viewDifference({
  from,
  terms,
  openingHours,
  daysOff,
  documents,
}: TermsDifference): z.input<typeof tariffReviewView>['differences'][number] {
  const plain = (value: number | readonly number[] | null): number | number[] | null =>
    typeof value === 'number' || value === null ? value : [...value];
  return {
    from,
    terms: terms.map(({ term, before, after }) => ({ term, before: plain(before), after: plain(after) })),
    openingHours: openingHours && { before: openingHours.before.map(viewHours), after: openingHours.after.map(viewHours) },
    daysOff,
    documents: { added: documents.added.map(viewRequirement), removed: documents.removed.map(viewRequirement) },
  };
}

export function viewHours({ days, from, to }: OpeningHours) {
  return { days: days ? [...days] : null, from, to };
}

export function viewRequirement({ anyOf, purposes, applicants }: Requirement | RequiredDocument) {
  return { anyOf: anyOf.map(({ code, name }) => ({ code, name })), purposes, applicants: applicants ?? null };
}
