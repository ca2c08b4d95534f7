import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import {
  createDatabaseFor,
  createPool,
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

/** One embedded server per test file, with databases created on request. */
export class TestServer {
  readonly url: string;
  readonly #embedded: EmbeddedServer;
  readonly #folder: string;
  readonly #pools: pg.Pool[] = [];
  #databases = 0;

  private constructor(embedded: EmbeddedServer, folder: string) {
    this.url = embedded.url;
    this.#embedded = embedded;
    this.#folder = folder;
  }

  static async start(): Promise<TestServer> {
    const folder = await openTempFolder();
    return new TestServer(await startEmbedded({ dataDir: folder, log: () => {} }), folder);
  }

  async emptyDatabase(): Promise<string> {
    this.#databases += 1;
    return createDatabaseFor(this.url, `test_${this.#databases}`);
  }

  async migratedDatabase(): Promise<string> {
    const url = await this.emptyDatabase();
    await migrate(url);
    return url;
  }

  pool(url: string, max = 4): pg.Pool {
    const pool = createPool({ url, applicationName: 'test', max });
    this.#pools.push(pool);
    return pool;
  }

  async rolePool(url: string, role: ServiceRole): Promise<pg.Pool> {
    const secrets = await readSecrets(this.#folder);
    await openRoles(url, secrets);
    return this.pool(roleUrl(url, role, secrets[role]));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()));
    await this.#embedded.stop();
    await rm(this.#folder, { recursive: true });
  }
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
