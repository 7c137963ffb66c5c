/* What ran on earlier code goes on here: workflows stay open for months, and an upgrade finds them in the middle. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { WORKFLOW_BUNDLE } from '../../src/temporal/worker.js';
import { type KeptHistory, keptHistories } from './histories.js';
import { logToTest } from '../harness/sdk-log.js';

const kept = keptHistories();
/** By their names, since outside the worker they cannot be loaded. */
const TYPES = [...readFileSync(path.resolve('src/workflows/index.ts'), 'utf8').matchAll(/export \{ ([\w, ]+) \} from/g)].flatMap(
  ([, names = '']) => names.split(', '),
);
const typeOf = ({ history }: KeptHistory): string => history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';

async function faults(histories: KeptHistory[], codePath = WORKFLOW_BUNDLE): Promise<Map<string, Error>> {
  const found = new Map<string, Error>();
  const results = Worker.runReplayHistories(
    { workflowBundle: { codePath } },
    histories.map(({ workflowId, file, history }) => ({ workflowId: `${workflowId}#${file}`, history })),
  );
  for await (const { workflowId, error } of results) if (error) found.set(workflowId.split('#')[1] ?? '', error);
  return found;
}

beforeAll(() => {
  logToTest();
});

test('each workflow has left histories, the settlement in all its ways', () => {
  expect(TYPES.length).toBeGreaterThan(5);
  const counts = Object.fromEntries(TYPES.map((type) => [type, kept.filter((each) => typeOf(each) === type).length]));
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  expect(counts['settlement']).toBeGreaterThan(20);
});

test('every kept history replays on this code', async () => {
  expect([...(await faults(kept))].map(([file, error]) => `${file}: ${error.message}`)).toEqual([]);
}, 120_000);

test('the negative twin: on code that takes another step they do not', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-replay-'));
  try {
    const changed = path.join(folder, 'bundle.js');
    const code = readFileSync(WORKFLOW_BUNDLE, 'utf8');
    const other = code.replaceAll(`'assess'`, `'assessOther'`);
    expect(other).not.toBe(code);
    writeFileSync(changed, other);
    const computed = kept.filter(({ history }) =>
      JSON.stringify(
        history.events?.map((event) =>
          Buffer.from(event.markerRecordedEventAttributes?.details?.['data']?.payloads?.[0]?.data ?? []).toString(),
        ),
      ).includes('assess'),
    );
    expect(computed.length).toBeGreaterThan(20);
    const found = await faults(computed, changed);
    expect([...found.values()].filter(({ name }) => name === 'DeterminismViolationError')).toHaveLength(computed.length);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
