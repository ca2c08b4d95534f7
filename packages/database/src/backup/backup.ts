import type { Pool, PoolClient } from 'pg';
import { recordedMigrations } from '../migrate.js';
import { BackupError, damaged } from './backup-error.js';
import { dump, prepareSession } from './dump.js';
import { checkKnown, loadBackup } from './load.js';
import { type BackupRecord, type Manifest, packed, unpacked } from './records.js';
import { SealedFile, seal } from './sealed-file.js';
import { clearTarget } from './target.js';

/** How far a backup or a restore is. */
export interface BackupProgress {
  /** Table that is being read or written. */
  readonly table: string;
  /** Number of bytes of rows so far, before compression. */
  readonly bytes: number;
}

type OnProgress = (progress: BackupProgress) => void;

/** Totals of a backup. */
export interface BackupTotals {
  readonly manifest: Manifest;
  readonly rows: number;
}

/** Passes records on, reports progress, and notes the totals. */
class Watched {
  #tables: string[] = [];
  #bytes = 0;
  #manifest: Manifest | undefined;
  #rows: number | undefined;
  readonly #onProgress: OnProgress;

  constructor(onProgress: OnProgress) {
    this.#onProgress = onProgress;
  }

  async *records(source: AsyncIterable<BackupRecord>): AsyncGenerator<BackupRecord> {
    for await (const record of source) {
      this.#note(record);
      yield record;
    }
  }

  #note(record: BackupRecord): void {
    if (record.is === 'manifest') this.#manifest = record.manifest;
    if (record.is === 'manifest') this.#tables = record.manifest.tables.map(({ name }) => name);
    if (record.is === 'rows') this.#bytes += record.bytes.length;
    if (record.is === 'tableEnd') this.#tables.shift();
    if (record.is === 'end') this.#rows = record.rows;
    this.#onProgress({ table: this.#tables[0] ?? '', bytes: this.#bytes });
  }

  /** @throws {BackupError} if the end mark has not come. */
  totals(): BackupTotals {
    if (this.#manifest === undefined || this.#rows === undefined) throw damaged('its end mark is missing');
    return { manifest: this.#manifest, rows: this.#rows };
  }
}

/** The connection of a backup or a restore. The signal closes it, even while a statement waits. */
class BackupConnection {
  readonly client: PoolClient;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.close();
  #isOpen = true;

  constructor(client: PoolClient, signal: AbortSignal | undefined) {
    this.client = client;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort);
  }

  /** From now on, the signal has no effect. */
  outlastSignal(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  close(): void {
    this.outlastSignal();
    if (this.#isOpen) this.client.release(true); // Its session has settings of its own.
    this.#isOpen = false;
  }
}

async function withConnection<T>(
  pool: Pool,
  signal: AbortSignal | undefined,
  work: (connection: BackupConnection) => Promise<T>,
): Promise<T> {
  const connection = new BackupConnection(await pool.connect(), signal);
  try {
    signal?.throwIfAborted();
    return await work(connection);
  } finally {
    connection.close();
  }
}

export interface BackupOptions {
  /** Version of Parley, for the manifest. */
  readonly version: string;
  /** Encrypts the backup. */
  readonly passphrase: string | undefined;
  readonly onProgress: OnProgress;
  /** Stops the backup. */
  readonly signal?: AbortSignal;
  /** Writes the bytes of the backup to a file. */
  readonly write: (bytes: AsyncIterable<Buffer>) => Promise<void>;
}

/**
 * Writes a backup: everything that was committed at one moment. Parley may run meanwhile.
 * @throws {BackupError} if the database is not one of Parley; otherwise the database error, or that
 *   of `write`
 */
export async function writeBackup(pool: Pool, options: BackupOptions): Promise<BackupTotals> {
  return withConnection(pool, options.signal, async ({ client }) => {
    if ((await recordedMigrations(client)).length === 0)
      throw new BackupError('database-foreign', 'The database has no data of Parley. Choose another database.');
    const watched = new Watched(options.onProgress);
    const records = watched.records(dump(client, options.version));
    await options.write(seal(packed(records), options.passphrase));
    return watched.totals();
  });
}

export interface RestoreOptions {
  /** Opens the file from its beginning. It is read twice. */
  readonly read: () => AsyncIterable<Buffer>;
  readonly passphrase: string | undefined;
  readonly onProgress: OnProgress;
  /** Stops the restore. Once everything is loaded, it has no effect. */
  readonly signal?: AbortSignal;
}

async function* recordsOf({ read, passphrase }: RestoreOptions): AsyncGenerator<BackupRecord> {
  const file = await SealedFile.open(read());
  yield* unpacked(file.bytes(passphrase));
}

/**
 * Returns whether a backup is encrypted.
 * @throws {BackupError} if the file is not a backup
 */
export async function isEncryptedBackup(source: AsyncIterable<Buffer>): Promise<boolean> {
  const file = await SealedFile.open(source);
  await file.close();
  return file.isEncrypted;
}

/**
 * Checks every byte of a backup, but not that this version of Parley can restore it.
 * @throws {BackupError}
 */
export async function checkBackupBytes(options: RestoreOptions): Promise<BackupTotals> {
  const watched = new Watched(options.onProgress);
  for await (const _record of watched.records(recordsOf(options)));
  return watched.totals();
}

/**
 * Checks every byte of a backup, and that this version of Parley can restore it.
 * @throws {BackupError}
 */
export async function checkBackup(options: RestoreOptions): Promise<BackupTotals> {
  const watched = new Watched(options.onProgress);
  for await (const record of watched.records(recordsOf(options))) {
    if (record.is === 'manifest') await checkKnown(record.manifest);
  }
  return watched.totals();
}

/** Totals of a restore. */
export interface RestoreTotals extends BackupTotals {
  /** Number of channels, which all have a new log. */
  readonly channels: number;
}

/**
 * Replaces the schema `chat` by that of a backup, in one transaction: after an error, nothing has
 * changed. Checks the whole backup first.
 * @param replace whether the database may have data
 * @throws {BackupError}, or the database error
 */
export async function restoreBackup(pool: Pool, replace: boolean, options: RestoreOptions): Promise<RestoreTotals> {
  await checkBackup(options);
  return withConnection(pool, options.signal, async (connection) => {
    const { client } = connection;
    await prepareSession(client);
    await client.query('BEGIN');
    await clearTarget(client, replace);
    const watched = new Watched(options.onProgress);
    const records = watched.records(recordsOf(options));
    try {
      const channels = await loadBackup(client, records);
      const totals = watched.totals();
      connection.outlastSignal(); // Otherwise nobody would know whether the COMMIT has happened.
      await client.query('COMMIT');
      return { ...totals, channels };
    } finally {
      await records.return(undefined);
    }
  });
}
