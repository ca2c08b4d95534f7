import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { refusals } from '@parley/runtime';
import { type Disturbance, lacksNothing, soonMs } from '../disturbance.js';

const run = promisify(execFile);

const tries = 10;
const againMs = 2_000;
/** What a drill prints before it ends if its users could not register because others also register or log in. */
const couldNotRegister = [refusals['too-busy'].message, refusals['login-too-often'].message];

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

/** Runs a drill of an earlier release. Starts it again if its users could not register. */
async function verdictOf(args: readonly string[], left = tries): Promise<Verdict> {
  const outcome = await run(process.execPath, args).catch((thrown: { stdout: string; stderr: string }) => thrown);
  const verdict = verdictIn(outcome.stdout);
  if (verdict !== undefined) return verdict;
  const mayTryAgain = left > 1 && couldNotRegister.some((one) => outcome.stderr.includes(one));
  if (!mayTryAgain) return { wrong: [`they ended without a verdict: ${outcome.stderr.trim()}`], counts: {} };
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
      const { acked = 0 } = counts;
      const complaints = [...wrong, ...(acked === 0 ? ['no message of theirs was acknowledged'] : [])];
      return { since, complaints, notes: [`they sent ${acked} messages`] };
    },
  };
}
