import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import express from 'express';
import { counterPages } from '../../src/api/pages.js';

let folder: string;
let server: Server;
let base: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tasvieh-pages-'));
  mkdirSync(path.join(folder, 'assets'));
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>the page');
  writeFileSync(path.join(folder, 'assets/index-abc.js'), 'x');
  writeFileSync(path.join(folder, 'secret.txt'), 'not an asset');
  const app = express();
  const pages = counterPages(folder);
  if (pages) app.use(pages);
  server = app.listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

it.each([
  '/',
  '/settlements',
  '/settlements/014123456701-14050904',
  '/announced/014123456701-14050904?again',
  '/tasks',
  '/corrective-actions/12',
  '/reports',
  '/access-log?person=c1',
])('%s is the document, never kept', async (address) => {
  const response = await fetch(base + address);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.text()).toContain('the page');
});

it('an asset stays for good', async () => {
  const response = await fetch(`${base}/assets/index-abc.js`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toContain('immutable');
});

it.each(['/nothing', '/assets/gone.js', '/secret.txt', '/index.html', '/assets/../secret.txt', '/assets/%2e%2e/secret.txt'])(
  '%s is not there',
  async (address) => {
    expect((await fetch(base + address)).status).toBe(404);
  },
);

it('without a build there are no pages', () => {
  expect(counterPages(path.join(folder, 'assets'))).toBeUndefined();
});
