import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkHistory, type FaultKind, freePorts, type RecordedHistory, Started } from '@parley/testkit';
import type { CatalogEntry } from '../src/catalog.js';

const portOptions = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
/** Ports between the first manager or gateway and the second one. */
const betweenPorts = 100;

/** An `npm start` for drills, with a data folder of its own. */
export class DrilledParley {
  readonly data: string;
  readonly #run: Started;

  private constructor(data: string, run: Started) {
    this.data = data;
    this.#run = run;
  }

  /** Starts it, and waits until everything runs. */
  static async start(options: readonly string[] = []): Promise<DrilledParley> {
    const data = await mkdtemp(join(tmpdir(), 'parley-drilled-'));
    await chmod(data, 0o755);
    const first = await freePorts(betweenPorts + portOptions.length);
    const ports = portOptions.flatMap((name, n) => [name, String(first + n)]);
    const run = new Started(['--data', data, ...ports, ...options]);
    await run.says('Press Ctrl-C to stop');
    return new DrilledParley(data, run);
  }

  async stop(): Promise<void> {
    this.#run.child.kill('SIGINT');
    await this.#run.ended;
    await rm(this.data, { recursive: true });
  }
}

/** Returns a drill that allows any time without service, because a busy machine can stretch it. */
export function unbounded(drill: CatalogEntry): CatalogEntry {
  const backWithinMs = Number.POSITIVE_INFINITY;
  return { ...drill, disturbances: drill.disturbances.map((one) => ({ ...one, backWithinMs })) };
}

/** Returns the kinds of faults that the checker finds after a change to the first history. */
export function kindsAfter([first]: readonly RecordedHistory[], plant: (history: RecordedHistory) => RecordedHistory) {
  const kinds = checkHistory(plant(first as RecordedHistory)).map(({ kind }) => kind);
  return [...new Set<FaultKind>(kinds)];
}
