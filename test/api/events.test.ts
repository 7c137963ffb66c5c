import { announced, CLERK, ID, OTHER_CLERK, startApi, type TestApi } from './fixture';

let api: TestApi;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.server.close({ graceMs: 500 }));

const event = (seq: number, kind: string) => ({ seq, kind, at: '2026-11-25T06:30:00.000Z', data: { step: kind } });

/** An open stream; `until` reads on until the text holds something. */
async function open(headers: Record<string, string> = {}, path = `/settlements/${ID}/events`) {
  const controller = new AbortController();
  const response = await fetch(`${api.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${await api.tokens.issue(CLERK, { ttl: 60 })}`, ...headers },
    signal: controller.signal,
  });
  const reader = response.body?.getReader();
  let text = '';
  return {
    response,
    abort: () => controller.abort(),
    async until(wanted: string): Promise<string> {
      while (!text.includes(wanted)) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) throw new Error(`ended before ${wanted}: ${text}`);
        text += new TextDecoder().decode(value);
      }
      return text;
    },
    async rest(): Promise<string> {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
        if (done) return text;
        text += new TextDecoder().decode(value);
      }
    },
  };
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

test('past events, then new ones, each once; it ends with the settlement', async () => {
  api.events.push(event(1, 'received'), event(2, 'announced'));
  const stream = await open();
  expect(stream.response.status).toBe(200);
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  await stream.until('id: 2\nevent: announced\ndata: {"at":"2026-11-25T06:30:00.000Z","data":{"step":"announced"}}\n\n');
  api.events.push(event(3, 'delivered'));
  // a burst of notices is one look more, not an event more
  for (let i = 0; i < 5; i += 1) api.notify();
  await stream.until('id: 3');
  api.deps.settlements.get = async () => ({ ...announced(), status: 'settled' });
  api.events.push(event(4, 'settled'));
  api.notify();
  const text = await stream.rest();
  expect([...text.matchAll(/^id: (\d+)/gm)].map(([, id]) => id)).toEqual(['1', '2', '3', '4']);
  expect(text).toMatch(/event: end\ndata: \{\}\n\n$/);
  expect(api.listeners()).toBe(0);
});

describe('several settlements over one connection', () => {
  const SECOND = `${ID}-2`;
  const STRANGE = '014123456799-14050904';

  test('each from its own last event; what the caller may not see ends at once, and the stream with the last', async () => {
    const { get } = api.deps.settlements;
    api.deps.settlements.get = async (id, scope) => (id === SECOND ? { ...announced(), id } : get(id, scope));
    api.events.push(event(1, 'received'), event(2, 'announced'));
    const stream = await open({}, `/events?settlements=${ID}:1,${SECOND}:0,${STRANGE}:0`);
    expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const line = (settlement: string, seq: number, kind: string): string =>
      `event: ${kind}\ndata: ${JSON.stringify({ settlement, seq, at: '2026-11-25T06:30:00.000Z' })}\n\n`;
    const before = await stream.until(line(SECOND, 2, 'announced'));
    expect(before).toContain(`event: end\ndata: {"settlement":"${STRANGE}"}\n\n`);
    expect(before).toContain(line(ID, 2, 'announced'));
    expect(before).not.toContain(line(ID, 1, 'received'));
    expect(before).not.toContain('step');

    api.deps.settlements.get = async (id) => ({ ...announced(), id, status: id === SECOND ? 'settled' : 'announced' });
    api.notify();
    await stream.until(`event: end\ndata: {"settlement":"${SECOND}"}`);
    api.deps.settlements.get = async (id) => ({ ...announced(), id, status: 'settled' });
    api.notify();
    expect(await stream.rest()).toMatch(new RegExp(`event: end\ndata: {"settlement":"${ID}"}\n\n$`));
    expect(api.listeners()).toBe(0);
  });

  test('another office’s settlement ends at once, and nobody is noted to have looked', async () => {
    const stream = await fetch(`${api.url}/api/v1/events?settlements=${ID}:0`, {
      headers: { authorization: `Bearer ${await api.tokens.issue(OTHER_CLERK, { ttl: 60 })}` },
    });
    expect(await stream.text()).toBe(`: open\n\nevent: end\ndata: {"settlement":"${ID}"}\n\n`);
    expect(api.accesses).toEqual([]);
  });

  test.each(['', ID, `${ID}:x`, `${ID}:0,`, Array.from({ length: 51 }, () => `${ID}:0`).join(',')])('no list: %.40s', async (list) => {
    expect((await api.call('GET', `/api/v1/events?settlements=${list}`, { as: CLERK })).status).toBe(422);
  });
});

test('goes on after Last-Event-ID; nothing after the end is 204', async () => {
  api.events.push(event(1, 'received'), event(2, 'announced'));
  const stream = await open({ 'last-event-id': '1' });
  expect(await stream.until('id: 2')).not.toContain('id: 1\n');
  stream.abort();
  api.deps.settlements.get = async () => ({ ...announced(), status: 'cancelled' });
  expect((await open({ 'last-event-id': '2' })).response.status).toBe(204);
});

test('a reader that leaves takes its listener along', async () => {
  const streams = await Promise.all([open(), open(), open()]);
  await eventually(() => api.listeners() === 3);
  for (const stream of streams) stream.abort();
  await eventually(() => api.listeners() === 0);
});

test('a look that fails is no end: the next one makes up for it', async () => {
  const stream = await open();
  await eventually(() => api.listeners() === 1);
  const { eventsSince } = api.deps.settlements;
  let failed = false;
  api.deps.settlements.eventsSince = async () => {
    failed = true;
    throw new Error('away');
  };
  api.notify();
  await eventually(() => failed);
  api.deps.settlements.eventsSince = eventsSince;
  api.events.push(event(1, 'received'));
  api.notify();
  await stream.until('id: 1');
  stream.abort();
});

test('other offices and unknown settlements get a problem, not a stream', async () => {
  expect((await api.call('GET', `/api/v1/settlements/${ID}/events`, { as: OTHER_CLERK })).status).toBe(404);
  expect((await api.call('GET', '/api/v1/settlements/014123456701-14050905/events', { as: CLERK })).status).toBe(404);
});

test('a shutdown ends open streams at once', async () => {
  const stream = await open();
  await eventually(() => api.listeners() === 1);
  const started = Date.now();
  await Promise.all([api.server.close({ graceMs: 5000 }), stream.rest()]);
  expect(Date.now() - started).toBeLessThan(3000);
  expect(api.listeners()).toBe(0);
});

test('a stream beats while its session stands and ends with it', async () => {
  const real = [
    'Date',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
    'setTimeout',
    'clearTimeout',
  ] as const;
  jest.useFakeTimers({ doNotFake: [...real] });
  try {
    const stream = await open();
    await stream.until(': open');
    await eventually(() => api.listeners() === 1);
    jest.advanceTimersByTime(5_000);
    await stream.until(': beat');
    api.deps.sessions = { ...api.deps.sessions, stands: async () => false };
    jest.advanceTimersByTime(10_000);
    expect((await stream.rest()).match(/: beat/g)).toHaveLength(3);
    await eventually(() => api.listeners() === 0);
  } finally {
    jest.useRealTimers();
  }
});
