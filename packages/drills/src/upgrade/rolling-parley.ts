import type { RunFacts } from '@parley/cli';
import { bundleOf, type ServiceName, ServiceProcess, type TestDatabase } from '@parley/testkit';
import { eventually } from '../eventually.js';

type RollingDatabase = Pick<TestDatabase, 'ownerUrl' | 'urlFor'>;

/** One process of the system. */
interface Place {
  readonly name: string;
  readonly service: ServiceName;
  readonly port: number;
}

const roles = {
  'user-service': 'chat_user',
  'channel-service': 'chat_manager',
  'chat-service': 'chat_server',
  gateway: 'chat_gateway',
} as const;

/** The processes, in the order in which an upgrade replaces them. */
const kinds: readonly (readonly [string, ServiceName])[] = [
  ['user-service', 'user-service'],
  ['channel-service', 'channel-service'],
  ['channel-service-2', 'channel-service'],
  ['chat-1', 'chat-service'],
  ['chat-2', 'chat-service'],
  ['gateway', 'gateway'],
  ['gateway-2', 'gateway'],
];

/** Number of consecutive ports that a system takes. */
export const portsOfSystem = kinds.length;

function addressesOf(places: readonly Place[], service: ServiceName): string {
  return places.flatMap((one) => (one.service === service ? [`127.0.0.1:${one.port}`] : [])).join(',');
}

/**
 * A Parley whose processes are replaced one after the other, each by that of another release and at
 * the same address. A release is the folder of a built project.
 */
export class RollingParley {
  readonly #database: RollingDatabase;
  readonly #places: readonly Place[];
  readonly #running = new Map<string, ServiceProcess>();

  private constructor(database: RollingDatabase, firstPort: number) {
    this.#database = database;
    this.#places = kinds.map(([name, service], n) => ({ name, service, port: firstPort + n }));
  }

  /**
   * Starts all processes of a release.
   * @throws {Error} if one does not start
   */
  static async start(database: RollingDatabase, firstPort: number, release: string): Promise<RollingParley> {
    const parley = new RollingParley(database, firstPort);
    try {
      for (const place of parley.#places) await parley.#run(place, release);
    } catch (thrown) {
      await parley.stop();
      throw thrown;
    }
    return parley;
  }

  /** Names of the processes, in the order in which an upgrade replaces them. */
  get names(): readonly string[] {
    return this.#places.map(({ name }) => name);
  }

  /** Returns the facts about the processes that run now. */
  facts(): RunFacts {
    const services = this.#places.map(({ name, port }) => {
      const process = this.#running.get(name);
      return { name, pid: process?.pid ?? 0, address: `127.0.0.1:${port}`, admin: process?.admin ?? '' };
    });
    return { pid: process.pid, database: this.#database.ownerUrl, services, page: '' };
  }

  /**
   * Stops a process with SIGTERM, so that it drains, and starts that of another release. Resolves once
   * that is ready.
   */
  async replace(name: string, release: string): Promise<void> {
    const place = this.#places.find((one) => one.name === name);
    if (place === undefined) throw new Error(`There is no process ${name}.`);
    await this.#running.get(name)?.stop();
    await this.#run(place, release);
  }

  /** Stops all processes. */
  async stop(): Promise<void> {
    for (const { name } of this.#places.toReversed()) await this.#running.get(name)?.stop();
  }

  async #run(place: Place, release: string): Promise<void> {
    const started = await ServiceProcess.run(bundleOf(place.service, release), this.#environment(place));
    this.#running.set(place.name, started);
    await eventually(`${place.name} is ready`, async () => (await fetch(`http://${started.admin}/readyz`)).ok);
  }

  #environment({ name, service, port }: Place): Record<string, string> {
    return {
      PARLEY_NAME: name,
      PARLEY_PORT: String(port),
      PARLEY_ADMIN_PORT: String(port + 1_000),
      PARLEY_DATABASE_URL: this.#database.urlFor(roles[service]),
      PARLEY_MANAGERS: addressesOf(this.#places, 'channel-service'),
      PARLEY_USER_SERVICES: addressesOf(this.#places, 'user-service'),
      PARLEY_PROXIES: '127.0.0.0/8',
      PARLEY_BCRYPT_COST: '10',
      PARLEY_LOG_LEVEL: 'warn',
    };
  }
}
