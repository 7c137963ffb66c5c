import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createPeopleStore } from '../../src/store/people.js';
import { createSignInStore } from '../../src/store/sign-in.js';
import { type Stage, openStage } from './stage.js';

// The commands that docs/walkthrough.md and docs/api.md show, as a reader pastes them, against the real API, worker and servers.

const PASSWORD = 'برای-همین-آزمون-۱۴۰۵';
let stage: Stage;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-examples-'));
  stage = await openStage(200);
  await stage.startAll();
  const by = { id: 'test', name: 'test' };
  await createPeopleStore(stage.pool).record({ id: 'm.rezaei', name: 'مریم رضایی', office: '01', roles: ['clerk'] }, by);
  await createSignInStore(stage.pool).givePassword('m.rezaei', PASSWORD, by);
}, 120_000);
afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The bash examples of a document, from one heading to another. */
function examples(file: string, from = '', to?: string): string[] {
  const text = readFileSync(file, 'utf8');
  const part = text.slice(text.indexOf(from), to === undefined ? undefined : text.indexOf(to));
  return [...part.matchAll(/^```bash\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

const MARK = '--- example ---';
/** Runs examples one after the other in one shell, as they are pasted; answers what each printed. The first that fails ends it. */
async function pasted(codes: string[], more: Record<string, string>): Promise<string[]> {
  const main = path.resolve('dist/src/main.js');
  const script = ['set -eo pipefail', ...codes.map((code) => code.replaceAll('node dist/src/main.js', `node '${main}'`))].join(
    `\necho; echo '${MARK}'\n`,
  );
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    cwd: folder,
    env: { ...stage.environment(), ...more },
    timeout: 100_000,
  });
  return stdout
    .split(MARK)
    .slice(1)
    .map((printed) => printed.trim());
}

/** The JSON objects among what was printed, one a line. */
const objects = (printed: string): Record<string, unknown>[] =>
  printed.split(/\n|(?<=\})(?=\{)/).flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));

test('docs/walkthrough.md: one settlement, from the receipt to the acknowledgement', async () => {
  const [given = '', ...codes] = examples('docs/walkthrough.md', '## One settlement, step by step', '## Pull the plug');
  expect(codes.length).toBeGreaterThan(6);
  const [token, api] = [await stage.tokenOf('clerk', '01'), stage.address()];
  const setting = given.replace(/^TOKEN=.*$/m, `TOKEN=${token}`).replace(/^API=.*$/m, `API=${api}`);
  expect(setting).toContain(`API=${api}\n`);
  // where a reader waits two seconds, until billing's word has come that far: a busy machine may need more
  const waits = `far=(waiting handedOver); sleep() { local i; for i in {1..300}; do curl -s -H "$auth" $API/settlements/$ID | grep "amount.:[0-9-]*,.status.:.\${far[0]}" > /dev/null || break; command sleep 0.1; done; far=("\${far[@]:1}"); }\n`;
  const printed = await pasted([setting + waits, ...codes], {});
  const one = (with_: RegExp) => printed.find((each) => with_.test(each)) ?? '';
  expect(objects(one(/"warnings"/))[0]).toMatchObject({ errors: [] });
  expect(one(/^HTTP\/1\.1 201 Created/)).toContain('"status":"announced"');
  expect(readFileSync(path.join(folder, 'bill.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  expect(readFileSync(path.join(folder, 'copy.pdf')).equals(readFileSync(path.join(folder, 'bill.pdf')))).toBe(false);
  expect(one(/"delivery":\{"deliveredTo":"سیروس کریمی"/)).toContain('"status":"delivered"');
  expect(one(/"status":"handedOver"/)).toContain('"count": 3');
  expect(JSON.parse(readFileSync(path.join(folder, 'taken.json'), 'utf8'))).toMatchObject({
    count: 3,
    items: expect.arrayContaining([expect.objectContaining({ outcome: 'taken' })]),
  });
  expect([...(printed.at(-1) ?? '').matchAll(/"status":"taken"/g)].length).toBeGreaterThanOrEqual(3);
});

test('docs/api.md: a token, signing in, a search, a feed with the answer that stands there', async () => {
  const [token = '', signIn = '', search = '', feed = '', ...more] = examples('docs/api.md');
  expect(more).toEqual([]);
  const [issued, session, found, fed] = await pasted([token, signIn.replace('…', PASSWORD), search, feed], {
    API: stage.address(),
    TOKEN: await stage.tokenOf('clerk', '01'),
    BILLING: await stage.tokenOf('billing', '01'),
  });
  expect(issued).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(objects(session ?? '').at(-1)).toMatchObject({ id: 'm.rezaei', role: 'clerk' });
  expect(found).toContain('حسین');
  expect(`# ${fed}`).toBe(feed.trim().split('\n').at(-1));
});
