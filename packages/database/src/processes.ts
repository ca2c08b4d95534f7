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

/** Whether a process, or a zombie, has this number. */
export function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process by its words; empty for a zombie, and where there is none. */
export async function commandOf(pid: number): Promise<readonly string[]> {
  if (!isLinux) return (await ask('-o', 'command=', '-p', String(pid))).split(' ');
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').filter((word) => word !== '');
}

/** After the name, which may hold anything in parentheses, come the state and, as the 20th, the start. */
async function startedAt(pid: number): Promise<string> {
  if (!isLinux) return ask('-o', 'lstart=', '-p', String(pid));
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/**
 * Which process that is, on one line: its number and start, and which boot of the machine. A number is given again, even
 * after a power cut; this is not. Empty where there is no such process.
 */
export async function identityOf(pid: number): Promise<string> {
  const start = exists(pid) ? await startedAt(pid) : '';
  const boot = isLinux ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim() : '';
  return start === '' ? '' : `${pid} ${start} ${boot}`;
}

/** The numbers of all processes that this one can see. */
export async function allProcesses(): Promise<number[]> {
  const names = isLinux ? await readdir('/proc') : (await ask('-A', '-o', 'pid=')).split('\n');
  return names.map(Number).filter((pid) => pid > 0);
}
