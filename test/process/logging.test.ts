import { withoutData } from '../../src/api/problems.js';
import { createLog } from '../../src/process/logging.js';

function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLog('test', 'debug', { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

class StoreError extends Error {}

test('an error keeps its type, whether it was masked before or is masked here', () => {
  const error = Object.assign(new StoreError('no row of 014123456701'), { code: '23505' });
  for (const err of [error, withoutData(error)]) {
    const { err: written } = logged((log) => log.error({ err }, 'failed')) as { err: Record<string, string> };
    expect(written).toMatchObject({ type: 'StoreError', code: '23505', message: 'no row of …' });
    expect(written['stack']).toContain('logging.test');
  }
});

test.each([
  ['long numbers', 'Key (national_id)=(0932833810) exists', 'Key (national_id)=(…) exists'],
  ['Persian digits', 'mobile ۰۹۱۲۱۲۳۴۵۶۷', 'mobile …'],
  ['names and addresses', 'no street خیابان ولی‌عصر، کوچهٔ بهار here', 'no street … here'],
])('of an error %s stay out', (_what, message, masked) => {
  expect(logged((log) => log.warn({ err: new Error(message) }, 'failed'))['err']).toMatchObject({ message: masked });
});

test('personal fields and secrets are masked wherever they stand', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjMSJ9.c2lnbmF0dXJl';
  const line = logged((log) =>
    log.info(
      {
        settlement: '014123456701-14050904',
        applicant: { name: 'علی کریمی' },
        meta: {
          order: { clerk: { id: 'c1', name: 'مریم' }, nationalId: '0932833810' },
          headers: { Authorization: `Bearer ${token}`, cookie: 'x' },
        },
        url: 'postgres://tasvieh:geheim@db/tasvieh',
        list: [{ mobile: '09121234567' }],
      },
      `asked with Bearer ${token} of postgres://u:geheim@db`,
    ),
  );
  expect(line).toMatchObject({
    settlement: '014123456701-14050904',
    applicant: '…',
    url: 'postgres://tasvieh:…@db/tasvieh',
    msg: 'asked with Bearer … of postgres://u:…@db',
  });
  expect(JSON.stringify(line)).not.toMatch(/کریمی|مریم|0932833810|09121234567|geheim|eyJ/);
});
