import { join, relative } from 'node:path';
import { Lifecycle, readSettings, type Settings, silentLogger, textTable } from '@parley/runtime';
import { DataFolder } from './data-folder.js';
import { findEnvoy } from './envoy/binary.js';
import { localAddresses, writeEnvoyConfig } from './envoy/config.js';
import { makeFirstAdmin } from './first-admin.js';
import { findDatabase, type OpenDatabase, openDatabase } from './open-database.js';
import type { StartOptions } from './options.js';
import { adminPort, mainOf, type Plan, planServices, type ServicePlan } from './plan.js';
import { checkFree } from './ports.js';
import { type Listens, ServiceProcess } from './service-process.js';

type Say = (line: string) => void;

interface Running {
  readonly process: ServiceProcess;
  readonly listens: Listens;
}

/** How everything is ended: in order, in a hurry because nobody is there any more, or by force. */
type Manner = 'order' | 'hurry';

/** Starts everything in order, keeps it running, and ends it in the reverse order. */
export class Supervisor {
  readonly #options: StartOptions;
  readonly #say: Say;
  readonly #parts = new Lifecycle(silentLogger());
  readonly #processes: ServiceProcess[] = [];
  readonly #stopAsked: Promise<void>;
  #askToStop: () => void = () => {};
  #manner: Manner | undefined;
  /** Tells other commands what runs now; does nothing before all does. */
  #publish: () => void = () => {};
  #published = Promise.resolve();

  constructor(options: StartOptions, say: Say) {
    this.#options = options;
    this.#say = say;
    this.#stopAsked = new Promise((resolve) => {
      this.#askToStop = resolve;
    });
  }

  /** Starts everything, and resolves when somebody asked to stop. Rejects with one sentence where it cannot start. */
  async run(): Promise<void> {
    const settings = readSettings(process.env);
    const plan = planServices(this.#options);
    const folder = this.#parts.add('data folder', await DataFolder.take(this.#options.data));
    const envoys = plan.envoy === undefined ? [] : [plan.envoy];
    await checkFree([...plan.first, ...plan.chatServers, plan.gateway, ...envoys], settings.HOST);
    const database = await this.#openDatabase(folder);
    if (this.#manner === undefined) await this.#startServices(plan, folder, database, settings);
    await this.#stopAsked;
  }

  /** May be called at any time; `run` resolves soon afterwards. */
  requestStop(manner: Manner): void {
    this.#manner ??= manner;
    this.#askToStop();
  }

  /** Ends what runs: chat servers, then the others, then PostgreSQL. */
  stop(): Promise<void> {
    return this.#parts.stop();
  }

  /** Ends the services at once; what `stop` waits for is then over. */
  kill(): void {
    for (const one of this.#processes) one.kill();
  }

  async #openDatabase(folder: DataFolder): Promise<OpenDatabase> {
    const keep = this.#parts.add.bind(this.#parts, 'database');
    const ownerUrl = await findDatabase(this.#options.database, folder.path, keep, this.#say);
    return openDatabase(ownerUrl, folder.path, this.#say);
  }

  async #startServices(plan: Plan, folder: DataFolder, database: OpenDatabase, settings: Settings): Promise<void> {
    this.#say('starting the services');
    const first = await this.#startGroup(plan.first, folder, database, {});
    const [userService] = first;
    if (userService !== undefined) await this.#makeFirstAdmin(userService, folder, database, settings);
    const addressesOf = (name: ServicePlan['service']) =>
      first
        .flatMap(({ listens }, index) => (plan.first[index]?.service === name ? [listens.grpc ?? ''] : []))
        .join(',');
    const behind = {
      PARLEY_MANAGERS: addressesOf('channel-service'),
      PARLEY_USER_SERVICES: addressesOf('user-service'),
    };
    const chat = await this.#startGroup(plan.chatServers, folder, database, behind);
    const web = await this.#startGroup([plan.gateway], folder, database, behind);
    if (this.#manner !== undefined) return;
    const envoy = await this.#startEnvoy(plan, folder, database, settings);
    const running = [...first, ...chat, ...web, ...envoy];
    this.#publish = () => {
      const facts = { pid: process.pid, database: database.ownerUrl, services: running.map(factsOf) };
      this.#published = this.#published.then(() => folder.publish(facts));
    };
    this.#publish();
    await this.#published;
    this.#say(this.#overview(running, this.#whereTo(behind)));
  }

  /** Where it is asked for. */
  async #startEnvoy(plan: Plan, folder: DataFolder, database: OpenDatabase, { HOST }: Settings) {
    if (plan.envoy === undefined || this.#manner !== undefined) return [];
    const binary = await findEnvoy(join(folder.path, 'envoy'), this.#say);
    const config = await writeEnvoyConfig(folder.path, localAddresses(plan, plan.envoy, HOST, this.#options));
    return this.#startGroup([plan.envoy], folder, database, { ENVOY_BINARY: binary, ...config });
  }

  #makeFirstAdmin({ listens }: Running, folder: DataFolder, database: OpenDatabase, settings: Settings): Promise<void> {
    const userService = listens.grpc ?? '';
    const { ownerUrl } = database;
    return makeFirstAdmin({ settings, ownerUrl, userService, dataDir: folder.path, say: this.#say });
  }

  /** All at once. Empty as soon as somebody asked to stop. */
  async #startGroup(
    plans: readonly ServicePlan[],
    folder: DataFolder,
    database: OpenDatabase,
    more: NodeJS.ProcessEnv,
  ): Promise<readonly Running[]> {
    if (this.#manner !== undefined) return [];
    const env = (plan: ServicePlan) => ({ ...process.env, ...this.#environment(plan, database), ...more });
    const group = await Promise.all(
      plans.map(async (plan) => {
        const launch = {
          name: plan.name,
          main: mainOf(plan),
          env: env(plan),
          logFile: await folder.freshLog(plan.name),
        };
        return new ServiceProcess(launch, this.#say, () => this.#publish());
      }),
    );
    this.#processes.push(...group);
    this.#parts.add('services', { stop: () => this.#stopGroup(group) });
    const all = Promise.all(group.map(async (one) => ({ process: one, listens: await one.start() })));
    return Promise.race([all, this.#stopAsked.then(() => [])]);
  }

  async #stopGroup(group: readonly ServiceProcess[]): Promise<void> {
    await Promise.all(group.map((one) => (this.#manner === 'hurry' ? one.abandon() : one.stop())));
  }

  #environment(plan: ServicePlan, database: OpenDatabase): NodeJS.ProcessEnv {
    const { logLevel } = this.#options;
    return {
      PARLEY_DATABASE_URL: plan.role === undefined ? '' : database.urlFor(plan.role),
      PARLEY_PORT: String(plan.port),
      PARLEY_ADMIN_PORT: String(adminPort(plan)),
      PARLEY_NAME: plan.name,
      PARLEY_LOG_FORMAT: 'text',
      ...(logLevel === undefined ? {} : { PARLEY_LOG_LEVEL: logLevel }),
    };
  }

  /** `whereTo`: options of a first command. */
  #overview(running: readonly Running[], whereTo: string): string {
    const rows = running.map(({ process: { name, pid, logFile }, listens }) => [
      name,
      String(pid),
      addressOf(listens),
      listens.admin ?? '',
      shortPath(logFile),
    ]);
    const table = textTable(['service', 'pid', 'address', 'admin', 'log'], rows);
    const next = ['register ann', 'login ann'].map((command) => `  npx parley ${command}${whereTo}`);
    const page = running.at(-1)?.listens.http ?? '';
    return `everything runs\n\n${table}\nThe page: ${page}\n\nNow try, in another terminal (\`npx parley --help\` lists all):\n${next.join('\n')}\n\nPress Ctrl-C to stop.`;
  }

  /** What a login has to be told where the addresses are not the usual ones; the commands behind it know it by then. */
  #whereTo(behind: { readonly PARLEY_MANAGERS: string; readonly PARLEY_USER_SERVICES: string }): string {
    const { userPort, managerPort, managers } = this.#options;
    const userService = userPort === 50_051 ? '' : ` --user-service ${behind.PARLEY_USER_SERVICES}`;
    return managerPort === 50_052 && managers === 1
      ? userService
      : `${userService} --manager ${behind.PARLEY_MANAGERS}`;
  }
}

function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith('..') ? path : fromHere;
}

function addressOf({ grpc, http }: Listens): string {
  return grpc ?? http ?? '';
}

function factsOf({ process: { name, pid }, listens }: Running) {
  return { name, pid, address: addressOf(listens), admin: listens.admin ?? '' };
}
