import { FaultProxy } from '@parley/testkit';
import { PostgresServer } from './postgres-server.js';

/** Whether a commit waits for the standby. */
export type Replication = 'synchronous' | 'asynchronous';

/**
 * A primary and a standby of PostgreSQL. Parley knows one address, which `moveAddress` moves to the
 * promoted standby, as HAProxy, DNS or a virtual IP address does.
 */
export class PostgresPair {
  readonly #address: FaultProxy;
  #target: PostgresServer;
  #primary: PostgresServer;
  #standby: PostgresServer | undefined;
  /** The network on which the standby receives WAL. */
  #link: FaultProxy | undefined;
  #made = 0;

  private constructor(primary: PostgresServer, address: FaultProxy) {
    this.#primary = primary;
    this.#target = primary;
    this.#address = address;
  }

  /** Starts a primary whose files are in `folder`. */
  static async start(folder: string): Promise<PostgresPair> {
    const primary = await PostgresServer.create(folder);
    let pair: PostgresPair | undefined;
    const address = await FaultProxy.open(() => pair?.target ?? primary.address);
    pair = new PostgresPair(primary, address);
    return pair;
  }

  /** Address of the server to which the address of the pair leads. */
  get target(): string {
    return this.#target.address;
  }

  /** URL of the owner, with the address that moves. */
  get url(): string {
    return Object.assign(new URL(this.#primary.url), { host: this.#address.address }).href;
  }

  get primary(): PostgresServer {
    return this.#primary;
  }

  get standby(): PostgresServer {
    if (this.#standby === undefined) throw new Error('There is no standby.');
    return this.#standby;
  }

  /** Makes a standby by a base backup, and waits until it has received everything. */
  async addStandby(replication: Replication): Promise<void> {
    const primary = this.#primary;
    this.#made += 1;
    const link = await FaultProxy.open(() => primary.address);
    const { username, password, port } = Object.assign(new URL(primary.url), { host: link.address });
    const conninfo = `host=127.0.0.1 port=${port} user=${username} password=${decodeURIComponent(password)} application_name=standby`;
    const standby = await primary.copy(`standby-${this.#made}`, { primary_conninfo: conninfo }, 'standby.signal');
    this.#link = link;
    this.#standby = standby;
    await standby.start();
    const names = replication === 'synchronous' ? 'standby' : '';
    await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`, 'SELECT pg_reload_conf()');
    const state = replication === 'synchronous' ? 'sync' : 'async';
    await primary.holds(
      `EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '${state}')`,
    );
  }

  /** Waits until the standby has received everything up to now. Then lets it receive nothing more. */
  async stopReplication(): Promise<void> {
    const [row] = await this.#primary.query('SELECT pg_current_wal_flush_lsn()::text AS lsn');
    await this.standby.holds(`pg_last_wal_receive_lsn() >= '${String(row?.lsn)}'`);
    this.#link?.set({ hole: true });
  }

  /** Kills the primary with kill -9, and promotes the standby. Returns the server that was killed. */
  async failOver(): Promise<PostgresServer> {
    const killed = this.#primary;
    await killed.end('SIGKILL');
    await this.#link?.close();
    this.#primary = this.standby;
    this.#standby = undefined;
    await this.#primary.query('SELECT pg_promote()');
    await this.#primary.holds('NOT pg_is_in_recovery()');
    return killed;
  }

  /** Lets new connections reach the primary, or another server, and resets the others. */
  moveAddress(to = this.#primary): void {
    this.#target = to;
    this.#address.reset();
  }

  /**
   * Makes a base backup, and then calls `work`, which returns a time. Then kills the primary, and
   * recovers the backup to that time from the archive.
   */
  async recoverTo(work: () => Promise<string>): Promise<void> {
    this.#made += 1;
    const recovered = await this.#primary.copy(`recovered-${this.#made}`, {}, 'recovery.signal');
    const time = await work();
    const [row] = await this.#primary.query('SELECT pg_walfile_name(pg_switch_wal()) AS file');
    await this.#primary.holds(`(SELECT last_archived_wal >= '${String(row?.file)}' FROM pg_stat_archiver)`);
    await this.#primary.end('SIGKILL');
    this.#primary = recovered;
    await recovered.configure({
      restore_command: `cp '${recovered.archive}/%f' %p`,
      recovery_target_time: time,
      recovery_target_action: 'promote',
    });
    await recovered.start();
    await recovered.holds('NOT pg_is_in_recovery()');
  }

  async stop(): Promise<void> {
    await this.#standby?.end('SIGKILL');
    await this.#primary.end('SIGKILL');
    await this.#link?.close();
    await this.#address.close();
  }
}
