import { spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SystemUser } from './account.js';
import { ENVIRONMENT } from './binaries.js';

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_checkpoints=off',
  'jit=off',
];

export interface PostgresLaunch {
  readonly binaries: string;
  readonly home: string;
  readonly port: number;
  readonly account: SystemUser;
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Maximum number of connections, of all processes together. */
  readonly connections?: number;
}

export interface PostgresChild {
  /** Registers a callback that receives the signal or exit code if PostgreSQL fails. */
  onFailure(told: (how: string) => void): void;
  /** Returns the reason for which PostgreSQL has exited, from its log; undefined while it runs. */
  ended(): Promise<string | undefined>;
}

/**
 * Starts `postgres` in its own session, so that neither Ctrl-C in the terminal nor the end of this
 * process stops it. It logs to a file, so nobody needs to read its output.
 * @throws if the program does not exist.
 */
export async function launch(settings: PostgresLaunch): Promise<PostgresChild> {
  const { binaries, home, port, account, logFile, connections = 200 } = settings;
  const log = await open(logFile, 'a', 0o600);
  const { size } = await stat(logFile);
  const flags = [
    '-D',
    home,
    '-p',
    String(port),
    ...SETTINGS.concat(`max_connections=${connections}`).flatMap((one) => ['-c', one]),
  ];
  const child = spawn(join(binaries, 'bin', 'postgres'), flags, {
    ...account,
    cwd: '/',
    env: { ...ENVIRONMENT, ...settings.environment },
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  child.unref();
  await log.close();
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    onFailure: (told) => child.once('exit', (code, signal) => code !== 0 && told(signal ?? `exit code ${code}`)),
    ended: async () => (running() ? undefined : reasonIn(logFile, size)),
  };
}

/**
 * Patterns of the log line that gives the reason, the most specific first. Lines about early
 * connections do not count.
 */
const reasons = [/No space left on device/, /PANIC/, /FATAL/, /error/i];
const tooEarly = /the database system is (not yet accepting connections|starting up|shutting down)/;

async function reasonIn(logFile: string, from: number): Promise<string> {
  const text = (await readFile(logFile)).subarray(from).toString();
  const lines = text
    .trim()
    .split('\n')
    .filter((line) => !tooEarly.test(line));
  const found = reasons.map((words) => lines.find((line) => words.test(line)));
  return found.find((line) => line !== undefined) ?? lines.at(-1) ?? '';
}

/**
 * Returns whether a start that failed with `reason` may succeed now: because processes of the previous
 * PostgreSQL were still exiting, or because another process took the chosen port just before. Waits 300 ms
 * for them.
 */
export async function worthAnotherTry(reason: string): Promise<boolean> {
  const isPortTaken = reason.includes('could not create any TCP/IP sockets');
  if (!isPortTaken && !reason.includes('pre-existing shared memory block')) return false;
  await sleep(300);
  return true;
}
