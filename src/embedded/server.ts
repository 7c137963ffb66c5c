import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A server of ours in a process of its own. */
export interface EmbeddedServer {
  pid: number;
  /** Resolves when the process has ended, wanted or not; the text says how (`exit code 0`, `signal SIGKILL`). */
  ended: Promise<string>;
  /** Ends it cleanly and waits for that; a second call waits too. */
  stop(): Promise<void>;
}

/** Starts another server in a process of its own and waits until `ask` is answered; it does not outlive us either. */
export async function startServer({
  name,
  command,
  args,
  env,
  logFile,
  ask,
}: {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
  ask: () => Promise<void>;
}): Promise<EmbeddedServer> {
  const server = launch(name, logFile, 'SIGTERM', (log) => spawn(command, args, { detached: true, env, stdio: ['ignore', log, log] }));
  try {
    await untilAnswers(server, Date.now() + 60_000, ask);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Makes a folder that others may not list; as root they may pass through, since Postgres runs as another user inside. */
export function privateFolder(folder: string): void {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  mkdirSync(folder, { recursive: true, mode });
  // a volume may belong to somebody else
  if (statSync(folder).uid === process.getuid?.()) chmodSync(folder, mode);
}

/** Its output goes to a file: it must neither block on a pipe nor lose its last words when we are killed. */
export function launch(
  name: string,
  logFile: string,
  signal: 'SIGINT' | 'SIGTERM',
  start: (log: number) => ChildProcess,
): EmbeddedServer & { failure(): string } {
  const log = openSync(logFile, 'a', 0o600);
  // what a server keeps is the company's: its files are for this user alone
  const mask = process.umask(0o077);
  let child: ChildProcess;
  try {
    child = start(log);
  } finally {
    process.umask(mask);
    closeSync(log);
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) => resolve(by === null ? `exit code ${code}` : `signal ${by}`));
  });
  const { pid } = child;
  const failure = (): string => `${name} did not start. ${logFile} ends with:\n${lastLines(logFile, 10)}`;
  if (pid === undefined) return { pid: -1, ended, failure, stop: async () => void (await ended) };

  const watcher = watchOver(pid, signal);
  void ended.then(() => watcher?.kill('SIGKILL'));
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    child.kill(signal);
    child.kill('SIGCONT'); // a stopped process hears nothing else
    for (const harder of ['SIGQUIT', 'SIGKILL'] as const) {
      if (await within(ended, 15_000)) return;
      child.kill(harder);
    }
    await ended;
  };
  return { pid, ended, failure, stop: () => (stopping ??= stop()) };
}

/**
 * A server must not outlive us, not even our SIGKILL: a small shell waits for the end of a pipe that only we hold,
 * then ends the server. On Windows there is none, the server then stays and the next start names the port in use.
 */
function watchOver(pid: number, signal: 'SIGINT' | 'SIGTERM'): ChildProcess | null {
  if (process.platform === 'win32') return null;
  const script =
    'read -r _; kill -s "$2" "$1" && kill -s CONT "$1"; n=0; while kill -0 "$1" && [ "$n" -lt 100 ]; do sleep 0.1; n=$((n+1)); done; kill -s KILL "$1"';
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid), signal.slice(3)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watcher.on('error', () => undefined);
  watcher.stdin?.on('error', () => undefined);
  (watcher.stdin as unknown as { unref(): void }).unref();
  watcher.unref();
  return watcher;
}

/** Asks until it answers. Throws with the end of the server's log when the server ends first or the deadline passes. */
export async function untilAnswers(
  server: EmbeddedServer & { failure(): string },
  deadline: number,
  ask: () => Promise<void>,
): Promise<void> {
  for (;;) {
    const error = await ask().then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    if (error === null) return;
    if (await within(server.ended, 50)) throw new Error(server.failure());
    if (Date.now() > deadline) throw new Error(`${server.failure()}\n${error.message}`);
  }
}

async function within(event: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const stop = new AbortController();
  const late = pause(milliseconds, false, { signal: stop.signal }).catch(() => false);
  const happened = await Promise.race([event.then(() => true), late]);
  stop.abort();
  return happened;
}

export function lastLines(file: string, count: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}
