import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTokens } from '../../src/api/tokens.js';

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

const SECRET = 'only for the tests of the command line, 32 at least';
const TARIFF = 'tariffs/household-1397.json';
const { valid, invalid, gas } = JSON.parse(readFileSync(path.join(__dirname, '../vectors/bill-ids.json'), 'utf8')) as {
  valid: { billId: string; paymentId: string; service: number; amountRial: number; barcode: string }[];
  invalid: { billId: string; paymentId: string; why: string }[];
  gas: {
    file: string;
    company: string;
    amountRial: number;
    yearDigit: number;
    period: number;
    billId: string;
    paymentId: string;
    barcode: string;
  }[];
};

/** The built command as a user runs it, without this machine's settings. */
function tasvieh(args: string[], settings: Record<string, string> = {}): Promise<Outcome> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TASVIEH_')));
  const child = spawn(process.execPath, [path.resolve('dist/src/main.js'), ...args], {
    env: { ...env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  const outcome: Outcome = { code: null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...outcome, code }));
  });
}

/** Two at a time, and samples only, since the domain's tests go through all vectors. */
async function twoAtATime<T>(cases: readonly T[], act: (each: T) => Promise<void>): Promise<void> {
  const left = [...cases];
  const next = async (): Promise<void> => {
    for (let each = left.shift(); each !== undefined; each = left.shift()) await act(each);
  };
  await Promise.all([next(), next()]);
}

const price = (change: Record<string, string> = {}): string[] => [
  'price',
  ...Object.entries({
    tariff: TARIFF,
    from: '1397/02/01',
    to: '1397/02/31',
    m3: '45',
    use: 'household',
    climate: '1',
    units: '1',
    ...change,
  }).flatMap(([name, value]) => [`--${name}`, value]),
];

describe('price', () => {
  test('the agreed JSON, to the letter', async () => {
    expect(await tasvieh([...price(), '--json'])).toEqual({
      code: 0,
      out: '{"days":30,"lines":[{"season":"warm","days":30,"rialPerM3":1081,"m3":"45","rial":48645}],"gasPriceRial":48645}\n',
      err: '',
    });
  });

  test('the next step, a line for people, and digits as they are typed in Iran', async () => {
    await twoAtATime(
      [
        async () => {
          const { code, out } = await tasvieh([...price({ m3: '46' }), '--json']);
          expect([code, JSON.parse(out).gasPriceRial]).toEqual([0, 49_956]);
        },
        async () => {
          const { code, out } = await tasvieh([
            ...price({ from: '۱۳۹۷/۰۲/۰۱', to: '١٣٩٧/٠٢/٣١', m3: '۴۶', climate: '۱', units: '۱' }),
            '--json',
          ]);
          expect([code, JSON.parse(out).gasPriceRial]).toEqual([0, 49_956]);
        },
        async () => {
          const { code, out } = await tasvieh(price());
          expect([code, out]).toEqual([0, expect.stringContaining('48645 rial')]);
        },
      ],
      (act) => act(),
    );
  });

  test('what cannot be priced is refused with its reason, without a stack', async () => {
    await twoAtATime<[string[], string]>(
      [
        [price({ from: '1390/02/01', to: '1390/02/31' }), '1390/02/02'],
        [price({ from: '1397/02/31', to: '1397/02/01' }), '1397/02/01'],
        [price({ tariff: 'no-such-file.json' }), 'no-such-file.json'],
        [price({ tariff: 'package.json' }), 'seasons: a list is required'],
      ],
      async ([args, reason]) => {
        const { code, out, err } = await tasvieh([...args, '--json']);
        expect([args, code, out]).toEqual([args, 1, '']);
        expect(err).toContain(reason);
        expect(err).not.toMatch(/^\s+at /m);
      },
    );
  });
});

test('what needs no server waits for none of their packages', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-loaded-'));
  const tell = path.join(folder, 'tell.cjs');
  writeFileSync(tell, `process.on('exit', () => process.stderr.write('loaded:' + Object.keys(require.cache).join('\\n')));`);
  try {
    await twoAtATime([['bill-id', 'check', valid[0]!.billId], price(), ['tariff', 'check', TARIFF], ['--help']], async (args) => {
      const { code, err } = await tasvieh(args, { NODE_OPTIONS: `--require ${tell}` });
      const packages = new Set([...err.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].map(([, name]) => name));
      expect([args[0], code, [...packages].sort()]).toEqual([args[0], 0, ['commander', 'jalaali-js']]);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('usage', () => {
  test('help and version end well', async () => {
    await twoAtATime([['--help'], ['price', '--help'], ['--version']], async (args) => {
      const { code, out, err } = await tasvieh(args);
      expect([args, code, err]).toEqual([args, 0, '']);
      expect(out).not.toBe('');
    });
  });

  test('wrong usage is 2 and says what would be right', async () => {
    await twoAtATime<[string[], string]>(
      [
        [['nonsense'], 'Usage: tasvieh'],
        [['price', '--m3', '45'], '--tariff'],
        [price({ m3: 'many' }), 'm³'],
        [price({ from: '1397/13/01' }), 'Jalali'],
        [['feed', 'nothing', 'file.csv'], 'accounts, meters'],
        [['person', 'add', '--id', 'x1', '--name', 'x', '--office', '01', '--role', 'king'], 'clerk, supervisor'],
        [['token', '--role', 'king', '--office', '01', '--name', 'x'], 'clerk, supervisor'],
      ],
      async ([args, hint]) => {
        const { code, out, err } = await tasvieh(args);
        expect([args, code, out]).toEqual([args, 2, '']);
        expect(err).toContain(hint);
      },
    );
  });

  test('missing settings are named all at once', async () => {
    await twoAtATime<[string, Record<string, string>, string[]]>(
      [
        ['worker', {}, ['TASVIEH_DATABASE_URL', 'TASVIEH_TEMPORAL_ADDRESS', 'TASVIEH_SECRET']],
        [
          'api',
          { TASVIEH_DATABASE_URL: 'postgres://nobody@127.0.0.1/none', TASVIEH_API_PORT: 'x' },
          ['TASVIEH_TEMPORAL_ADDRESS', 'TASVIEH_SECRET', 'TASVIEH_API_PORT'],
        ],
      ],
      async ([command, settings, names]) => {
        const { code, out, err } = await tasvieh([command], settings);
        expect([command, code, out]).toEqual([command, 1, '']);
        for (const name of names) expect(err).toContain(name);
      },
    );
  });
});

describe('bill ids', () => {
  test('published pairs are valid', async () => {
    await twoAtATime(
      [...valid.slice(0, 3), ...gas.slice(0, 1).map((each) => ({ ...each, service: 3 }))],
      async ({ billId, paymentId, service, amountRial, barcode }) => {
        const { code, out } = await tasvieh(['bill-id', 'check', billId, paymentId, '--json']);
        expect([code, JSON.parse(out)]).toEqual([0, { valid: true, service, amountRial, barcode }]);
      },
    );
  });

  test('false ones are not, and end with 1', async () => {
    await twoAtATime(invalid, async ({ billId, paymentId, why }) => {
      const { code, out } = await tasvieh(['bill-id', 'check', billId, paymentId, '--json']);
      expect([why, code]).toEqual([why, 1]);
      expect(out).toContain('"valid":false');
    });
  });

  test('are made from their parts', async () => {
    await twoAtATime(gas.slice(0, 4), async ({ file, company, amountRial, yearDigit, period, billId, paymentId, barcode }) => {
      const parts = { file, company, amount: String(amountRial), year: String(1400 + yearDigit), period: String(period) };
      const { code, out } = await tasvieh([
        'bill-id',
        'make',
        ...Object.entries(parts).flatMap(([name, value]) => [`--${name}`, value]),
        '--json',
      ]);
      expect([code, JSON.parse(out)]).toEqual([0, { billId, paymentId, barcode }]);
    });
    const { code, out, err } = await tasvieh([
      'bill-id',
      'make',
      '--file',
      '1',
      '--company',
      '014',
      '--amount',
      '1500',
      '--year',
      '1405',
      '--period',
      '1',
    ]);
    expect([code, out, err]).toEqual([1, '', expect.stringContaining('1500')]);
  });
});

test('a token that the API accepts', async () => {
  const { code, out } = await tasvieh(
    ['token', '--role', 'supervisor', '--office', '02', '--name', 'مریم رضایی', '--id', 'm.rezaei', '--hours', '1'],
    {
      TASVIEH_SECRET: SECRET,
    },
  );
  expect(code).toBe(0);
  const token = out.trim();
  expect(await createTokens(SECRET).readSession(token)).toMatchObject({
    operator: { id: 'm.rezaei', name: 'مریم رضایی', role: 'supervisor', office: '02' },
    version: null,
  });
  const inTwoHours = new Date(Date.now() + 2 * 3600_000);
  expect(await createTokens(SECRET, () => inTwoHours).readSession(token)).toBeNull();
  expect(await createTokens('another secret of at least 32 characters').readSession(token)).toBeNull();
});
