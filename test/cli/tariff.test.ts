import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Refusal } from '../../src/refusal.js';
import { type TariffReview, addTariffCommand, publishTariff } from '../../src/cli/tariff.js';
import { type Tariff, readTariff } from '../../src/domain/tariff/tariff.js';
import { PublicationRefused, type TariffStore } from '../../src/store/tariffs.js';
import { T1, household1397, on, stepTariff, table, tariff } from '../domain/sample.js';
import { grid, workbook } from '../workbook.js';
import { runCommand } from './run-command.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-tariff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void (process.exitCode = undefined));

const TABLE = 'tariffs/household-1397.json';
function file(name: string, content: unknown): string {
  const full = path.join(folder, name);
  writeFileSync(full, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return full;
}
const run = (...args: string[]): Promise<{ code: number; out: string }> =>
  runCommand(addTariffCommand, { databaseUrl: 'postgres://127.0.0.1/none' }, ['tariff', ...args]);
async function check(...args: string[]): Promise<TariffReview & { code: number }> {
  const { code, out } = await run('check', ...args, '--json');
  return { code, ...JSON.parse(out) };
}

describe('tariff check', () => {
  test('a sound document: sample bills, exit 0', async () => {
    const { code, out } = await run('check', TABLE);
    expect(code).toBe(0);
    expect(out).toContain(`${TABLE}: no faults, 1 warning`);
    // 50 m³ warm: gas 55,200, insurance 3,000, levy 5,520, VAT 4,968
    expect(out).toMatch(/^household, warm, climate 1-5\n {2,}m³ {2,}bill\n {2,}20 {2,}28,728\n {2,}50 {2,}68,688$/m);
    expect(out).toMatch(/^household, cold, climate 1$/m);
    expect(out).toMatch(/^household, cold, climate 2$/m);
    // 100 × 1495 = 149,500, insurance 20,000, levy 14,950, VAT 13,455
    expect(out).toMatch(/^commercial, warm and cold, every climate\n {2,}m³ {2,}bill\n {2,}100 {2,}197,905$/m);
    expect(out).toContain(`warning: ${TABLE}: household[0]: no cold rate for household in climate 3, 4, 5`);
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(160);
  });
  test('old against new', async () => {
    const old = file('old.json', stepTariff(T1));
    const next = file('new.json', stepTariff(T1.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * 1.15) }))));
    const { code, out } = await run('check', next, '--against', old);
    expect(code).toBe(0);
    expect(out).toMatch(/^household, warm, climate 1-5$/m);
    expect(out).toMatch(/^ {2,}50 {2,}55,200 {2,}63,475 {2,}8,275 {2,}\+15\.0 %$/m);
    expect(out).toContain(`old: ${old}`);
    expect(await check(next, '--against', old)).toMatchObject({
      valid: true,
      faults: [],
      warnings: [],
      samples: expect.arrayContaining([expect.objectContaining({ m3: 50, oldRial: 55_200, newRial: 63_475 })]),
    });
  });
  test('every fault at once, exit 1, for people and as JSON', async () => {
    const bad = file('bad.json', {
      ...tariff(),
      from: '1404/12/30',
      gas: [
        {
          use: 'household',
          season: 'both',
          flat: false,
          steps: [
            { uptoM3PerMonth: 95, rialPerM3: 1 },
            { uptoM3PerMonth: 45, rialPerM3: 2 },
          ],
        },
      ],
    });
    const { code, faults } = await check(bad);
    expect([code, faults.map((each) => each.code)]).toEqual([1, ['NOT_A_DATE', 'NOT_ASCENDING', 'NO_OPEN_LAST_STEP']]);
    const { out } = await run('check', bad);
    expect(out.split('\n').slice(0, 3)).toEqual([
      `${bad}: from: not a Jalali date yyyy/mm/dd: 1404/12/30 (NOT_A_DATE)`,
      `${bad}: gas[0].steps[1].uptoM3PerMonth: limits must be whole and ascend: 45 after 95 (NOT_ASCENDING)`,
      `${bad}: gas[0].steps[1].uptoM3PerMonth: the last step must be open (NO_OPEN_LAST_STEP)`,
    ]);
    expect(out).toContain('3 faults');
  });
  test('a name that nothing reads is told, beside faults too', async () => {
    const { faults, warnings } = await check(
      file('typo.json', {
        ...tariff(),
        titel: 'x',
        title: undefined,
        gas: [{ use: 'household', season: 'both', flat: false, steps: T1, climate: 1 }],
      }),
    );
    // in both languages: whoever reads the JSON may be a page
    const unread = { code: 'UNKNOWN_NAME', message: 'nothing reads this name', detail: 'این نام شناخته نیست و خوانده نمی‌شود.' };
    expect([faults.map(({ path }) => path), warnings]).toEqual([
      ['title'],
      [
        { path: 'gas[0].climate', ...unread },
        { path: 'titel', ...unread },
      ],
    ]);
  });
  test('warnings of a published table by its own paths', async () => {
    const next = JSON.stringify(table).replace('"rialPerM3":1495', '"rialPerM3":150');
    const { warnings } = await check(file('table.json', next), '--against', TABLE);
    expect(warnings).toMatchObject([
      { path: 'flat[0].rialPerM3', code: 'SLIP_OF_TEN' },
      { path: 'household[0]', code: 'NO_RATE' },
    ]);
  });
  test('toman for rial is a warning, exit 0', async () => {
    const toman = file('toman.json', stepTariff(T1.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 / 10) }))));
    const { code, warnings } = await check(toman, '--against', TABLE);
    expect([code, warnings.filter((each) => each.code === 'SLIP_OF_TEN').length]).toEqual([0, T1.length]);
  });
  test('a step table, alone and in the place of the old rates', async () => {
    const csv = file(
      'steps.csv',
      '\uFEFFuse,Season,climate,upto,rate\r\nhousehold,both,,45,1081\r\nhousehold,both,,95,1311\r\nhousehold,both,,,1656\r\n',
    );
    expect(await check(csv)).toEqual({ code: 0, file: csv, against: null, valid: true, faults: [], warnings: [], samples: [] });
    const { samples } = await check(csv, '--against', TABLE);
    expect(
      samples.find(({ use, climate, season, m3 }) => use === 'household' && climate === 1 && season === 'warm' && m3 === 50),
    ).toMatchObject({ oldRial: 68_688, newRial: 68_688, percent: '+0.0' });
    const falling = file(
      'falling.csv',
      'use,season,climate,upto,rate\nhousehold,both,,95,1081\nhousehold,both,,45,1311\nhousehold,both,,,1656\n',
    );
    expect(await check(falling, '--against', TABLE)).toMatchObject({
      code: 1,
      valid: false,
      faults: [{ path: 'row 3, upto', code: 'NOT_ASCENDING' }],
    });
    expect(await check(file('columns.csv', 'use,rate\nhousehold,1\n'))).toMatchObject({
      code: 1,
      faults: [{ code: 'NO_COLUMN' }, { code: 'NO_COLUMN' }, { code: 'NO_COLUMN' }],
    });
  });
  describe('a step table of a workbook', () => {
    const head = ['کاربری', 'فصل', 'اقلیم', 'تا', 'نرخ'];
    const rates = (factor = 1) =>
      T1.map(({ uptoM3PerMonth, rialPerM3 }) => ['household', 'گرم', '1-5', uptoM3PerMonth ?? '', Math.round(rialPerM3 * factor)]);
    const book = (name: string, rows: (string | number)[][], sheet = 'نرخ‌ها') =>
      file(name, workbook([{ name: sheet, cells: grid([['تعرفه'], head, ...rows]) }]));
    test('the same checks and sample bills as those of a CSV file', async () => {
      const xlsx = book('sound.xlsx', rates());
      const csv = file(
        'sound.csv',
        ['use,season,climate,upto,rate', ...rates().map((row) => row.join(',').replace('گرم', 'warm'))].join('\n'),
      );
      const [{ warnings, ...one }, other] = [await check(xlsx, '--against', TABLE), await check(csv, '--against', TABLE)];
      expect(one).toMatchObject({ code: 0, valid: true, faults: [], samples: other.samples });
      expect(
        one.samples.find(({ use, climate, season, m3 }) => use === 'household' && climate === 1 && season === 'warm' && m3 === 50),
      ).toMatchObject({ oldRial: 68_688, newRial: 68_688 });
      // rates of the warm season only: they take the place of all of the use, the cold ones too
      expect([warnings, other.warnings]).toMatchObject([
        [{ path: 'نرخ‌ها, row 3', code: 'NO_RATE' }],
        [{ path: 'row 2', code: 'NO_RATE' }],
      ]);
    });
    test('faults and warnings by sheet, row and column', async () => {
      const rows = rates();
      rows[1]![3] = 40;
      rows[3]![4] = 'x';
      const { code, faults } = await check(book('faulty.xlsx', rows));
      expect([code, faults.map((each) => `${each.path} ${each.code}`)]).toEqual([1, ['نرخ‌ها, row 6, rate NOT_WHOLE']]);
      rows[3]![4] = 2116;
      const faulty = book('falling.xlsx', rows);
      expect((await check(faulty)).faults).toMatchObject([{ path: 'نرخ‌ها, row 4, upto', code: 'NOT_ASCENDING' }]);
      expect((await run('check', faulty)).out).toContain(
        `${faulty}: نرخ‌ها, row 4, upto: limits must be whole and ascend: 40 after 45 (NOT_ASCENDING)`,
      );
      const toman = await check(book('toman.xlsx', rates(0.1)), '--against', TABLE);
      expect(toman.warnings.filter((each) => each.code === 'SLIP_OF_TEN').map(({ path }) => path)).toEqual(
        T1.map((_, i) => `نرخ‌ها, row ${3 + i}, rate`),
      );
    });
    test('--sheet', async () => {
      const two = file(
        'two.xlsx',
        workbook([
          { name: 'A', cells: grid([head, ...rates()]) },
          { name: 'B', cells: grid([['x']]) },
        ]),
      );
      expect(await check(two, '--sheet', 'A')).toMatchObject({ code: 0, valid: true });
      expect(await check(two, '--sheet', 'B')).toMatchObject({ code: 1, faults: Array(5).fill({ code: 'NO_COLUMN' }) });
    });
  });
  test.each<[string, () => string[], string]>([
    ['no such file', () => ['none.json'], 'none.json'],
    ['no JSON', () => [file('x.json', '{')], 'x.json'],
    ['not UTF-8', () => [file('y.json', Buffer.from([0x22, 0xff, 0x22]))], 'UTF-8'],
    ['a broken step table', () => [file('z.csv', 'use,season\n"a')], 'z.csv'],
    ['a faulty old one', () => [TABLE, '--against', file('w.json', {})], 'version'],
  ])('%s is refused without a stack', async (_, args, reason) => {
    const refused: unknown = await run('check', ...args()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).message).toContain(reason);
  });
});

describe('tariff steps', () => {
  const csv = () => file('rates.csv', 'use,season,climate,upto,rate\nhousehold,both,,45,1081\nhousehold,both,,,1311\n');
  const gas = [
    {
      use: 'household',
      season: 'both',
      steps: [
        { uptoM3PerMonth: 45, rialPerM3: 1081 },
        { uptoM3PerMonth: null, rialPerM3: 1311 },
      ],
      flat: false,
    },
  ];
  test('the rates as JSON', async () => expect(JSON.parse((await run('steps', csv())).out)).toEqual(gas));
  test('a whole document with them, which can be checked and published', async () => {
    const document: unknown = JSON.parse((await run('steps', csv(), '--into', TABLE)).out);
    expect(readTariff(document)).toEqual({
      ...household1397,
      gas: [...household1397.gas.filter(({ use }) => use !== 'household'), ...gas],
    });
  });
  test.each<[string, () => string[], string]>([
    [
      'a faulty table',
      () => [file('bad.csv', 'use,season,climate,upto,rate\nhousehold,both,,45,1081\n')],
      'bad.csv: row 2, upto: the last step must be open (NO_OPEN_LAST_STEP)',
    ],
    ['a faulty document', () => [csv(), '--into', file('v.json', {})], 'v.json: version: a text is required (REQUIRED)'],
  ])('%s is refused by the file’s name', async (_, args, reason) => {
    const refused: unknown = await run('steps', ...args()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).message).toContain(reason);
  });
});

describe('tariff publish', () => {
  const store = (publish: TariffStore['publish'], published: Tariff[] = []): TariffStore =>
    ({
      publish,
      openSettlements: async () => [],
      versions: async () => published.map(({ version }) => version),
      tariffs: async () => published,
    }) as unknown as TariffStore;
  const never = (published: Tariff[] = []) => store(() => Promise.reject(new Error('asked')), published);
  const refusal = async (promise: Promise<unknown>): Promise<string> => {
    const refused: unknown = await promise.catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refusal);
    return (refused as Refusal).message;
  };
  test('both names are asked for', async () => {
    await expect(run('publish', TABLE, '--by', 'a')).rejects.toMatchObject({ message: expect.stringContaining('--confirmed-by') });
  });
  test('faults are refused before anything is asked of the database, by the file’s name', async () => {
    expect(await refusal(publishTariff(never(), file('f.json', {}), 'a', 'b'))).toContain('f.json: version: a text is required (REQUIRED)');
  });
  test('the store’s refusal is told without a stack', async () => {
    await refusal(
      publishTariff(
        store(() => Promise.reject(new PublicationRefused('no'))),
        TABLE,
        'a',
        'a',
      ),
    );
    expect(
      await publishTariff(
        store(async () => true),
        TABLE,
        'a',
        'b',
      ),
    ).toMatchObject({ version: '1397', published: true, affected: [] });
  });

  describe('rates ten times off the tariff before it', () => {
    const factor = (of: number) => T1.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * of) }));
    const toman = () => file('toman-1398.json', stepTariff(factor(0.1), { version: '1398', from: on('1398/01/01') }));
    const before = stepTariff(T1, { version: '1397', from: on('1397/01/01'), to: on('1397/12/29') });
    const older = stepTariff(factor(0.1), { version: '1396', from: on('1396/01/01'), to: on('1396/12/29') });
    test('are refused, each by its path, and publish when they are meant', async () => {
      const message = await refusal(publishTariff(never([before, older]), toman(), 'a', 'b'));
      expect(message.split('\n')).toHaveLength(T1.length + 1);
      expect(message).toContain(
        'toman-1398.json: gas[0].steps[0].rialPerM3: 108 is about ten times or a tenth of 1081 in 1397: toman for rial? (SLIP_OF_TEN)',
      );
      expect(message).toContain('--yes');
      expect(
        await publishTariff(
          store(async () => true, [before, older]),
          toman(),
          'a',
          'b',
          true,
        ),
      ).toMatchObject({ published: true, warnings: expect.arrayContaining([expect.objectContaining({ code: 'SLIP_OF_TEN' })]) });
    });
    test('the one in force on its first day counts, whenever it was published', async () => {
      expect(await refusal(publishTariff(never([stepTariff(T1, { version: 'open' }), older]), toman(), 'a', 'b'))).toContain('in open');
      expect(
        await publishTariff(
          store(async () => true, [older]),
          toman(),
          'a',
          'b',
        ),
      ).toMatchObject({ published: true });
    });
    test('what stands already with the same content is no question', async () => {
      const same = stepTariff(factor(0.1), { version: '1398', from: on('1398/01/01') });
      expect(
        await publishTariff(
          store(async () => false, [before, same]),
          toman(),
          'a',
          'b',
        ),
      ).toMatchObject({ published: false });
    });
  });
});
