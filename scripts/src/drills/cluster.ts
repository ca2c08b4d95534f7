import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EmbeddedServer,
  migrate,
  openRoles,
  readSecrets,
  roleUrl,
  type Secrets,
  type ServiceRole,
  startEmbedded,
} from '@parley/database';
import { type ServiceName, ServiceProcess, type TestDatabase } from '@parley/testkit';

/** What is killed, in turn. */
export const victims = ['chat server', 'manager', 'PostgreSQL'] as const;
export type Victim = (typeof victims)[number];

const log = () => {};

/** A PostgreSQL of its own, a manager and chat servers, each of which can be killed and started again. */
export class Cluster {
  readonly #folder: string;
  readonly #secrets: Secrets;
  #postgres: EmbeddedServer;
  #manager: ServiceProcess | undefined;
  #chatServers: ServiceProcess[] = [];
  readonly #killed = new Set<ServiceProcess>();
  /** Services that ended though nobody killed them, with their last words. */
  readonly ended: string[] = [];

  private constructor(folder: string, secrets: Secrets, postgres: EmbeddedServer) {
    this.#folder = folder;
    this.#secrets = secrets;
    this.#postgres = postgres;
  }

  static async start(chatServers: number): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-drill-'));
    await chmod(folder, 0o755); // root runs PostgreSQL as somebody else
    const postgres = await startEmbedded({ dataDir: folder, log });
    const secrets = await readSecrets(folder);
    await migrate(postgres.url);
    await openRoles(postgres.url, secrets);
    const cluster = new Cluster(folder, secrets, postgres);
    await cluster.#startManager('0');
    for (let n = 0; n < chatServers; n++) await cluster.#startChatServer();
    return cluster;
  }

  /** host:port; the same one in every life of the manager. */
  get managerAddress(): string {
    return this.#manager?.grpc ?? '';
  }

  get database(): TestDatabase {
    const urlFor = (role: ServiceRole) => roleUrl(this.#postgres.url, role, this.#secrets[role]);
    return { ownerUrl: this.#postgres.url, urlFor, close: async () => {} };
  }

  /** Kills it with -9 and starts another one at once; resolves when that is up. */
  async replace(victim: Victim): Promise<void> {
    if (victim === 'chat server') return this.#replaceChatServer();
    if (victim === 'manager') return this.#replaceManager();
    process.kill(this.#postgres.pid, 'SIGKILL');
    await this.startDatabase();
  }

  /** Ends PostgreSQL and every connection to it. */
  stopDatabase(): Promise<void> {
    return this.#postgres.stop();
  }

  /** Starts it on the folder and the port of before. */
  async startDatabase(): Promise<void> {
    const port = Number(new URL(this.#postgres.url).port);
    this.#postgres = await startEmbedded({ dataDir: this.#folder, port, log });
  }

  get databasePid(): number {
    return this.#postgres.pid;
  }

  /** What every service has written. */
  get output(): string {
    return [this.#manager, ...this.#chatServers].map((one) => one?.output).join('\n');
  }

  async stop(): Promise<void> {
    const services = [...this.#chatServers, this.#manager].filter((one) => one !== undefined);
    for (const one of services) this.#killed.add(one);
    await Promise.all(services.map((one) => one.stop()));
    await this.#postgres.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(service: ServiceName, role: ServiceRole, env: Readonly<Record<string, string>>) {
    const settings = { PARLEY_LOG_LEVEL: 'warn', PARLEY_DATABASE_URL: this.database.urlFor(role), ...env };
    const started = await ServiceProcess.start(service, settings);
    void started.exited.then((code) => {
      if (!this.#killed.has(started)) this.ended.push(`${service} (${code}): ${started.output.slice(-500)}`);
    });
    return started;
  }

  async #startManager(port: string): Promise<void> {
    this.#manager = await this.#start('channel-service', 'chat_manager', { PARLEY_PORT: port });
  }

  async #startChatServer(): Promise<void> {
    const env = { PARLEY_MANAGERS: this.managerAddress };
    this.#chatServers.push(await this.#start('chat-service', 'chat_server', env));
  }

  async #kill(service: ServiceProcess | undefined): Promise<void> {
    if (service === undefined) return;
    this.#killed.add(service);
    service.kill('SIGKILL');
    await service.exited;
  }

  /** The oldest one goes. */
  async #replaceChatServer(): Promise<void> {
    await this.#kill(this.#chatServers.shift());
    await this.#startChatServer();
  }

  async #replaceManager(): Promise<void> {
    const port = this.managerAddress.split(':')[1] ?? '0';
    await this.#kill(this.#manager);
    await this.#startManager(port);
  }
}
