import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DEMO_SUBSCRIPTION } from '../../src/billing/demo.js';
import { addDays, todayInTehran } from '../../src/domain/calendar/jalali.js';
import { settlementWorkflowId } from '../../src/domain/settlement/settlement.js';
import { billingCycleOpened, postingTaken } from '../../src/workflows/messages.js';
import { type Account, type Answer, type Stage, idOf, openStage, openingOf, oracle, requestFor, until } from './stage.js';

let stage: Stage;
const SUPERVISOR = ['supervisor', '01'] as const satisfies ['supervisor', string];
const STRANGER = ['clerk', '02'] as const satisfies ['clerk', string];
const BILLING = ['billing', ''] as const satisfies ['billing', string];
const PERSIAN = /[\u0600-\u06ff]{3}/;
const today = todayInTehran(new Date());

beforeAll(async () => {
  stage = await openStage(300);
  await stage.startAll();
}, 60_000);
afterAll(() => stage?.close());
afterEach(async () => {
  expect(await oracle(stage)).toEqual([]);
});

const settle = (request: Record<string, unknown>, as?: [Parameters<Stage['tokenOf']>[0], string]): Promise<Answer> =>
  stage.call('POST', '/settlements', { body: request, ...(as === undefined ? {} : { as }) });
const show = async (account: { subscription: string }) => (await stage.call('GET', `/settlements/${idOf(account)}`)).body;
const preview = async (request: Record<string, unknown>) => (await stage.call('POST', '/settlements/preview', { body: request })).body;
const count = async (sql: string, id: string): Promise<number> =>
  Number((await stage.pool.query<{ count: number }>(sql, [id])).rows[0]?.count);
const bills = (account: { subscription: string }) => count('select count(*) from app.bills where settlement_id = $1', idOf(account));

test('the service says that it is ready', async () => {
  // a worker is seen with its first poll
  await until('ready, with a worker at work', 10, async () => {
    const { body } = await stage.call('GET', '/readyz');
    return isDeepStrictEqual(body, { ready: true, checks: { postgres: 'ok', temporal: 'ok', worker: 'ok' } });
  });
});

test('from the request to the announced balance, asked for again and with other facts', async () => {
  const { body: known } = await stage.call('GET', `/accounts/${DEMO_SUBSCRIPTION}`);
  const account = { subscription: DEMO_SUBSCRIPTION, reading: known.lastBill.toReading, name: known.account.name };
  const receipt = await stage.call('POST', '/requests', { body: { subscription: account.subscription } });
  expect(receipt.status).toBe(201);
  const request = requestFor(account, { request: receipt.body.request });

  const seen = await preview(request);
  expect(seen.errors).toEqual([]);
  const first = await settle(request);
  expect(first.status).toBe(201);
  expect(first.headers.get('location')).toBe(`/api/v1/settlements/${idOf(account)}`);
  const { bill, ...settlement } = first.body;
  expect(settlement).toMatchObject({
    id: idOf(account),
    status: 'announced',
    revision: 1,
    receivedAt: receipt.body.receivedAt,
    elapsedMs: Date.parse(settlement.announcedAt ?? '') - Date.parse(settlement.receivedAt),
    withinTarget: true,
    lateEntry: false,
    account: { subscription: account.subscription, name: account.name, office: '01' },
    errors: [],
    corrections: [],
    delivery: null,
  });
  expect(settlement.steps.map(({ name }) => name)).toEqual([
    'register',
    'fetchAccount',
    'checkReading',
    'computeDebt',
    'issueBill',
    'announce',
    'scheduleFee',
  ]);
  expect(settlement.postings.map(({ kind, status }) => [kind, status])).toEqual(
    expect.arrayContaining([
      ['fee', 'waiting'],
      ['settlement', 'waiting'],
    ]),
  );
  // what was shown beforehand is what was announced
  expect(bill).toMatchObject(seen.bill);
  expect(bill.number).toMatch(new RegExp(`^01-${today.slice(0, 4)}-\\d{6}$`));
  expect(bill.lines.reduce((sum, line) => sum + line.amount, 0)).toBe(bill.total);
  expect(bill.payable + bill.carry).toBe(bill.total);
  expect(bill.lines.map(({ code }) => code)).toEqual(expect.arrayContaining(['GAS_STEP', 'SUBSCRIPTION', 'VAT', 'PREVIOUS_DEBT']));
  // no id of a person leaves
  expect(JSON.stringify(first.body)).not.toContain('0932833810');
  expect(await show(account)).toEqual({ ...first.body, postings: expect.any(Array), steps: expect.any(Array) });

  const again = await settle(requestFor(account));
  expect([again.status, again.body.bill.number, again.body.receivedAt]).toEqual([200, bill.number, settlement.receivedAt]);
  const other = await settle(requestFor(account, { reading: account.reading + 41 }));
  expect(other.status).toBe(409);
  expect(other.headers.get('content-type')).toContain('application/problem+json');
  expect(other.body).toMatchObject({ code: 'SETTLEMENT_EXISTS', settlement: { id: idOf(account), bill: { number: bill.number } } });
  expect(other.body.detail).toMatch(PERSIAN);
});

test('the bill is a PDF with the payable amount, a copy says so', async () => {
  const { bill } = await show({ subscription: DEMO_SUBSCRIPTION });
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-pdf-'));
  try {
    const files = await Promise.all(
      ['', '?copy=true'].map(async (query, i) => {
        const answer = await stage.call('GET', `/settlements/${idOf({ subscription: DEMO_SUBSCRIPTION })}/bill.pdf${query}`);
        expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf']);
        expect(answer.bytes.subarray(0, 5).toString()).toBe('%PDF-');
        const file = path.join(folder, `${i}.pdf`);
        writeFileSync(file, answer.bytes);
        return file;
      }),
    );
    const read = execFileSync(process.execPath, [path.resolve('test/document/pdf-text.mjs'), ...files], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    const [original, copy] = (JSON.parse(read) as { lines: string[] }[][]).map((pages) => pages.flatMap((page) => page.lines).join('\n'));
    expect(original).toContain(bill.payable.toLocaleString('fa-IR'));
    expect(original).not.toContain('المثن');
    expect(copy).toContain('المثن');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('two counters at once: one bill, one of them is told that it existed', async () => {
  const account = stage.account();
  const answers = await Promise.all([settle(requestFor(account)), settle(requestFor(account)), settle(requestFor(account))]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  expect(new Set(answers.map(({ body }) => body.bill.number)).size).toBe(1);
  expect(await bills(account)).toBe(1);
});

test('a reading below the previous one is refused with all that is needed to mend it, and then mended', async () => {
  const account = stage.account();
  const refused = await settle(requestFor(account, { reading: account.reading - 500 }));
  expect([refused.status, refused.body.code]).toEqual([422, 'REJECTED']);
  expect(refused.body.detail).toMatch(PERSIAN);
  expect(refused.body.errors).toEqual([expect.objectContaining({ code: 'READING_BELOW_PREVIOUS', field: 'reading', severity: 'error' })]);
  expect(refused.body.errors[0]?.message).toContain(String(account.reading - 500));
  expect(refused.body.errors[0]?.message).toContain(String(account.reading));
  expect(await show(account)).toMatchObject({ status: 'rejected', bill: null, errors: [{ code: 'READING_BELOW_PREVIOUS' }] });
  expect((await settle(requestFor(account))).status).toBe(201);
  expect(await show(account)).toMatchObject({ status: 'announced', errors: [] });
});

test('what is wrong with the request itself is told at once', async () => {
  const account = stage.account();
  const { status, body } = await settle({
    ...requestFor(account),
    settlementDate: '1405/13/01',
    reading: -1,
    applicant: { kind: 'owner', name: 'علی', nationalId: '1234567890' },
  });
  expect([status, body.code]).toEqual([422, 'INVALID_REQUEST']);
  expect(body.errors.map(({ field, code }) => [field, code])).toEqual(
    expect.arrayContaining([
      ['settlementDate', 'DATE_INVALID'],
      ['reading', 'READING_INVALID'],
      ['applicant.nationalId', 'NATIONAL_ID_INVALID'],
    ]),
  );
  expect((await stage.call('GET', `/settlements/${idOf(account)}`)).status).toBe(404);
});

/** The first reading of some that raises the finding, as the preview says. */
async function readingWith(code: string, account: Account, more: readonly number[]): Promise<number> {
  for (const m3 of more) {
    const { warnings, errors } = await preview(requestFor(account, { reading: account.reading + m3, confirmations: [] }));
    expect(errors).toEqual([]);
    if (warnings.some((each) => each.code === code)) return account.reading + m3;
  }
  throw new Error(`no reading raises ${code}`);
}

test.each([
  ['HIGH_CONSUMPTION', [200, 250, 300, 400, 500, 700, 1000, 1400]],
  ['LOW_CONSUMPTION', [1, 2, 4, 8]],
  ['ZERO_CONSUMPTION', [0]],
])('%s waits for a confirmation with a reason', async (code, more) => {
  const account = stage.account();
  const unconfirmed = requestFor(account, { reading: await readingWith(code, account, more), confirmations: [] });
  const first = await settle(unconfirmed);
  expect([first.status, first.body.code]).toEqual([422, 'REJECTED']);
  expect(first.body.errors).toEqual([expect.objectContaining({ code, field: 'reading', severity: 'confirm' })]);
  expect(first.body.errors[0]?.message).toMatch(PERSIAN);
  // the same facts make the same update id: neither the stored refusal nor another one's confirmation must answer
  expect((await settle(unconfirmed)).status).toBe(422);
  expect((await settle({ ...unconfirmed, confirmations: [{ code: 'ROLLOVER', reason: 'بررسی شد' }] })).status).toBe(422);
  const confirmed = await settle({ ...unconfirmed, confirmations: [{ code, reason: 'کنتور دوباره خوانده شد' }] });
  expect([confirmed.status, confirmed.body.status]).toEqual([201, 'announced']);
  expect(confirmed.body.warnings).toEqual(expect.arrayContaining([expect.objectContaining({ code })]));
  expect(confirmed.body.facts.confirmations).toEqual([{ code, reason: 'کنتور دوباره خوانده شد' }]);
  // and now it stands, confirmed or not
  expect((await settle(unconfirmed)).status).toBe(200);
  expect(await bills(account)).toBe(1);
});

test('the balance of the ledger alone needs no reading', async () => {
  const account = stage.account();
  const answer = await settle(requestFor(account, { reading: null, readingSource: 'none' }));
  expect(answer.status).toBe(201);
  const codes = answer.body.bill.lines.map(({ code }) => code);
  expect(codes).not.toContain('GAS_STEP');
  expect(codes).toContain('PREVIOUS_DEBT');
  expect(answer.body.facts).toMatchObject({ reading: null, readingSource: 'none' });
});

test('a subscription that nobody knows', async () => {
  const stranger = { subscription: '099999999999', reading: 1, name: 'نامعلوم' };
  expect((await stage.call('GET', `/accounts/${stranger.subscription}`)).body).toMatchObject({ status: 404, code: 'ACCOUNT_NOT_FOUND' });
  const { status, body } = await settle(requestFor(stranger));
  expect([status, body.code]).toEqual([422, 'REJECTED']);
  expect(body.errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_NOT_FOUND', field: 'subscription' })]);
});

test('another office: neither the account nor its settlement', async () => {
  const account = stage.account();
  const refused = async (answer: ReturnType<typeof stage.call>, ...expected: [status: number, code: string]): Promise<void> => {
    const { status, body } = await answer;
    expect([status, body.code]).toEqual(expected);
    expect(JSON.stringify(body)).not.toContain(account.name);
  };
  const forbidden = (answer: ReturnType<typeof stage.call>) => refused(answer, 403, 'FORBIDDEN');
  const absent = (answer: ReturnType<typeof stage.call>) => refused(answer, 404, 'NOT_FOUND');
  const rejected = (answer: ReturnType<typeof stage.call>) => refused(answer, 422, 'REJECTED');
  const as = [...STRANGER] as ['clerk', string];
  await refused(stage.call('GET', `/accounts/${account.subscription}`, { as }), 404, 'ACCOUNT_NOT_FOUND');
  await rejected(settle(requestFor(account), as));
  // the stranger's attempt stands in nobody's way
  expect((await settle(requestFor(account))).status).toBe(201);
  await rejected(settle(requestFor(account), as));
  await rejected(settle(requestFor(account, { reading: account.reading + 41 }), as));
  await absent(stage.call('GET', `/settlements/${idOf(account)}`, { as }));
  await absent(stage.call('GET', `/settlements/${idOf(account)}/bill.pdf`, { as }));
  await absent(stage.call('GET', `/settlements/${idOf(account)}/events`, { as }));
  await absent(
    stage.call('POST', `/settlements/${idOf(account)}/delivery`, { as, body: { deliveredTo: account.name, channel: 'counter' } }),
  );
  await forbidden(stage.call('GET', '/settlements?office=01', { as }));
  expect((await stage.call('GET', '/settlements', { as })).body.items).toEqual([]);
  // roles and tokens
  await forbidden(settle(requestFor(account), [...SUPERVISOR]));
  await forbidden(stage.call('GET', `/settlements/${idOf(account)}`, { as: [...BILLING] }));
  expect((await stage.call('GET', `/settlements/${idOf(account)}`, { headers: { authorization: 'Bearer none' } })).status).toBe(401);
});

test('the list goes through all of the office, newest first, page by page', async () => {
  const items: { id: string; receivedAt: string }[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { status, body }: Answer = await stage.call('GET', `/settlements?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, {
      as: [...SUPERVISOR],
    });
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(3);
    items.push(...body.items);
    cursor = body.next;
  }
  const { rows } = await stage.pool.query<{ id: string }>("select id from app.settlements where office = '01'");
  expect(items.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
  expect(items.length).toBeGreaterThan(3);
  const times = items.map(({ receivedAt }) => receivedAt);
  expect(times).toEqual([...times].sort().reverse());
  const { body: one } = await stage.call('GET', `/settlements?subscription=${DEMO_SUBSCRIPTION}&status=announced`);
  expect(one.items.map(({ id }) => id)).toEqual([idOf({ subscription: DEMO_SUBSCRIPTION })]);
});

test('delivery is recorded once, however often it is confirmed', async () => {
  const account = stage.account();
  const deliver = () =>
    stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'counter' } });
  expect((await deliver()).status).toBe(404);
  await settle(requestFor(account));
  const answers = [...(await Promise.all([deliver(), deliver()])), await deliver()];
  for (const { status, body } of answers) {
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'delivered',
      delivery: { ...answers[0]?.body.delivery, deliveredTo: account.name, channel: 'counter' },
    });
  }
  expect((await show(account)).status).toBe('delivered');
  expect(await count("select count(*) from app.events where settlement_id = $1 and kind = 'delivered'", idOf(account))).toBe(1);
});

test('what billing tells of the cycle ends up in the settlement, once', async () => {
  const account = stage.account();
  const { body: settlement } = await settle(
    requestFor(account, { newSubscriber: { name: 'سارا احمدی', nationalId: '0932833810', from: addDays(today, 1) } }),
  );
  const [posting, ...others] = settlement.postings;
  if (!posting) throw new Error('no posting');
  expect(others).toHaveLength(2);
  const run = stage.client.workflow.getHandle(settlementWorkflowId(idOf(account)));
  const opened = openingOf(settlement);
  await run.signal(billingCycleOpened, opened);
  await run.signal(billingCycleOpened, opened);
  const statuses = async (): Promise<string[]> => (await show(account)).postings.map(({ status }) => status);
  await until('handed over', 20, async () => (await statuses()).every((status) => status === 'handedOver'));
  expect((await show(account)).status).toBe('handedOver');
  const taken = { eventId: 'taken-1', posting: posting.posting, billSerial: '12345', nameOnBill: 'سارا احمدی' };
  await run.signal(postingTaken, taken);
  await run.signal(postingTaken, taken);
  await until('taken', 20, async () => (await statuses()).includes('taken'));
  expect((await statuses()).sort()).toEqual(['handedOver', 'handedOver', 'taken']);
  for (const kind of ['cycleOpened', 'taken']) {
    expect(await count(`select count(*) from app.events where settlement_id = $1 and kind = '${kind}'`, idOf(account))).toBe(1);
  }
});

test('a new clerk signs in, may not issue without qualifications, issues with them, and is shut out when disabled', async () => {
  const account = stage.account();
  const admin = (address: string, body?: unknown): Promise<Answer> =>
    stage.call('POST', `/people${address}`, { as: ['admin', '01'], ...(body === undefined ? {} : { body }) });
  const cookieIn = ({ headers }: Answer): string => (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const recorded = await admin('', { id: 'trainee', name: 'پروین سلیمی', office: '01', roles: ['clerk'] });
  expect(recorded.status).toBe(201);
  const { oneTimePassword } = JSON.parse(recorded.bytes.toString()) as { oneTimePassword: string };
  const first = await stage.call('POST', '/session', { as: null, body: { user: 'trainee', password: oneTimePassword } });
  expect(first.status).toBe(200);
  const changed = await stage.call('POST', '/session/password', {
    as: null,
    headers: { cookie: cookieIn(first) },
    body: { current: oneTimePassword, next: 'باران روی پل قدیمی' },
  });
  expect(changed.status).toBe(204);
  const headers = { cookie: cookieIn(changed) };
  const ask = (address: string): Promise<Answer> => stage.call('POST', address, { as: null, headers, body: requestFor(account) });

  expect((await ask('/settlements/preview')).body).toMatchObject({
    bill: null,
    errors: [{ code: 'OPERATOR_NOT_QUALIFIED', field: 'clerk' }],
  });
  expect((await stage.call('GET', `/settlements/${idOf(account)}`)).status).toBe(404);
  const refused = await ask('/settlements');
  expect([refused.status, refused.body.code]).toEqual([422, 'REJECTED']);
  expect(refused.body.errors).toEqual([
    expect.objectContaining({ code: 'OPERATOR_NOT_QUALIFIED', severity: 'error', message: expect.stringMatching(PERSIAN) }),
  ]);
  // nothing but the rejection
  expect(await show(account)).toMatchObject({ status: 'rejected', bill: null, postings: [], errors: [{ code: 'OPERATOR_NOT_QUALIFIED' }] });
  for (const table of ['bills', 'postings', 'tasks'])
    expect([table, await count(`select count(*) from app.${table} where settlement_id = $1`, idOf(account))]).toEqual([table, 0]);

  for (const code of ['sevenSkills', 'billingSystem', 'secondCopy']) {
    expect(
      (await admin('/trainee/qualifications', { code, validFrom: today, validTo: code === 'secondCopy' ? addDays(today, 7) : null }))
        .status,
    ).toBe(201);
  }
  const issued = await ask('/settlements');
  expect([issued.status, issued.body.status]).toEqual([201, 'announced']);
  expect(issued.body.warnings).toEqual(
    expect.arrayContaining([expect.objectContaining({ code: 'QUALIFICATION_LAPSES', severity: 'info' })]),
  );

  expect((await admin('/trainee', { active: false })).status).toBe(200);
  expect((await ask('/settlements')).status).toBe(401);
});

/** Reads server-sent events until the server ends the stream. */
async function* events(
  account: { subscription: string },
  lastEventId?: string,
): AsyncGenerator<{ id: number; event: string; data: unknown }> {
  const response = await fetch(`${stage.address()}/settlements/${idOf(account)}/events`, {
    headers: {
      authorization: `Bearer ${await stage.tokenOf('clerk', '01')}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: AbortSignal.timeout(30_000),
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
      const event = field('event');
      if (event !== undefined) yield { id: Number(field('id')), event, data: JSON.parse(field('data') ?? 'null') };
    }
  }
}

test('a subscriber that billing feeds over HTTP, from the announcement to the end, followed by its events', async () => {
  const subscription = '014777777701';
  const account = { subscription, reading: 1200, name: 'کاوه نوروزی' };
  const feed = (kind: string, csv: string) => stage.call('POST', `/billing/feeds/${kind}`, { as: [...BILLING], csv });
  // a series without a timetable: there are no objection days to wait for
  const feeds = {
    accounts: `subscription,file,company,name,nationalId,mobile,address,postalCode,office,series,use,climate,area,units,welfare,connectedOn,closedOn
${subscription},7777777,014,${account.name},0932833810,09121234567,خیابان سعدی,6612345678,01,99,household,1,urban,1,false,1400/01/01,\n`,
    meters: `subscription,serial,digits,capacity,coefficient,installedOn,startReading,removedOn,endReading\n${subscription},77001,5,6,1,1400/01/01,0,,\n`,
    bills: `subscription,serial,cycle,issuedOn,fromDate,toDate,fromReading,toReading,readingSource,totalDue
${subscription},9001,99-1405-01,${addDays(today, -22)},${addDays(today, -90)},${addDays(today, -30)},1100,${account.reading},staff,500000\n`,
  };
  for (const [kind, csv] of Object.entries(feeds)) {
    expect((await feed(kind, csv)).body).toEqual({ kind, rows: 1, inserted: 1, updated: 0, unchanged: 0 });
  }
  const before = (await preview(requestFor(account))).bill;
  expect(before.lines).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'PREVIOUS_DEBT', amount: 500_000 })]));

  const header = 'reference,subscription,paidOn,amount,paymentId,countedInBill\n';
  const payment = `${header}E2E-1,${subscription},${addDays(today, -1)},200000,,\n`;
  expect((await feed('payments', payment)).body).toEqual({ kind: 'payments', rows: 1, inserted: 1, updated: 0, unchanged: 0 });
  expect((await feed('payments', payment)).body).toEqual({ kind: 'payments', rows: 1, inserted: 0, updated: 0, unchanged: 1 });
  const faulty = await feed(
    'payments',
    `${header}E2E-2,${subscription},${today},1000,,\nE2E-3,${subscription},1405/14/01,12.5,,\nE2E-4,099999999999,${today},1000,,\n`,
  );
  expect([faulty.status, faulty.body.code]).toEqual([422, 'FEED_REFUSED']);
  expect(faulty.body.errors.map(({ row, column, code }) => [row, column, code])).toEqual([
    [3, 'paidOn', 'NOT_A_DATE'],
    [3, 'amount', 'NOT_WHOLE_RIAL'],
    [4, 'subscription', 'UNKNOWN_SUBSCRIPTION'],
  ]);
  expect((await stage.call('POST', '/billing/feeds/payments', { csv: payment })).status).toBe(403);
  const after = (await preview(requestFor(account))).bill;
  // the refused file left nothing, its good row neither
  expect(after.lines.filter(({ code }) => code === 'PAYMENT').map(({ amount }) => amount)).toEqual([-200_000]);
  expect(after.total).toBe(before.total - 200_000);

  const { body: settlement } = await settle(requestFor(account));
  expect(settlement).toMatchObject({ status: 'announced', bill: { total: after.total } });
  const seen: { id: number; event: string; data: unknown }[] = [];
  const followed = (async () => {
    for await (const event of events(account)) seen.push(event);
  })();
  const kinds = (): string[] => seen.map(({ event }) => event);
  await until('the events so far', 20, async () => kinds().includes('scheduled'));
  expect(kinds()).toEqual(['received', 'issued', 'announced', 'scheduled']);

  await stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'mobile' } });
  const run = stage.client.workflow.getHandle(settlementWorkflowId(idOf(account)));
  for (const { posting } of settlement.postings) {
    await run.signal(postingTaken, { eventId: `taken-${posting}`, posting, billSerial: '9002', nameOnBill: account.name });
  }
  await followed;
  expect(kinds()).toEqual(['received', 'issued', 'announced', 'scheduled', 'delivered', 'taken', 'taken', 'settled', 'end']);
  const ids = seen.slice(0, -1).map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(seen[2]?.data).toMatchObject({ at: settlement.announcedAt, data: { elapsedMs: settlement.elapsedMs, withinTarget: true } });
  // an EventSource that comes back: first what it missed, then nothing more
  const missed: string[] = [];
  for await (const { event } of events(account, String(ids.at(-2)))) missed.push(event);
  expect(missed).toEqual(['settled', 'end']);
  const nothing = await stage.call('GET', `/settlements/${idOf(account)}/events`, { headers: { 'last-event-id': String(ids.at(-1)) } });
  expect(nothing.status).toBe(204);

  expect(await show(account)).toMatchObject({ status: 'settled', delivery: { channel: 'mobile' } });
  // after the end: the same answer for the same facts, nothing new for a late repeat
  await until('the run has closed', 20, async () => (await run.describe()).status.name === 'COMPLETED');
  expect(await settle(requestFor(account))).toMatchObject({
    status: 200,
    body: { status: 'settled', bill: { number: settlement.bill.number } },
  });
  expect((await settle(requestFor(account, { reading: account.reading + 41 }))).status).toBe(409);
  expect(
    (await stage.call('POST', `/settlements/${idOf(account)}/delivery`, { body: { deliveredTo: account.name, channel: 'mobile' } })).status,
  ).toBe(200);
  expect(await bills(account)).toBe(1);
});

test('without the key nothing of a person is in what Temporal keeps, not even in refusals', async () => {
  const stranger = { name: 'پروانه ناشناس‌پور', nationalId: '0013542419', mobile: '09351112233' };
  const [accepted, refused] = [stage.account(), stage.account()];
  const request = { applicant: { kind: 'tenant', ...stranger } };
  expect((await settle(requestFor(accepted, request))).status).toBe(201);
  expect((await settle(requestFor(refused, { ...request, reading: refused.reading - 1 }))).status).toBe(422);
  const { rows } = await stage.pool.query<Record<string, string>>(
    'select a.name, a.national_id, a.mobile, a.address from billing.accounts a join app.settlements s using (subscription) where s.id = any($1)',
    [[idOf(accepted), idOf(refused)]],
  );
  expect(rows).toHaveLength(2);
  const kept = await stage.temporalKept();
  expect([kept.includes(accepted.subscription), kept.includes(settlementWorkflowId(idOf(refused)))]).toEqual([true, true]);
  const personal = [...Object.values(stranger), 'مریم رضایی', ...rows.flatMap((row) => Object.values(row).filter((value) => value))];
  expect(personal.length).toBeGreaterThan(8);
  expect(personal.filter((value) => kept.includes(value))).toEqual([]);
});
