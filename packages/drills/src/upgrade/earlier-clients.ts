import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Disturbance, lacksNothing, soonMs } from '../disturbance.js';

const run = promisify(execFile);

const tries = 10;
const againMs = 2_000;

interface Verdict {
  readonly wrong: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

function verdictIn(text: string): Verdict | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Runs a drill of an earlier release. Starts it again if it ended before its users could register. */
async function verdictOf(args: readonly string[], left = tries): Promise<Verdict> {
  const outcome = await run(process.execPath, args).catch((thrown: { stdout: string; stderr: string }) => thrown);
  const verdict = verdictIn(outcome.stdout);
  if (verdict !== undefined) return verdict;
  if (left === 1) return { wrong: [outcome.stderr.trim()], counts: {} };
  await pause(againMs);
  return verdictOf(args, left - 1);
}

/** Lets clients of an earlier release, those of its own drill, use the system for a few seconds. */
export function earlierClients(release: string): Disturbance {
  return {
    name: 'clients of the earlier release',
    backWithinMs: soonMs,
    lacks: lacksNothing,
    make: async ({ system: { userService, managers } }) => {
      const since = performance.now();
      const drill = [join(release, 'packages', 'drills', 'dist', 'src', 'main.js'), 'watch', '--for', '10'];
      const load = ['--channels', '1', '--people', '3', '--rate', '6', '--json'];
      const where = ['--user-service', userService, '--manager', managers.join(',')];
      const { wrong, counts } = await verdictOf([...drill, ...load, ...where]);
      return { since, complaints: wrong, notes: [`they sent ${counts.acked ?? 0} messages`] };
    },
  };
}
