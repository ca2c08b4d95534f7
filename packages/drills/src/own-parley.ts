import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Started } from '@parley/testkit';

const portOptions = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
/** Ports between the first manager or gateway and the second one. */
const betweenPorts = 100;

/** An `npm start` of a drill, with ports and a data folder of its own. */
export class OwnParley {
  readonly data: string;
  readonly #run: Started;

  private constructor(data: string, run: Started) {
    this.data = data;
    this.#run = run;
  }

  /** Starts it, and waits until everything runs. */
  static async start(options: readonly string[] = []): Promise<OwnParley> {
    const data = await mkdtemp(join(tmpdir(), 'parley-drill-'));
    await chmod(data, 0o755);
    const first = await freePorts(betweenPorts + portOptions.length);
    const ports = portOptions.flatMap((name, n) => [name, String(first + n)]);
    const run = new Started(['--data', data, ...ports, ...options]);
    await run.says('Press Ctrl-C to stop');
    return new OwnParley(data, run);
  }

  /** Stops it, and deletes its data. */
  async stop(): Promise<void> {
    this.#run.child.kill('SIGINT');
    await this.#run.ended;
    await rm(this.data, { recursive: true });
  }
}
