import { FEED_KINDS, type FeedKind, type FeedState } from '../../../src/domain/settlement/account.js';
import { blocking } from '../../../src/domain/settlement/finding.js';
import { assess } from '../../../src/domain/settlement/assessment.js';
import { staleFeeds, staleFinding, staleText } from '../../../src/domain/settlement/freshness.js';
import { DEFAULT_SERVICE_TERMS } from '../../../src/domain/settlement/service-terms.js';
import { bill, facts, on, order, snapshot, tariff } from '../sample.js';

const DAY = on('1405/09/04');
const feed = (kind: FeedKind, asOf: string): FeedState => ({ kind, loadedAt: '2026-11-20T05:00:00.000Z', asOf: on(asOf) });
const stale = (feeds: FeedState[], staleAfterDays = DEFAULT_SERVICE_TERMS.staleAfterDays) =>
  staleFeeds(feeds, { staleAfterDays }, DAY).map(({ kind, asOf, days }) => [kind, asOf, days]);
const BILLS = feed('bills', '1405/09/04');

describe('plan R2: which feeds are stale', () => {
  test.each<[string, FeedState[], unknown[]]>([
    // 3 days for payments, 45 for bills by default
    ['payments as old as allowed', [BILLS, feed('payments', '1405/09/01')], []],
    ['payments a day older', [BILLS, feed('payments', '1405/08/30')], [['payments', '1405/08/30', 4]]],
    ['bills as old as allowed', [feed('bills', '1405/07/19')], []],
    ['bills a day older', [feed('bills', '1405/07/18')], [['bills', '1405/07/18', 46]]],
    ['bills never came', [feed('payments', '1405/09/04')], [['bills', null, null]]],
    ['others never came', [BILLS], []],
    ['data of tomorrow', [BILLS, feed('payments', '1405/09/05')], []],
    ['the timetable, a year and a day old', [BILLS, feed('cycles', '1404/09/03')], [['cycles', '1404/09/03', 366]]],
    [
      'several, in their order',
      [feed('payments', '1405/08/01'), feed('meters', '1405/01/01'), feed('bills', '1405/01/01')],
      [
        ['meters', '1405/01/01', 249],
        ['bills', '1405/01/01', 249],
        ['payments', '1405/08/01', 33],
      ],
    ],
  ])('%s', (_, feeds, found) => expect(stale(feeds)).toEqual(found));

  test('a kind without terms is never stale, nor missed', () => {
    expect(
      stale(
        FEED_KINDS.map((kind) => feed(kind, '1390/01/01')),
        {},
      ),
    ).toEqual([]);
    expect(stale([], {})).toEqual([]);
    expect(stale([feed('payments', '1390/01/01')], { payments: 3 })).toEqual([['payments', '1390/01/01', 5728]]);
  });
});

describe('the finding', () => {
  const found = (feeds: FeedState[]) => staleFinding(staleFeeds(feeds, DEFAULT_SERVICE_TERMS, DAY));
  test('one for all, naming each feed, its day and its age, and what to do', () => {
    const finding = found([feed('bills', '1405/07/01'), feed('payments', '1405/08/01'), feed('deposits', '1405/09/04')]);
    expect(finding).toMatchObject({ code: 'STALE_FEED', severity: 'confirm' });
    for (const part of ['صورتحساب‌ها تا 1405/07/01 (63 روز پیش)', 'پرداخت‌ها تا 1405/08/01 (33 روز پیش)', 'واحد صورتحساب', 'تأیید کنید'])
      expect(finding?.message).toContain(part);
    expect(finding?.message).not.toContain('ودیعه');
  });
  test('every feed by its name, word for word', () => {
    const old = FEED_KINDS.map((kind) => feed(kind, '1405/08/01'));
    expect(FEED_KINDS.map((kind) => staleText({ kind, asOf: null, days: null }))).toEqual([
      'مشترکین هنوز دریافت نشده',
      'کنتورها هنوز دریافت نشده',
      'صورتحساب‌ها هنوز دریافت نشده',
      'پرداخت‌ها هنوز دریافت نشده',
      'اصلاح‌های حساب هنوز دریافت نشده',
      'اقساط هنوز دریافت نشده',
      'ودیعه‌ها هنوز دریافت نشده',
      'جدول زمان‌بندی هنوز دریافت نشده',
    ]);
    expect(staleFinding(staleFeeds(old, { staleAfterDays: { bills: 3, payments: 3 } }, DAY))).toEqual({
      code: 'STALE_FEED',
      severity: 'confirm',
      field: 'subscription',
      title: 'The fed data is old',
      message:
        'این داده‌ها به‌روز نیست: صورتحساب‌ها تا 1405/08/01 (33 روز پیش)، پرداخت‌ها تا 1405/08/01 (33 روز پیش). پرداخت یا قبض تازه ممکن است در مانده نیامده باشد. داده تازه را از واحد صورتحساب بخواهید، یا آخرین قبض و رسیدهای متقاضی را ببینید و با دلیل تأیید کنید.',
    });
  });
  test('none when all is fresh, nor for the timetable alone', () => {
    expect([found([BILLS]), found([BILLS, feed('cycles', '1400/01/01')])]).toEqual([null, null]);
  });
  test('a feed that never came has no day', () =>
    expect(staleText({ kind: 'bills', asOf: null, days: null })).toBe('صورتحساب‌ها هنوز دریافت نشده'));
});

describe('in the assessment', () => {
  const old = snapshot({ lastBill: bill('1397/02/01', 100), feeds: [feed('bills', '1397/02/01'), feed('payments', '1397/02/28')] });
  const assessed = (today: string, tariffs = [tariff()]) =>
    assess(order(facts('1397/02/31', 145)), old, tariffs, null, on(today), []).findings.map(({ code }) => code);
  test('by the age on the day of the announcement, whatever the settlement date is', () => {
    expect(assessed('1397/02/31')).toEqual(['NO_FEE_RESOLUTION']);
    expect(assessed('1397/03/01')).toEqual(['STALE_FEED', 'NO_FEE_RESOLUTION']);
  });
  test('the terms of that day’s tariff count', () => {
    const from = on('1390/01/01');
    expect(assessed('1397/03/20', [tariff({ service: [{ from, to: null, staleAfterDays: { payments: 30 } }] })])).toEqual([
      'NO_FEE_RESOLUTION',
    ]);
  });
  test('beside an impossible reading too: the clerk hears all at once; confirmed with a reason it passes', () => {
    const { debt, findings } = assess(order(facts('1397/02/31', 99)), old, [tariff()], null, on('1398/01/01'), []);
    expect([debt, findings.map(({ code }) => code)]).toEqual([null, ['READING_BELOW_PREVIOUS', 'STALE_FEED']]);
    const stands = (confirmed: { code: string; reason: string }[]) => blocking(findings, confirmed).map(({ code }) => code);
    expect(stands([])).toEqual(['READING_BELOW_PREVIOUS', 'STALE_FEED']);
    expect(stands([{ code: 'STALE_FEED', reason: 'رسید دیده شد' }])).toEqual(['READING_BELOW_PREVIOUS']);
  });
});
