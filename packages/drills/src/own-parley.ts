import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, Started } from '@parley/testkit';
import { endWithDrill } from './end-with-drill.js';

const portOptions = ['--user-port', '--manager-port', '--web-port', '--chat-port'];
/** Ports between the first manager or gateway and the second one. */
const betweenPorts = 100;
const startsWithinMs = 120_000;

/** An `npm start` of a drill, with ports and a data folder of its own. */
export class OwnParley {
  readonly data: string;
  readonly #folder: string;
  #run: Started | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.data = join(folder, 'data');
  }

  /**
   * Starts it, and waits until everything runs. `prepare` may make the data folder before.
   * @throws {Error} if it does not start; then it has left nothing
   */
  static async start(
    options: readonly string[] = [],
    prepare: (data: string) => Promise<unknown> = async () => {},
  ): Promise<OwnParley> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-drill-'));
    const parley = new OwnParley(folder);
    try {
      await chmod(folder, 0o755); // Its processes have users of their own.
      await prepare(parley.data);
      await parley.#start(options);
      return parley;
    } catch (thrown) {
      await parley.stop();
      throw thrown;
    }
  }

  async #start(options: readonly string[]): Promise<void> {
    const first = await freePorts(betweenPorts + portOptions.length);
    const ports = portOptions.flatMap((name, n) => [name, String(first + n)]);
    this.#run = new Started(['--data', this.data, ...ports, ...options]);
    endWithDrill(this.#run.child, 'SIGTERM');
    await this.#run.says('Press Ctrl-C to stop', startsWithinMs);
  }

  /** Stops it, and deletes its data. */
  async stop(): Promise<void> {
    this.#run?.child.kill('SIGINT');
    await this.#run?.ended;
    await rm(this.#folder, { recursive: true });
  }
}
