import { existsSync } from 'node:fs';
import path from 'node:path';
import express, { Router, type RequestHandler } from 'express';

/** The addresses that the pages know; each is answered with the one document, which does the rest. */
const PAGES = [
  '/',
  '/announced/:id',
  '/settlements',
  '/settlements/:id',
  '/tasks',
  '/unsent',
  '/payments',
  '/cycles',
  '/indicators',
  '/corrective-actions',
  '/corrective-actions/:n',
  '/reports',
  '/access-log',
  '/people',
  '/people/:id',
  '/terms',
  '/rules',
];

/**
 * The counter's built pages in `folder`; undefined when they are not built. Assets carry a hash in their names and
 * stay in the browser for good, the document names them and is asked for each time.
 */
export function counterPages(folder: string): RequestHandler | undefined {
  if (!existsSync(path.join(folder, 'index.html'))) return undefined;
  const router = Router();
  router.use('/assets', express.static(path.join(folder, 'assets'), { immutable: true, maxAge: '365d', index: false, redirect: false }));
  router.get(PAGES, (_req, res) => void res.set('Cache-Control', 'no-store').sendFile('index.html', { root: folder, cacheControl: false }));
  return router;
}
