import { createServer } from 'node:net';
import { Refusal } from '../refusal.js';

/** Everything embedded listens here only. */
export const HOST = '127.0.0.1';

/** A port nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** Refusal naming the setting when somebody listens on the port. */
export function mustBeFree(port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Refusal(`${setting}: port ${port} is in use`)
          : new Refusal(`${setting}: port ${port}: ${error.message}`),
      ),
    );
    probe.listen(port, HOST, () => probe.close(() => resolve()));
  });
}
