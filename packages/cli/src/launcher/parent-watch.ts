import { readFileSync } from 'node:fs';

const everyMs = 500;
const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'busybox']);

/**
 * Returns the name and the parent of a process from /proc/<pid>/stat. The name is in parentheses
 * and may contain any character; the state and the parent follow it.
 */
function statOf(pid: number): { name: string; parent: number } | undefined {
  try {
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, parent: Number(rest.split(' ')[1]) };
  } catch {
    return undefined;
  }
}

/**
 * Returns the pid of the parent process. If that is a shell between this process and npm, also
 * returns the pid of the shell's parent.
 */
function ancestors(): string {
  const shell = statOf(process.ppid);
  return shell !== undefined && shells.has(shell.name) ? `${process.ppid} ${shell.parent}` : `${process.ppid}`;
}

/**
 * Calls `gone` once when the npm that started this process exits. Does nothing if npm did not start
 * it.
 */
export function watchNpm(gone: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = ancestors();
  const timer = setInterval(() => {
    if (ancestors() === before) return;
    clearInterval(timer);
    gone();
  }, everyMs);
  timer.unref();
}
