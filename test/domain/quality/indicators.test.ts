import { type IndicatorCounts, NOTHING_COUNTED, indicators, quantileOf } from '../../../src/domain/quality/indicators.js';

const of = (counts: Partial<IndicatorCounts>) => indicators('01', { ...NOTHING_COUNTED, ...counts });

test('K1: on time within five minutes, late entries with a share of their own', () => {
  expect(of({ requests: 8, onTime: 6, atRisk: 2, medianMs: 900, p95Ms: 200_000, lateEntries: 4, lateEntriesOnTime: 1 }).k1).toEqual({
    requests: 8,
    onTime: 6,
    share: 0.75,
    medianMs: 900,
    p95Ms: 200_000,
    atRisk: 2,
    atRiskShare: 0.25,
    lateEntries: 4,
    lateEntryShare: 0.25,
  });
});

test.each([
  [0.5, 1, 700, 700, 700],
  [0.5, 4, 10, 20, 15],
  [0.5, 5, 30, 30, 30],
  // the place is 18.05: a twentieth of the way
  [0.95, 20, 100, 200, 105],
  [0.95, 21, 100, 100, 100],
])('the quantile %s of %s times, between %s and %s: %s ms', (share, n, below, above, quantile) => {
  expect(quantileOf(share, n, below, above)).toBe(quantile);
});

test('K2: what billing took by the closing day, the rest is late', () => {
  expect(of({ due: 5, taken: 4 }).k2).toEqual({ due: 5, inTime: 4, late: 1, share: 0.8 });
});

test('K3: announced without an error that stood', () => {
  expect(of({ announcements: 10, announcedWithError: 1 }).k3).toEqual({ announced: 10, correct: 9, share: 0.9 });
});

test('K4 and K5: corrections by kind and cause, and announcements', () => {
  const { group, k4, k5 } = of({ corrections: 3, withdrawn: 1, byKind: { reading: 2, name: 1 }, byCause: { clerk: 3 }, announcements: 12 });
  expect([group, k5]).toEqual(['01', 12]);
  expect(k4).toEqual({ corrections: 3, withdrawn: 1, byKind: { reading: 2, name: 1 }, byCause: { clerk: 3 } });
});

test('of nothing there is no share: not 0 %, and not 100 %', () => {
  expect(indicators(null, NOTHING_COUNTED)).toEqual({
    group: null,
    k1: {
      requests: 0,
      onTime: 0,
      share: null,
      medianMs: null,
      p95Ms: null,
      atRisk: 0,
      atRiskShare: null,
      lateEntries: 0,
      lateEntryShare: null,
    },
    k2: { due: 0, inTime: 0, late: 0, share: null },
    k3: { announced: 0, correct: 0, share: null },
    k4: { corrections: 0, withdrawn: 0, byKind: {}, byCause: {} },
    k5: 0,
  });
  expect(of({ requests: 3 }).k1.share).toBe(0);
});
