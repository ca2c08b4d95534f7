import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { type Disturbance, lacksNothing, soonMs } from '../disturbance.js';

const run = promisify(execFile);

/** Lets clients of an earlier release, those of its own drill, use the system for a few seconds. */
export function earlierClients(release: string): Disturbance {
  return {
    name: 'clients of the earlier release',
    backWithinMs: soonMs,
    lacks: lacksNothing,
    make: async ({ system: { userService, managers } }) => {
      const since = performance.now();
      const drill = [join(release, 'packages', 'drills', 'dist', 'src', 'main.js'), 'watch', '--for', '10'];
      const load = ['--channels', '2', '--people', '3', '--rate', '12', '--json'];
      const where = ['--user-service', userService, '--manager', managers.join(',')];
      const outcome = await run(process.execPath, [...drill, ...load, ...where]).catch(
        (thrown: { stdout: string; stderr: string }) => thrown,
      );
      const { wrong, counts } = verdictIn(outcome.stdout) ?? { wrong: [outcome.stderr], counts: {} };
      return { since, complaints: wrong, notes: [`they sent ${counts.acked ?? 0} messages`] };
    },
  };
}

function verdictIn(text: string): { wrong: string[]; counts: Record<string, number> } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
