import { readFileSync } from 'node:fs';

const everyMs = 500;
const shells = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'busybox']);

/** The second field of /proc/<pid>/stat may hold anything, in parentheses; after it come the state and the parent. */
function statOf(pid: number): { name: string; parent: number } | undefined {
  try {
    const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { name, parent: Number(rest.split(' ')[1]) };
  } catch {
    return undefined;
  }
}

/** The parent, and where a shell sits between it and npm, that shell's parent. */
function ancestors(): string {
  const shell = statOf(process.ppid);
  return shell !== undefined && shells.has(shell.name) ? `${process.ppid} ${shell.parent}` : `${process.ppid}`;
}

/** Calls `gone` once when the npm that started this process ends. Without npm there is nobody to watch. */
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
