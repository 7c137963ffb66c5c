import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../src/embedded/ports';
import { CLERK, ID, SUBSCRIPTION, startApi, type TestApi } from './fixture';

// the example configuration in a real nginx, before the real API
const EXAMPLE = readFileSync('ops/nginx/tasvieh.conf', 'utf8');

let api: TestApi;
let folder: string;
let nginx: ChildProcess | undefined;
let port: number;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-nginx-'));
  port = await freePort();
  api = await startApi({ trustedProxies: ['127.0.0.1'] });
});
afterEach(async () => {
  if (nginx) {
    const gone = new Promise((resolve) => nginx?.once('exit', resolve));
    nginx.kill('SIGQUIT');
    await gone;
  }
  nginx = undefined;
  await api.server.close({ graceMs: 500 });
  rmSync(folder, { recursive: true, force: true });
});

/** nginx on a free port in front of the API: the example over plain HTTP, with what a test changes. */
async function startNginx(change: (conf: string) => string = (conf) => conf): Promise<string> {
  const conf = change(EXAMPLE)
    .replace('127.0.0.1:8080', new URL(api.url).host)
    .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
    .replace(/^\s*ssl_certificate.*$/gm, '');
  const file = path.join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`).join('\n');
  const whole = `worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off;\n${temporary}\n${conf}\n}\n`;
  writeFileSync(file, whole);
  execFileSync('nginx', ['-t', '-q', '-c', file, '-e', `${folder}/error.log`], { stdio: 'pipe' });
  nginx = spawn('nginx', ['-c', file, '-e', `${folder}/error.log`, '-g', 'daemon off;'], { stdio: 'ignore' });
  const root = `http://127.0.0.1:${port}`;
  for (let n = 0; n < 200; n++) {
    const there = await fetch(`${root}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (there) return root;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(readFileSync(`${folder}/error.log`, 'utf8'));
}

/** A writing call of the page over plain HTTP, whose browser says its origin alone. */
async function writes(root: string, origin = root): Promise<number> {
  const cookie = `tasvieh_session=${await api.tokens.issue(CLERK, { ttl: 60 })}`;
  const answer = await fetch(`${root}/api/v1/requests`, {
    method: 'POST',
    headers: { cookie, origin, 'content-type': 'application/json' },
    body: JSON.stringify({ subscription: SUBSCRIPTION }),
  });
  return answer.status;
}

test('the page writes through it, another site does not; events come as they happen', async () => {
  const root = await startNginx();
  expect([await writes(root), await writes(root, `http://127.0.0.1:${port + 1}`), await writes(root, 'http://127.0.0.1')]).toEqual([
    201, 403, 403,
  ]);

  api.events.push({ seq: 1, kind: 'received', at: '2026-11-25T06:30:00.000Z', data: {} });
  const stop = new AbortController();
  const stream = await fetch(`${root}/api/v1/events?settlements=${ID}:0`, {
    headers: { authorization: `Bearer ${await api.tokens.issue(CLERK, { ttl: 60 })}` },
    signal: stop.signal,
  });
  const reader = stream.body?.getReader();
  let text = '';
  while (!text.includes('event: received')) text += new TextDecoder().decode((await reader?.read())?.value);
  stop.abort();
});

test('a body of two megabytes reaches the API, which has the say about its size', async () => {
  const root = await startNginx();
  const post = async (at: string) =>
    fetch(`${at}/api/v1/requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await api.tokens.issue(CLERK, { ttl: 60 })}`, 'content-type': 'application/json' },
      body: JSON.stringify({ subscription: 'x'.repeat(2_000_000) }),
    });
  const answer = await post(root);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([413, 'application/problem+json; charset=utf-8']);
});

test('a proxy that drops the port of Host: refused with a line in the log, unless the public address is set', async () => {
  const dropped = (conf: string): string => conf.replace('$http_host', '$host');
  const root = await startNginx(dropped);
  expect(await writes(root)).toBe(403);
  expect(api.log.join('')).toContain('TASVIEH_PUBLIC_URL');
  await api.server.close({ graceMs: 500 });
  nginx?.kill('SIGQUIT');
  await new Promise((resolve) => nginx?.once('exit', resolve));
  api = await startApi({ trustedProxies: ['127.0.0.1'], publicUrl: root });
  await startNginx(dropped);
  expect([await writes(root), await writes(root, 'http://127.0.0.1:1')]).toEqual([201, 403]);
});

test.each([
  ['https, http', true],
  ['https', true],
  ['http, https', false],
])('X-Forwarded-Proto: %s of two proxies: the session’s cookie is for https alone: %s', async (proto, secure) => {
  const answer = await fetch(`${api.url}/api/v1/session`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.tokens.issue(CLERK, { ttl: 60 })}`, 'x-forwarded-proto': proto },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get('set-cookie')?.includes('; Secure')).toBe(secure);
});
