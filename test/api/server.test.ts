import { createConnection } from 'node:net';
import express from 'express';
import { listen } from '../../src/api/server';
import { CLERK, request, startApi } from './fixture';
import { announced } from './fixture';

test('a port in use is told with the setting that changes it', async () => {
  const api = await startApi();
  await expect(listen(express(), { host: '127.0.0.1', port: api.server.port })).rejects.toThrow(
    `port ${api.server.port} is in use: set TASVIEH_API_PORT`,
  );
  await api.server.close();
});

test('a shutdown waits for the request under way and takes no other', async () => {
  const api = await startApi();
  let answer!: () => void;
  const reached = new Promise<void>((arrived) => {
    api.deps.temporal.announce = async (o) => {
      arrived();
      await new Promise<void>((resolve) => (answer = resolve));
      return { kind: 'announced', settlement: announced(o) };
    };
  });
  const underWay = api.call('POST', '/api/v1/settlements', { as: CLERK, json: request() });
  await reached;
  const closed = api.server.close();
  await expect(fetch(`${api.url}/healthz`)).rejects.toThrow();
  answer();
  expect((await underWay).status).toBe(201);
  await closed;
});

test('what hangs is cut off after the grace time', async () => {
  const api = await startApi();
  const socket = createConnection(api.server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.write('POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Le', () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const started = Date.now();
  await api.server.close({ graceMs: 200 });
  expect(Date.now() - started).toBeLessThan(2000);
  socket.destroy();
});
