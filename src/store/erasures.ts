import { isDeepStrictEqual } from 'node:util';
import type { Pool, PoolClient } from 'pg';
import type { CorrectiveAction } from '../domain/correction/corrective-action.js';
import { ERASED, type Erased, actionEraser, eraser, marksOf, namesOf } from '../domain/people/erasure.js';
import type { Finding } from '../domain/settlement/finding.js';
import { OPEN_STATUSES } from '../domain/outbox/outbox.js';
import type { AccountView, SettlementFacts } from '../domain/settlement/settlement.js';
import type { BillInputs } from '../domain/settlement/verification.js';
import { inTransaction } from './pool.js';
import type { Submission } from './corrections.js';

export interface ErasureRequest {
  whose: { nationalId: string } | { subscription: string };
  by: string;
  confirmedBy: string;
  reason: string;
}

/** A settlement of the person is still open: its parties are needed. */
export class OpenSettlementsError extends Error {
  override readonly name = 'OpenSettlementsError';
  constructor(readonly settlements: string[]) {
    super(`open: ${settlements.join(', ')}`);
  }
}

const OPEN = `(s.status in ('received', 'announced', 'delivered', 'handedOver')
  or exists (select from app.postings p where p.settlement_id = s.id and p.status in (${OPEN_STATUSES.map((status) => `'${status}'`).join(', ')})))`;

/** JSON in which the person of id $1 may stand. */
const stands = (json: string): string =>
  `(${['applicant', 'newSubscriber'].map((part) => `${json}->'${part}'->>'nationalId' = $1`).join(' or ')})`;
const OF_NATIONAL_ID = `${stands('s.facts')}
  or exists (select from app.bills b where b.settlement_id = s.id and (b.inputs->'snapshot'->'account'->>'nationalId' = $1 or ${stands(`(b.inputs->'facts')`)}))
  or exists (select from app.corrections c where c.settlement_id = s.id and (c.submission->'inputs'->'snapshot'->'account'->>'nationalId' = $1 or ${stands(`(c.submission->'facts')`)}))
  or exists (select from app.postings p where p.settlement_id = s.id and p.detail->>'nationalId' = $1)`;

/**
 * Erases a person from the settlements in which the person stands, all in one transaction, and records that. Answers the
 * settlements. The event log is not touched: it holds nobody, and what stands beside it (app.event_persons) goes.
 * OpenSettlementsError while one of them is open; then nothing is erased.
 */
export function erasePersonData(pool: Pool, { whose, by, confirmedBy, reason }: ErasureRequest): Promise<string[]> {
  const bySubscription = 'subscription' in whose;
  const who: Erased = bySubscription ? 'everyone' : whose;
  return inTransaction(pool, async (client) => {
    await client.query(`set local statement_timeout = '10min'`);
    const { rows } = await client.query<{ id: string; open: boolean }>(
      `select s.id, ${OPEN} as open from app.settlements s where ${bySubscription ? 's.subscription = $1' : OF_NATIONAL_ID} order by s.id for update`,
      [bySubscription ? whose.subscription : whose.nationalId],
    );
    const open = rows.filter((each) => each.open).map(({ id }) => id);
    if (open.length > 0) throw new OpenSettlementsError(open);
    const settlements = rows.map(({ id }) => id);
    if (settlements.length === 0) return [];
    const marks = new Set<string>(bySubscription ? [] : [whose.nationalId]);
    for (const id of settlements) for (const mark of await eraseFrom(client, id, who)) marks.add(mark);
    await eraseFromActions(client, settlements, [...marks]);
    await client.query(
      `with r as (insert into app.erasures (by, confirmed_by, reason, asked_by, settlements) values ($1, $2, $3, $4, $5) returning seq, at)
       insert into app.events (settlement_id, kind, key, at, data)
         select id, 'erased', r.seq::text, r.at, jsonb_build_object('erasure', r.seq, 'by', $1::text, 'confirmedBy', $2::text) from r, unnest($5::text[]) as id`,
      [by, confirmedBy, reason, bySubscription ? 'subscription' : 'nationalId', settlements],
    );
    return settlements;
  });
}

interface Kept {
  facts: SettlementFacts;
  account: AccountView | null;
  delivery: { deliveredTo: string } | null;
  cancellation: { reason: string } | null;
  predecessor: { reason: string } | null;
  warnings: Finding[];
  errors: Finding[];
}

/** Answers what named the persons in its records. */
async function eraseFrom(client: PoolClient, id: string, who: Erased): Promise<string[]> {
  const { rows: kept } = await client.query<Kept>(
    'select facts, account, delivery, cancellation, predecessor, warnings, errors from app.settlements where id = $1',
    [id],
  );
  const { rows: bills } = await client.query<{ revision: number; inputs: BillInputs }>(
    'select revision, inputs from app.bills where settlement_id = $1',
    [id],
  );
  const { rows: submissions } = await client.query<{ n: number; submission: Submission | null }>(
    'select n, submission from app.corrections where settlement_id = $1',
    [id],
  );
  const settlement = kept[0] as Kept;
  const records = [
    settlement,
    ...bills.map(({ inputs }) => inputs),
    ...submissions.flatMap(({ submission }) => (submission ? [submission.inputs, submission] : [])),
  ];
  const names = namesOf(who, records);
  const erase = eraser(who, names);
  const withoutReason = <T extends { reason: string }>(of: T | null): string | null => of && JSON.stringify({ ...of, reason: ERASED });

  await client.query(
    'update app.settlements set facts = $2, account = $3, delivery = $4, cancellation = $5, predecessor = $6, warnings = $7, errors = $8 where id = $1',
    [
      id,
      JSON.stringify(erase.facts(settlement.facts)),
      settlement.account && JSON.stringify(erase.account(settlement.account)),
      settlement.delivery && JSON.stringify({ ...settlement.delivery, deliveredTo: erase.name(settlement.delivery.deliveredTo) }),
      withoutReason(settlement.cancellation),
      withoutReason(settlement.predecessor),
      JSON.stringify(erase.findings(settlement.warnings)),
      JSON.stringify(erase.findings(settlement.errors)),
    ],
  );
  for (const { revision, inputs } of bills) {
    await client.query('update app.bills set inputs = $3 where settlement_id = $1 and revision = $2', [
      id,
      revision,
      JSON.stringify(erase.inputs(inputs)),
    ]);
  }
  for (const { n, submission } of submissions) {
    const without = submission && { ...submission, facts: erase.facts(submission.facts), inputs: erase.inputs(submission.inputs) };
    await client.query(
      `update app.corrections set submission = $3, description = $4, note = case when note is not null then $4 end where settlement_id = $1 and n = $2`,
      [id, n, without && JSON.stringify(without), ERASED],
    );
  }
  await client.query('update app.overrides set reason = $2 where settlement_id = $1', [id, ERASED]);
  await client.query('update app.refunds set reason = $2 where settlement_id = $1', [id, ERASED]);
  await client.query(
    `update app.tasks set outcome = case when closed_by is not null then $2 else outcome end,
       detail = case when detail ? 'description' then detail || jsonb_build_object('description', $2::text) else detail end where settlement_id = $1`,
    [id, ERASED],
  );
  const { rows: letters } = await client.query<{ revision: number; person: { name: string; address: string; postalCode: string } }>(
    'select revision, person from app.clearances where settlement_id = $1',
    [id],
  );
  for (const { revision, person } of letters) {
    await client.query('update app.clearances set person = $3 where settlement_id = $1 and revision = $2', [
      id,
      revision,
      JSON.stringify(erase.person(person)),
    ]);
  }
  // encrypted, and still what the workflow was told of the person
  await client.query('update app.histories set history = null where settlement_id = $1', [id]);
  await client.query('delete from app.event_persons where event in (select seq from app.events where settlement_id = $1)', [id]);
  await erasePostings(client, id, erase);
  return marksOf(who, records);
}

/** What was written about repeated errors: all of it where one of the settlements repeats them, elsewhere what says who is erased. */
async function eraseFromActions(client: PoolClient, settlements: readonly string[], marks: readonly string[]): Promise<void> {
  const erase = actionEraser(marks);
  type Kept = Pick<CorrectiveAction, 'n' | 'scope' | 'subject' | 'reason'> & {
    story: Pick<CorrectiveAction, 'meeting' | 'actions' | 'closure'>;
  };
  const isAbout = ({ scope, subject }: Pick<CorrectiveAction, 'scope' | 'subject'>): boolean =>
    scope === 'settlement' && settlements.includes(subject);
  const { rows: actions } = await client.query<Kept>(
    'select n, scope, subject, reason, story from app.corrective_actions order by n for update',
  );
  const about = new Map(actions.map((each) => [each.n, isAbout(each)]));
  for (const { story, ...action } of actions) {
    const { subject, reason, meeting, actions: planned, closure } = erase.action({ ...action, ...story }, isAbout(action));
    const after = { subject, reason, story: { meeting, actions: planned, closure } };
    if (isDeepStrictEqual(after, { subject: action.subject, reason: action.reason, story })) continue;
    await client.query('update app.corrective_actions set subject = $2, reason = $3, story = $4 where n = $1', [
      action.n,
      subject,
      reason,
      JSON.stringify(after.story),
    ]);
    // a task of it names it by its subject
    await client.query(
      `update app.tasks set detail = detail || jsonb_build_object('subject', $2::text) where detail->>'correctiveAction' = $1::text and detail ? 'subject'`,
      [action.n, subject],
    );
  }
  const { rows: texts } = await client.query<{ n: number; version: number; data: Record<string, string | string[]> }>(
    'select n, version, data from app.corrective_action_texts order by n, version',
  );
  for (const { n, version, data } of texts) {
    const after = erase.act(data, about.get(n) ?? false);
    if (!isDeepStrictEqual(after, data))
      await client.query('update app.corrective_action_texts set data = $3 where n = $1 and version = $2', [
        n,
        version,
        JSON.stringify(after),
      ]);
  }
}

type Item = Record<string, unknown> & { posting: string };

/** Postings, the frozen batches that hold them and billing's words of them; counts and sums stay as they were frozen. */
async function erasePostings(client: PoolClient, id: string, erase: ReturnType<typeof eraser>): Promise<void> {
  const { rows: postings } = await client.query<{ posting: string; detail: Record<string, unknown>; nameOnBill: string | null }>(
    `select posting, detail, name_on_bill as "nameOnBill" from app.postings where settlement_id = $1`,
    [id],
  );
  for (const { posting, detail, nameOnBill } of postings) {
    // a reason that is a code stays
    await client.query(
      `update app.postings set detail = $2, name_on_bill = $3, reason = case when reason ~ '^[A-Z_]+$' then reason end where posting = $1`,
      [posting, JSON.stringify(erase.detail(detail)), nameOnBill === null ? null : erase.name(nameOnBill)],
    );
  }
  const ids = new Set(postings.map(({ posting }) => posting));
  const own = JSON.stringify([...ids].map((posting) => [{ posting }]));
  const { rows: batches } = await client.query<{ cycle: string; batch: number; items: (Item & { detail: Record<string, unknown> })[] }>(
    `select cycle, batch, items from app.posting_batches b where exists (select from jsonb_array_elements($1::jsonb) x where b.items @> x) for update`,
    [own],
  );
  for (const { cycle, batch, items } of batches) {
    const without = items.map((item) => (ids.has(item.posting) ? { ...item, detail: erase.detail(item.detail) } : item));
    await client.query('update app.posting_batches set items = $3 where cycle = $1 and batch = $2', [
      cycle,
      batch,
      JSON.stringify(without),
    ]);
  }
  const { rows: words } = await client.query<{ eventId: string; items: Item[] }>(
    `select event_id as "eventId", items from app.acknowledgements a where exists (select from jsonb_array_elements($1::jsonb) x where a.items @> x) for update`,
    [own],
  );
  for (const { eventId, items } of words) {
    const without = items.map((item) =>
      ids.has(item.posting)
        ? {
            ...item,
            ...(typeof item['nameOnBill'] === 'string' && { nameOnBill: erase.name(item['nameOnBill']) }),
            ...(item['reason'] !== undefined && { reason: ERASED }),
          }
        : item,
    );
    await client.query('update app.acknowledgements set items = $2 where event_id = $1', [eventId, JSON.stringify(without)]);
  }
}
