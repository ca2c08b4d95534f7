import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import {
  copyDatabaseFor,
  createDatabaseFor,
  createPool,
  dropDatabaseFor,
  type EmbeddedServer,
  migrate,
  openRoles,
  readSecrets,
  roleUrl,
  type ServiceRole,
  startEmbedded,
} from '../src/index.js';

/** Creates a temporary folder that the user `postgres` may enter. */
export async function openTempFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-database-'));
  await chmod(folder, mode);
  return folder;
}

/** A server with databases created on request. */
export class TestServer {
  readonly url: string;
  /** Undefined if the server is shared. */
  readonly #own: { readonly embedded: EmbeddedServer; readonly folder: string } | undefined;
  readonly #pools: pg.Pool[] = [];
  readonly #databases: string[] = [];

  private constructor(url: string, own?: { embedded: EmbeddedServer; folder: string }) {
    this.url = url;
    this.#own = own;
  }

  /** The PostgreSQL of this jest run. Its roles belong to all test files. */
  static shared(): TestServer {
    return new TestServer(String(process.env.TEST_POSTGRES_URL));
  }

  /** Starts a server, whose roles no other test file uses. */
  static async start(): Promise<TestServer> {
    const folder = await openTempFolder();
    const embedded = await startEmbedded({ dataDir: folder, log: () => {} });
    return new TestServer(embedded.url, { embedded, folder });
  }

  emptyDatabase(): Promise<string> {
    return createDatabaseFor(this.url, this.#newName());
  }

  /** Migrates an empty database, or copies the migrated one of a shared server. */
  async migratedDatabase(): Promise<string> {
    if (this.#own === undefined) return copyDatabaseFor(this.url, 'parley_template', this.#newName());
    const url = await this.emptyDatabase();
    await migrate(url);
    return url;
  }

  #newName(): string {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    this.#databases.push(name);
    return name;
  }

  pool(url: string, max = 4): pg.Pool {
    const pool = createPool({ url, applicationName: 'test', max, connectWithinMs: 60_000 });
    this.#pools.push(pool);
    return pool;
  }

  /** Sets the passwords of the roles. Only for a server of its own. */
  async rolePool(url: string, role: ServiceRole): Promise<pg.Pool> {
    if (this.#own === undefined) throw new Error('Other test files use these roles.');
    const secrets = await readSecrets(this.#own.folder);
    await openRoles(url, secrets);
    return this.pool(roleUrl(url, role, secrets[role]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
    if (this.#own === undefined) return this.#drop();
    await this.#own.embedded.stop();
    await rm(this.#own.folder, { recursive: true });
  }

  async #drop(): Promise<void> {
    for (const name of this.#databases) await dropDatabaseFor(this.url, name);
  }
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

export async function addUser(pool: pg.Pool, id: string): Promise<void> {
  await pool.query("INSERT INTO chat.users (id, name, password_hash) VALUES ($1, $1, '!')", [id]);
}

/** Creates a channel of `owner` of this kind and returns its id. */
export async function addChannel(pool: pg.Pool, owner: string, kind = 'room'): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    'INSERT INTO chat.channel (name, owner_id, kind) VALUES ($1, $2, $3) RETURNING id',
    ['somewhere', owner, kind],
  );
  return rows[0]?.id ?? 0;
}
