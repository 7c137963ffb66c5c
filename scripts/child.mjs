import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs Node in a process group of its own and answers its exit code. A Ctrl-C reaches this process from the terminal
 * and again through npm: the child hears it once.
 */
export function runNode(args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', detached: process.platform !== 'win32', ...options });
    let heard = 0;
    const forward = (signal) => {
      if (Date.now() - heard < 500) return;
      heard = Date.now();
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 1));
    });
  });
}
