import { readFile } from 'node:fs/promises';
import { limits } from '@parley/runtime';
import { type Check, type Finding, fault, skipped, warning, works } from './check.js';
import type { Surroundings } from './surroundings.js';

/** Fewest files that a process needs. */
const leastFiles = 1_024;

/** Reads the limit of open files from the text of `/proc/<pid>/limits`. */
function openFilesIn(text: string): number | undefined {
  const [, soft] = /^Max open files +(\S+)/m.exec(text) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function judge(name: string, files: number): Finding {
  const change =
    'Raise the limit where the process is started (systemd: LimitNOFILE=65536; Docker: --ulimit nofile=65536; a shell: `ulimit -n 65536`).';
  const words = `The process may open ${files} files, and each connection is one.`;
  if (files < leastFiles) return fault(name, words, change);
  if (files < limits.connectionsPerAddress * 4) return warning(name, words, change);
  return works(name, words);
}

/** Processes may open enough files. */
export function openFilesCheck({ run }: Surroundings): Check {
  const processes = run?.services ?? [{ name: 'a process started here', pid: process.pid }];
  const examine = async ({ name, pid }: { readonly name: string; readonly pid: number }): Promise<Finding> => {
    const files = openFilesIn(await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => ''));
    return files === undefined ? skipped(name, 'Its limit cannot be read here.') : judge(name, files);
  };
  return { name: 'open files', run: () => Promise.all(processes.map(examine)) };
}
