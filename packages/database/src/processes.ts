import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isLinux = process.platform === 'linux';

async function ask(...args: string[]): Promise<string> {
  return run('ps', args).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}

/** Returns whether this pid belongs to a process, including zombies. */
export function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns the command line of a process as words; empty for a zombie or a missing process. */
export async function commandOf(pid: number): Promise<readonly string[]> {
  if (!isLinux) return (await ask('-o', 'command=', '-p', String(pid))).split(' ');
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').filter((word) => word !== '');
}

/**
 * Returns the start time of a process. On Linux it is the 20th field after the name, which may
 * contain anything and ends with the last `)`.
 */
async function startedAt(pid: number): Promise<string> {
  if (!isLinux) return ask('-o', 'lstart=', '-p', String(pid));
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/**
 * Returns a unique identity of a process on one line: pid, start time and boot of the machine.
 * Unlike a pid, it is never reused, even after a power cut. Empty if there is no such process.
 */
export async function identityOf(pid: number): Promise<string> {
  const start = exists(pid) ? await startedAt(pid) : '';
  const boot = isLinux ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim() : '';
  return start === '' ? '' : `${pid} ${start} ${boot}`;
}

/** Returns the pids of all visible processes. */
export async function allProcesses(): Promise<number[]> {
  const names = isLinux ? await readdir('/proc') : (await ask('-A', '-o', 'pid=')).split('\n');
  return names.map(Number).filter((pid) => pid > 0);
}
