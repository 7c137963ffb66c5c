import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { Refusal } from '../src/refusal.js';
import { type TariffReview, addTariffCommand, publishTariff } from '../src/tariff-command.js';
import { TariffError } from '../src/domain/tariff.js';
import { PublicationRefused, type TariffStore } from '../src/store/tariffs.js';
import { T1, stepTariff, tariff } from './domain/sample.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-tariff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void (process.exitCode = undefined));

const TABLE = 'tariffs/household-1397.json';
function file(name: string, content: unknown): string {
  const full = path.join(folder, name);
  writeFileSync(full, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return full;
}
async function run(...args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const program = new Command('tasvieh').exitOverride().configureOutput({ writeErr: () => {} });
  addTariffCommand(program, () => 'postgres://127.0.0.1/none', (line) => void lines.push(line));
  await program.parseAsync(['node', 'tasvieh', 'tariff', ...args]);
  return { code: Number(process.exitCode ?? 0), out: lines.join('\n') };
}
async function check(...args: string[]): Promise<TariffReview & { code: number }> {
  const { code, out } = await run('check', ...args, '--json');
  return { code, ...JSON.parse(out) };
}

describe('tariff check', () => {
  test('a sound document: sample bills, exit 0', async () => {
    const { code, out } = await run('check', TABLE);
    expect(code).toBe(0);
    expect(out).toContain('0 faults');
    // 50 m³ warm: gas 55,200, insurance 3,000, levy 5,520, VAT 4,968
    expect(out).toMatch(/^household {2,}1 {2,}warm {2,}50 {2,}68,688$/m);
    expect(out).toContain('no cold rate for household in climate 3, 4, 5');
  });
  test('old against new', async () => {
    const old = file('old.json', stepTariff(T1));
    const next = file('new.json', stepTariff(T1.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 * 1.15) }))));
    const { code, out } = await run('check', next, '--against', old);
    expect(code).toBe(0);
    expect(out).toMatch(/^household {2,}1 {2,}warm {2,}50 {2,}55,200 {2,}63,475 {2,}8,275 {2,}\+15\.0$/m);
    expect(await check(next, '--against', old)).toMatchObject({ valid: true, faults: [], warnings: [], samples: expect.arrayContaining([expect.objectContaining({ m3: 50, oldRial: 55_200, newRial: 63_475 })]) });
  });
  test('every fault at once, exit 1, for people and as JSON', async () => {
    const bad = file('bad.json', { ...tariff(), from: '1404/12/30', gas: [{ use: 'household', season: 'both', flat: false, steps: [{ uptoM3PerMonth: 95, rialPerM3: 1 }, { uptoM3PerMonth: 45, rialPerM3: 2 }] }] });
    const { code, faults } = await check(bad);
    expect([code, faults.map((each) => each.code)]).toEqual([1, ['NOT_A_DATE', 'NOT_ASCENDING', 'NO_OPEN_LAST_STEP']]);
    const { out } = await run('check', bad);
    for (const part of ['3 faults', 'from: not a Jalali date (NOT_A_DATE)', 'gas[0].steps[1].uptoM3PerMonth']) expect(out).toContain(part);
  });
  test('toman for rial is a warning, exit 0', async () => {
    const toman = file('toman.json', stepTariff(T1.map((step) => ({ ...step, rialPerM3: Math.round(step.rialPerM3 / 10) }))));
    const { code, warnings } = await check(toman, '--against', TABLE);
    expect([code, warnings.filter((each) => each.code === 'SLIP_OF_TEN').length]).toEqual([0, T1.length]);
  });
  test('a step table, alone and in the place of the old rates', async () => {
    const csv = file('steps.csv', '\uFEFFuse,Season,climate,upto,rate\r\nhousehold,both,,45,1081\r\nhousehold,both,,95,1311\r\nhousehold,both,,,1656\r\n');
    expect(await check(csv)).toEqual({ code: 0, valid: true, faults: [], warnings: [], samples: [] });
    const { samples } = await check(csv, '--against', TABLE);
    expect(samples.find(({ use, climate, season, m3 }) => use === 'household' && climate === 1 && season === 'warm' && m3 === 50)).toMatchObject({ oldRial: 68_688, newRial: 68_688, percent: '+0.0' });
    const falling = file('falling.csv', 'use,season,climate,upto,rate\nhousehold,both,,95,1081\nhousehold,both,,45,1311\nhousehold,both,,,1656\n');
    expect(await check(falling, '--against', TABLE)).toMatchObject({ code: 1, valid: false, faults: [{ path: 'row 3', code: 'NOT_ASCENDING' }] });
    expect(await check(file('columns.csv', 'use,rate\nhousehold,1\n'))).toMatchObject({ code: 1, faults: [{ code: 'NO_COLUMN' }, { code: 'NO_COLUMN' }, { code: 'NO_COLUMN' }] });
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

describe('tariff publish', () => {
  const store = (publish: TariffStore['publish']): TariffStore => ({ publish, openSettlements: async () => [] }) as unknown as TariffStore;
  test('both names are asked for', async () => {
    await expect(run('publish', TABLE, '--by', 'a')).rejects.toMatchObject({ message: expect.stringContaining('--confirmed-by') });
  });
  test('faults are refused before anything is asked of the database', async () => {
    const never = store(() => Promise.reject(new Error('asked')));
    await expect(publishTariff(never, file('f.json', {}), 'a', 'b')).rejects.toBeInstanceOf(TariffError);
  });
  test('the store’s refusal is told without a stack', async () => {
    await expect(publishTariff(store(() => Promise.reject(new PublicationRefused('no'))), TABLE, 'a', 'a')).rejects.toBeInstanceOf(Refusal);
    expect(await publishTariff(store(async () => true), TABLE, 'a', 'b')).toMatchObject({ version: '1397', published: true, affected: [] });
  });
});
