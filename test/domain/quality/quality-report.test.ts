import {
  QUALITY_REPORT_WORKFLOW,
  monthIsOver,
  monthsWithoutReport,
  qualityReportWorkflowId,
} from '../../../src/domain/quality/quality-report.js';
import { monthBefore, monthDays, monthName, parseMonth, startOfDayInTehran } from '../../../src/domain/calendar/jalali.js';
import { on } from '../sample.js';

const at = (day: string, hours = 6): string => new Date(Date.parse(startOfDayInTehran(on(day))) + hours * 3_600_000).toISOString();

test.each<[string, string, string | null, string[], string[]]>([
  ['the first of a month', at('1405/09/01'), '1405/08/10', [], ['1405/08']],
  ['the day before', at('1405/08/30'), '1405/08/10', [], []],
  ['an hour before the first, by the clock of Tehran', at('1405/09/01', -1), '1405/08/10', [], []],
  ['a first that was missed', at('1405/09/17'), '1405/08/30', [], ['1405/08']],
  ['made already', at('1405/09/17'), '1405/08/30', ['1405/08'], []],
  ['two months missed, one made between', at('1405/09/01'), '1405/05/02', ['1405/07'], ['1405/05', '1405/06', '1405/08']],
  ['over the end of the year', at('1406/01/01'), '1405/11/01', ['1405/11'], ['1405/12']],
  ['no settlement yet', at('1405/09/01'), null, [], []],
  ['the first settlement is of this month', at('1405/09/17'), '1405/09/01', [], []],
])('%s', (_, now, first, made, expected) => {
  expect(monthsWithoutReport(now, first === null ? null : on(first), new Set(made))).toEqual(expected);
});

test('a year back at most', () => {
  expect(monthsWithoutReport(at('1405/09/01'), on('1400/01/01'), new Set())).toHaveLength(12);
});

test('months: their days, names and what is over', () => {
  expect(monthDays('1403/12')).toEqual({ from: '1403/12/01', to: '1403/12/30' });
  expect(monthDays('1404/12').to).toBe('1404/12/29');
  expect(['1405/01', '1405/10'].map(monthBefore)).toEqual(['1404/12', '1405/09']);
  expect([monthName('1405/08/12'), monthName('1405/01'), monthName('1405/12')]).toEqual(['آبان', 'فروردین', 'اسفند']);
  expect(['۱۴۰۵/۸', '1405-08', '1405/13', '1405', '', '1405/08/01'].map(parseMonth)).toEqual([
    '1405/08',
    '1405/08',
    null,
    null,
    null,
    null,
  ]);
  expect([monthIsOver('1405/08', at('1405/09/01', 0)), monthIsOver('1405/08', at('1405/08/30', 23))]).toEqual([true, false]);
  expect([QUALITY_REPORT_WORKFLOW, qualityReportWorkflowId('1405/08', 1), qualityReportWorkflowId('1405/08', 2)]).toEqual([
    'qualityReport',
    'qualityReport/1405-08',
    'qualityReport/1405-08/2',
  ]);
});
