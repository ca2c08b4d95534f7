import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseAccount, createPool, findBinaries, type SystemUser, startEmbedded } from '@parley/database';
import { lastingPort } from '@parley/testkit';
import { endWithDrill } from './end-with-drill.js';
import { eventually } from './eventually.js';
import { familyOf } from './freeze.js';

const run = promisify(execFile);

/** Settings of every server. `wal_keep_size` keeps the WAL that a new standby needs. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  max_connections: '200',
  wal_keep_size: '1GB',
};

/** Where the servers of a drill are: their folder, their program and its system user. */
interface Place {
  readonly folder: string;
  readonly account: SystemUser;
  readonly binaries: string;
  /** URL of the owner. Each server has its own port. */
  readonly url: string;
}

/** A PostgreSQL server with its own data folder and port, which a drill can kill. */
export class PostgresServer {
  readonly name: string;
  readonly port: string;
  readonly #place: Place;
  #child: ChildProcess | undefined;

  private constructor(place: Place, name: string, port: string) {
    this.#place = place;
    this.name = name;
    this.port = port;
  }

  /** Makes a server with an empty database in a folder that its system user can enter, and starts it. */
  static async create(folder: string): Promise<PostgresServer> {
    const embedded = await startEmbedded({ dataDir: folder, log: () => {} });
    await embedded.stop();
    const account = await chooseAccount(join(folder, 'postgres'));
    const place = { folder, account, binaries: await findBinaries(account, () => {}), url: embedded.url };
    await mkdir(join(folder, 'archive'));
    if ('uid' in account) await chown(join(folder, 'archive'), account.uid, account.gid);
    const made = new PostgresServer(place, 'postgres', await lastingPort());
    await made.start();
    return made;
  }

  get #data(): string {
    return join(this.#place.folder, this.name);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** URL of the owner. */
  get url(): string {
    return Object.assign(new URL(this.#place.url), { host: this.address }).href;
  }

  /** Runs statements of the owner, one after the other, on one connection. Returns the rows of the last one. */
  async query(...statements: string[]): Promise<Record<string, unknown>[]> {
    const pool = createPool({ url: this.url, applicationName: 'drill', max: 1, connectWithinMs: 30_000 });
    try {
      let rows: Record<string, unknown>[] = [];
      for (const text of statements) rows = (await pool.query<Record<string, unknown>>(text)).rows;
      return rows;
    } finally {
      await pool.end();
    }
  }

  /** Waits until a condition in SQL holds. */
  holds(condition: string): Promise<void> {
    return eventually(`${this.name}: ${condition}`, async () => {
      return (await this.query(`SELECT (${condition}) AS holds`))[0]?.holds === true;
    });
  }

  /**
   * Makes a base backup into a new data folder, as pg_basebackup does. `changed` are the settings of
   * the copy, and `signal` is the file that makes it recover. Does not start it.
   */
  async copy(name: string, changed: Readonly<Record<string, string>>, signal: string): Promise<PostgresServer> {
    const copy = new PostgresServer(this.#place, name, await lastingPort());
    const pool = createPool({ url: this.url, applicationName: 'drill', max: 1, connectWithinMs: 30_000 });
    try {
      await pool.query('SELECT pg_backup_start($1, true)', [name]);
      // Files that vanish meanwhile are not missed: WAL has the changes.
      await run('cp', ['-a', this.#data, copy.#data]).catch(() => {});
      const stop = 'SELECT labelfile FROM pg_backup_stop(false)';
      const { rows } = await pool.query<{ labelfile: string }>(stop);
      await copy.#replaceFiles(rows[0]?.labelfile ?? '', changed, signal);
    } finally {
      await pool.end();
    }
    return copy;
  }

  async #replaceFiles(label: string, changed: Readonly<Record<string, string>>, signal: string): Promise<void> {
    await rm(join(this.#data, 'postmaster.pid'), { force: true });
    await rm(join(this.#data, 'pg_wal'), { recursive: true });
    await mkdir(join(this.#data, 'pg_wal'));
    await this.configure(changed);
    await writeFile(join(this.#data, 'backup_label'), label);
    await writeFile(join(this.#data, signal), '');
    await this.#giveAway();
  }

  /** Replaces the settings of a server that does not run. */
  async configure(changed: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(changed).map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'\n`);
    await writeFile(join(this.#data, 'postgresql.auto.conf'), lines.join(''));
  }

  async #giveAway(): Promise<void> {
    const { account } = this.#place;
    if ('uid' in account) await run('chown', ['-R', `${account.uid}:${account.gid}`, this.#data]);
  }

  /** The archive for WAL, which the servers share. */
  get archive(): string {
    return join(this.#place.folder, 'archive');
  }

  get #options(): string[] {
    const archive_command = `cp %p '${this.archive}/%f'`;
    const all = { ...settings, port: this.port, archive_mode: 'on', archive_command };
    return Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  }

  /** Starts the server, and waits until it accepts connections. */
  async start(): Promise<void> {
    const { account, binaries, folder } = this.#place;
    const log = await open(this.#logFile, 'a', 0o600);
    this.#child = spawn(join(binaries, 'bin', 'postgres'), ['-D', this.#data, ...this.#options], {
      ...account,
      cwd: '/',
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH },
      stdio: ['ignore', log.fd, log.fd],
    });
    endWithDrill(this.#child, 'SIGQUIT');
    await log.close();
    await this.holds('true').catch(async (cause: Error) => {
      const text = (await readFile(this.#logFile, 'utf8')).slice(-2_000);
      throw new Error(`PostgreSQL in ${join(folder, this.name)} does not start.\n${text}`, { cause });
    });
  }

  get #logFile(): string {
    return join(this.#place.folder, `${this.name}.log`);
  }

  /** Ends the server with a signal: SIGINT stops it, SIGKILL kills all its processes. */
  async end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const pids = signal === 'SIGKILL' ? await familyOf(child.pid) : [child.pid];
    const exited = once(child, 'exit');
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {} // It has ended by itself.
    }
    await exited;
  }
}
