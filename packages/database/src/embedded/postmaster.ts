import { readFile, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { allProcesses, commandOf, exists } from '../processes.js';

const FAST_STOP_MS = 10_000;
const POLL_MS = 50;
/** Milliseconds that a new PostgreSQL has to write its pid file. */
const NAMED_WITHIN_MS = 1_000;

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

function pidFile(home: string): string {
  return join(home, 'postmaster.pid');
}

async function readPidFile(home: string): Promise<Postmaster | undefined> {
  const text = await readFile(pidFile(home), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new Error(`${home} belongs to another user. Run as that user.`, { cause: error });
  });
  const [pid, , , port] = text.split('\n').map(Number);
  return pid ? { pid, port: port || 0 } : undefined;
}

/**
 * Returns whether a command line belongs to a PostgreSQL that serves these database files. Any path
 * to the files counts.
 */
async function serves(home: string, words: readonly string[]): Promise<boolean> {
  const [program = ''] = words;
  if (!basename(program).startsWith('postgres') || !words.includes('-D')) return false;
  const its = await realpath(words[words.indexOf('-D') + 1] ?? '').catch(() => '');
  return its !== '' && its === (await realpath(home).catch(() => home));
}

/**
 * Returns the running PostgreSQL of these database files according to its pid file; port 0 while it
 * is starting.
 */
export async function findPostmaster(home: string): Promise<Postmaster | undefined> {
  const noted = await readPidFile(home);
  if (!noted || !exists(noted.pid)) return undefined;
  return (await serves(home, await commandOf(noted.pid))) ? noted : undefined;
}

/**
 * Finds a PostgreSQL whose pid file is missing or truncated. Such a process would exit by itself
 * within a minute.
 */
async function findNameless(home: string): Promise<number | undefined> {
  for (const pid of await allProcesses()) {
    if (await serves(home, await commandOf(pid))) return pid;
  }
  return undefined;
}

/**
 * Prepares a start if no usable PostgreSQL runs. Stops a PostgreSQL without a pid file, and removes
 * a pid file left by a power cut: PostgreSQL refuses to start if that file is empty or names a pid
 * in use.
 */
export async function clearStale(home: string): Promise<void> {
  if ((await findPostmaster(home)) !== undefined) return;
  if ((await findNameless(home)) !== undefined) await sleep(NAMED_WITHIN_MS);
  const nameless = await findNameless(home);
  if ((await findPostmaster(home)) !== undefined) return;
  if (nameless !== undefined) await stopPostmaster(nameless);
  await rm(pidFile(home), { force: true });
}

async function gone(pid: number, timeoutMs: number): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(POLL_MS)) {
    // An orphan may stay a zombie if no process reaps it.
    if (!exists(pid) || (await commandOf(pid)).length === 0) return true;
  }
  return false;
}

/**
 * Stops a PostgreSQL and closes all its connections: a fast shutdown, then an immediate one after
 * 10 s. The data stays intact either way.
 */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!exists(pid)) return;
    process.kill(pid, signal);
    if (await gone(pid, FAST_STOP_MS)) return;
  }
}
