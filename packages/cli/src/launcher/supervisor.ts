import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { hostAndPort, Lifecycle, type Settings, silentLogger } from '@parley/runtime';
import { readRedisConfig } from '@parley/service-kit';
import { Acceptance } from './acceptance.js';
import { accountFor, type SystemAccount } from './accounts.js';
import { DataFolder } from './data-folder.js';
import { checkEnvironment } from './environment.js';
import { findEnvoy } from './envoy/binary.js';
import { localAddresses, writeEnvoyConfig } from './envoy/config.js';
import { makeFirstAdmin } from './first-admin.js';
import { rotateLargeLogs } from './log-files.js';
import { type Network, networkOf, networkSettings } from './network.js';
import { findDatabase, type OpenDatabase, openProjectDatabase } from './open-database.js';
import type { StartOptions } from './options.js';
import { addressOf, overview, type Running, webPageOf } from './overview.js';
import { adminPagePort, adminPort, connectionsOf, mainOf, type Plan, planServices, type ServicePlan } from './plan.js';
import { checkFree } from './ports.js';
import { FactsPublisher } from './publisher.js';
import { SupervisedProcess } from './service-process.js';

type Print = (line: string) => void;

/** Facts and parts that all steps of one start share. */
interface StartContext {
  readonly plan: Plan;
  readonly folder: DataFolder;
  readonly database: OpenDatabase;
  readonly settings: Settings;
  readonly network: Network;
}

/** Ways to stop: in order, or in a hurry because npm is gone. */
type StopMode = 'order' | 'hurry';

/** Starts all processes in order, keeps them running, and stops them in reverse order. */
export class Supervisor {
  readonly #options: StartOptions;
  readonly #print: Print;
  readonly #parts = new Lifecycle(silentLogger());
  readonly #processes: SupervisedProcess[] = [];
  readonly #stopAsked: Promise<void>;
  #askToStop: () => void = () => {};
  #stopMode: StopMode | undefined;
  /** Writes the facts for other commands; undefined until everything runs. */
  #publisher: FactsPublisher | undefined;

  constructor(options: StartOptions, print: Print) {
    this.#options = options;
    this.#print = print;
    this.#stopAsked = new Promise((resolve) => {
      this.#askToStop = resolve;
    });
  }

  /**
   * Starts everything. Resolves after `requestStop`.
   * @throws {Error} if it cannot start
   */
  async run(): Promise<void> {
    const settings = checkEnvironment(this.#options, process.env);
    const plan = planServices(this.#options);
    const network = await networkOf(settings.HOST, this.#options.publicHost);
    const folder = this.#parts.add('data folder', await DataFolder.take(this.#options.data));
    const envoys = plan.envoy === undefined ? [] : [plan.envoy];
    await checkFree([...plan.first, ...plan.chatServers, ...plan.gateways, ...envoys], network.host, this.#print);
    const database = await this.#openProjectDatabase(folder, connectionsOf(plan, settings.DATABASE_CONNECTIONS));
    if (this.#stopMode === undefined) await this.#startServices({ plan, folder, database, settings, network });
    await this.#stopAsked;
  }

  /** Requests a stop, at any time. `run` resolves soon afterwards. */
  requestStop(manner: StopMode): void {
    this.#stopMode ??= manner;
    this.#askToStop();
  }

  /** Stops everything that runs, in the reverse order of the starts: PostgreSQL is the last. */
  stop(): Promise<void> {
    return this.#parts.stop();
  }

  /** Kills the services, so that `stop` resolves. */
  kill(): void {
    for (const one of this.#processes) one.kill();
  }

  /** Forwards a signal to every service. */
  passOn(signal: NodeJS.Signals): void {
    for (const one of this.#processes) one.signal(signal);
  }

  async #openProjectDatabase(folder: DataFolder, connections: number): Promise<OpenDatabase> {
    const keep = this.#parts.add.bind(this.#parts, 'database');
    const ownerUrl = await findDatabase(this.#options.database, folder.path, connections, keep, this.#print);
    const logs = () => [...this.#processes.map(({ logFile }) => logFile), join(folder.path, 'postgres.log')];
    this.#parts.add('logs', rotateLargeLogs(logs, this.#print));
    return openProjectDatabase(ownerUrl, folder.path, this.#options.restored, this.#print);
  }

  async #startServices(context: StartContext): Promise<void> {
    const { plan } = context;
    this.#print('starting the services');
    const first = await this.#startGroup(plan.first, context, {});
    const [userService] = first;
    if (userService !== undefined) await this.#makeFirstAdmin(userService, context);
    const addressesOf = (name: ServicePlan['service']) =>
      first
        .flatMap(({ listens }, index) => (plan.first[index]?.service === name ? [listens.grpc ?? ''] : []))
        .join(',');
    const upstreams = {
      PARLEY_MANAGERS: addressesOf('channel-service'),
      PARLEY_USER_SERVICES: addressesOf('user-service'),
    };
    const chat = await this.#startGroup(plan.chatServers, context, upstreams);
    const web = await this.#startGroup(plan.gateways, context, upstreams);
    if (this.#stopMode !== undefined) return;
    const running = [...first, ...chat, ...web, ...(await this.#startEnvoy(context))];
    await this.#publish(running, context);
    const isOver = () => this.#stopMode !== undefined;
    await new Acceptance(context.database.ownerUrl, this.#print).wait(() => running.map(factsOf), isOver);
    if (!isOver()) this.#print(overview(running, this.#options, upstreams, context.network, context.settings));
  }

  async #publish(running: readonly Running[], { folder, database, network, settings }: StartContext): Promise<void> {
    const redis = readRedisConfig({ ...settings, REDIS_URL: this.#options.redis });
    const fixed = {
      pid: process.pid,
      database: database.ownerUrl,
      ...(redis && { redis }),
      page: webPageOf(running, network, settings),
    };
    const facts = () => ({ ...fixed, services: running.map(factsOf) });
    this.#publisher = this.#parts.add('publisher', new FactsPublisher(folder, facts, this.#print));
    await this.#publisher.publish();
  }

  /** Starts Envoy if requested. */
  async #startEnvoy(context: StartContext) {
    const { plan, folder, network, settings } = context;
    if (plan.envoy === undefined || this.#stopMode !== undefined) return [];
    const binary = await findEnvoy(join(folder.path, 'envoy'), this.#print);
    const own = join(folder.path, 'front');
    const addresses = localAddresses(plan, plan.envoy, network, this.#options, settings.TLS_CA);
    const config = await writeEnvoyConfig(own, addresses);
    const env = { ENVOY_BINARY: binary, ...config };
    return this.#startGroup([plan.envoy], context, env, [own, join(own, 'envoy.json')]);
  }

  #makeFirstAdmin({ listens }: Running, { settings, database, folder }: StartContext): Promise<void> {
    const userService = listens.grpc ?? '';
    const { ownerUrl } = database;
    return makeFirstAdmin({ settings, ownerUrl, userService, dataDir: folder.path, print: this.#print });
  }

  /**
   * Starts several processes at the same time, or none if a stop was requested. Makes `files`
   * readable for their system user.
   */
  async #startGroup(
    plans: readonly ServicePlan[],
    context: StartContext,
    more: NodeJS.ProcessEnv,
    files: readonly string[] = [],
  ): Promise<readonly Running[]> {
    if (this.#stopMode !== undefined) return [];
    const group = await Promise.all(
      plans.map(async (plan) => {
        const env = { ...process.env, ...this.#environment(plan, context), ...more };
        const account = await accountFor(plan, env, this.#print);
        if (account !== undefined) await Promise.all(files.map((file) => chown(file, account.uid, account.gid)));
        return this.#processOf(plan, context, env, account);
      }),
    );
    this.#processes.push(...group);
    this.#parts.add('services', { stop: () => this.#stopGroup(group) });
    const all = Promise.all(group.map(async (one) => ({ process: one, listens: await one.start() })));
    return Promise.race([all, this.#stopAsked.then(() => [])]);
  }

  #processOf(
    plan: ServicePlan,
    { folder }: StartContext,
    env: NodeJS.ProcessEnv,
    account?: SystemAccount,
  ): SupervisedProcess {
    const { name } = plan;
    const launch = { name, main: mainOf(plan), env, logFile: folder.freshLog(name), ...(account && { account }) };
    return new SupervisedProcess(launch, this.#print, () => void this.#publisher?.publish());
  }

  async #stopGroup(group: readonly SupervisedProcess[]): Promise<void> {
    await Promise.all(group.map((one) => (this.#stopMode === 'hurry' ? one.abandon() : one.stop())));
  }

  #environment(plan: ServicePlan, { database, network }: StartContext): NodeJS.ProcessEnv {
    const { logLevel, envoy, redis } = this.#options;
    return {
      ...networkSettings(plan, network),
      PARLEY_DATABASE_URL: plan.role === undefined ? '' : database.urlFor(plan.role),
      PARLEY_PORT: String(plan.port),
      PARLEY_ADMIN_PORT: String(adminPort(plan)),
      PARLEY_NAME: plan.name,
      PARLEY_LOG_FORMAT: 'text',
      ...adminPageSettings(plan),
      ...redisSettings(plan.service, redis),
      ...(envoy || isBehind(plan.service) ? { PARLEY_PROXIES: trustedProxies(process.env.PARLEY_PROXIES) } : {}),
      ...(logLevel === undefined ? {} : { PARLEY_LOG_LEVEL: logLevel }),
    };
  }
}

/**
 * Returns whether the gateway and Envoy call a service on behalf of users. A connection to such a
 * service carries the calls of many users.
 */
function isBehind(service: ServicePlan['service']): boolean {
  return service !== 'gateway';
}

/**
 * Returns the setting of the admin page. The first gateway has one that only this machine reaches,
 * unless the user has set another.
 */
function adminPageSettings(plan: ServicePlan): NodeJS.ProcessEnv {
  const port = adminPagePort(plan);
  if (port === undefined) return { PARLEY_ADMIN_PAGE: 'off' };
  return { PARLEY_ADMIN_PAGE: process.env.PARLEY_ADMIN_PAGE || hostAndPort('127.0.0.1', port) };
}

/** Returns the settings of Redis for a service. Its password is only for the services that use it. */
function redisSettings(service: ServicePlan['service'], redis: string | undefined): NodeJS.ProcessEnv {
  if (service === 'channel-service' || service === 'gateway') return { PARLEY_REDIS_URL: redis };
  return { PARLEY_REDIS_URL: undefined, PARLEY_REDIS_URL_FILE: undefined };
}

/**
 * Returns the networks of trusted proxies: the given ones, and this machine, because the gateway
 * and Envoy of this start run here.
 */
function trustedProxies(given = ''): string {
  return [given, '127.0.0.0/8', '::1/128'].join(',');
}

function factsOf({ process: { name, pid }, listens }: Running) {
  return { name, pid, address: addressOf(listens), admin: listens.admin ?? '' };
}
