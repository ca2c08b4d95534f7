import { FaultProxy, ServiceProcess } from '@parley/testkit';
import type { LocalSystem } from './local-system.js';

/**
 * A chat server that joins the running system for a drill. Each of its connections to the database
 * and the managers goes through a proxy.
 */
export class ExtraServer {
  readonly #process: ServiceProcess;
  /** Proxy to the database. */
  readonly database: FaultProxy;
  /** Proxies to and from the managers. */
  readonly managers: readonly FaultProxy[];

  private constructor(process: ServiceProcess, database: FaultProxy, managers: readonly FaultProxy[]) {
    this.#process = process;
    this.database = database;
    this.managers = managers;
  }

  /** Starts the chat server. `entry` replaces its program, so that a test can plant a fault. */
  static async start(system: LocalSystem, entry?: string): Promise<ExtraServer> {
    const url = new URL(await system.databaseUrl('chat_server'));
    const { host } = url;
    const database = await FaultProxy.open(() => host);
    let listens = '';
    const commands = await FaultProxy.open(() => listens);
    const reports = await Promise.all(system.managers.map((address) => FaultProxy.open(() => address)));
    url.host = database.address;
    const env = {
      PARLEY_DATABASE_URL: url.href,
      PARLEY_NAME: 'drill',
      PARLEY_MANAGERS: reports.map(({ address }) => address).join(','),
      PARLEY_INTERNAL_ADDR: commands.address,
      PARLEY_LOG_LEVEL: 'warn',
    };
    const process = await ServiceProcess.start('chat-service', env, entry);
    listens = process.grpc;
    return new ExtraServer(process, database, [commands, ...reports]);
  }

  /** Address that clients connect to. */
  get grpc(): string {
    return this.#process.grpc;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    for (const proxy of [this.database, ...this.managers]) await proxy.close();
  }
}
