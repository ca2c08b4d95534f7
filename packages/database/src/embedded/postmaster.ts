import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const FAST_STOP_MS = 10_000;
const POLL_MS = 50;

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
    throw new Error(`${home} belongs to another user: run as that user.`, { cause: error });
  });
  const [pid, , , port] = text.split('\n').map(Number);
  return pid ? { pid, port: port || 0 } : undefined;
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process; empty for a zombie. */
async function commandOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(async () => {
    const listed = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return listed.stdout;
  });
}

/**
 * The living PostgreSQL of these database files, if any; port 0 while it is still starting. A pid file that names
 * a process of something else is removed, for PostgreSQL itself would refuse to start over it.
 */
export async function findPostmaster(home: string): Promise<Postmaster | undefined> {
  const noted = await readPidFile(home);
  if (!noted || !lives(noted.pid)) return undefined;
  const command = await commandOf(noted.pid);
  if (command.includes('postgres') && command.includes(home)) return noted;
  await rm(pidFile(home), { force: true });
  return undefined;
}

async function gone(pid: number, timeoutMs: number): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(POLL_MS)) {
    // An orphan may stay a zombie where nobody reaps it.
    if (!lives(pid) || (await commandOf(pid)) === '') return true;
  }
  return false;
}

/** Ends a PostgreSQL, and with it every connection: fast, or after 10 s at once. Its data is whole either way. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!lives(pid)) return;
    process.kill(pid, signal);
    if (await gone(pid, FAST_STOP_MS)) return;
  }
}
