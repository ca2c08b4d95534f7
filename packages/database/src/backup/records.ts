/**
 * The inner layer of a backup: records, compressed with gzip. The manifest comes first. For each
 * table of the manifest, its rows follow, as text that COPY reads, and their number. The total
 * number of rows is the end mark.
 *
 *     record: kind (1 byte) · length (4 bytes) · bytes
 */
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import * as z from 'zod';
import { BackupError, damaged } from './backup-error.js';
import { ByteReader } from './byte-reader.js';

const kinds = { manifest: 1, rows: 2, tableEnd: 3, end: 4 } as const;
const maxRecordBytes = 1_024 * 1_024;
const maxManifestBytes = 4 * maxRecordBytes;
const unknownContents = 'The backup has contents that this version of Parley does not know. Update Parley.';

const name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const count = z.int().min(0);

const manifestShape = z.object({
  /** Version of Parley that wrote the backup. */
  parley: z.string().max(100),
  /** Version of its PostgreSQL. */
  postgres: z.string().max(100),
  /** Moment of the snapshot. The backup has everything that was committed before, and nothing else. */
  moment: z.iso.datetime(),
  migrations: z.array(z.string().regex(/^\d{4}_\w+$/)).min(1),
  tables: z.array(z.object({ name, columns: z.array(name) })).min(1),
  /** The counters and their last values; null: not used yet. */
  sequences: z.array(z.object({ name, value: count.nullable() })),
  /** The files whose bytes are in S3, and so not in the backup. */
  filesInS3: z.object({ count, bytes: count }),
});

/** Facts about a backup. */
export type Manifest = z.infer<typeof manifestShape>;

/** A table and the columns that its rows have. */
export type TableShape = Manifest['tables'][number];

const endShape = z.object({ rows: count });

/** One record of a backup. */
export type BackupRecord =
  | { readonly is: 'manifest'; readonly manifest: Manifest }
  | { readonly is: 'rows'; readonly bytes: Buffer }
  | { readonly is: 'tableEnd'; readonly rows: number }
  | { readonly is: 'end'; readonly rows: number };

function* framed(kind: number, bytes: Buffer): Generator<Buffer> {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind);
  head.writeUInt32BE(bytes.length, 1);
  yield head;
  yield bytes;
}

function* encoded(record: BackupRecord): Generator<Buffer> {
  const { is } = record;
  if (is === 'manifest') return yield* framed(kinds.manifest, Buffer.from(JSON.stringify(record.manifest)));
  if (is !== 'rows') return yield* framed(kinds[is], Buffer.from(JSON.stringify({ rows: record.rows })));
  for (let at = 0; at < record.bytes.length; at += maxRecordBytes) {
    yield* framed(kinds.rows, record.bytes.subarray(at, at + maxRecordBytes));
  }
}

/** Connects a stream to a source. An error of the source ends the stream. */
async function* through(source: AsyncIterable<Buffer>, stream: NodeJS.ReadWriteStream): AsyncGenerator<Buffer> {
  const feeding = pipeline(source, stream);
  feeding.catch(() => {}); // The stream throws the same error.
  yield* stream as AsyncIterable<Buffer>;
  await feeding;
}

/** Yields the compressed bytes of records. */
export async function* packed(records: AsyncIterable<BackupRecord>): AsyncGenerator<Buffer> {
  const bytes = async function* () {
    for await (const record of records) yield* encoded(record);
  };
  yield* through(bytes(), createGzip());
}

function parsed<T>(shape: z.ZodType<T>, bytes: Buffer): T {
  try {
    return shape.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new BackupError('backup-unknown', unknownContents, { cause });
  }
}

async function decoded(reader: ByteReader): Promise<BackupRecord> {
  const head = await reader.read(5);
  const size = head.length === 5 ? head.readUInt32BE(1) : 0;
  if (size === 0 || size > maxManifestBytes) throw damaged('its contents end too early');
  const bytes = await reader.read(size);
  if (bytes.length < size) throw damaged('its contents end too early');
  const kind = head.readUInt8();
  if (kind === kinds.rows) return { is: 'rows', bytes };
  if (kind === kinds.manifest) return { is: 'manifest', manifest: parsed(manifestShape, bytes) };
  if (kind === kinds.tableEnd) return { is: 'tableEnd', ...parsed(endShape, bytes) };
  if (kind === kinds.end) return { is: 'end', ...parsed(endShape, bytes) };
  throw new BackupError('backup-unknown', unknownContents);
}

/** Checks the order of the records, and that the end mark has the total of the tables. */
class RecordOrder {
  #tablesLeft: number | undefined;
  #rows = 0;
  isDone = false;

  next(record: BackupRecord): void {
    if ((record.is === 'manifest') !== (this.#tablesLeft === undefined))
      throw damaged('its parts are in the wrong order');
    if (record.is === 'manifest') this.#tablesLeft = record.manifest.tables.length;
    else this.#follow(record, this.#tablesLeft ?? 0);
  }

  #follow(record: Exclude<BackupRecord, { is: 'manifest' }>, tablesLeft: number): void {
    if ((record.is === 'end') !== (tablesLeft === 0)) throw damaged('a table is missing');
    if (record.is === 'tableEnd') {
      this.#tablesLeft = tablesLeft - 1;
      this.#rows += record.rows;
    }
    if (record.is === 'end' && record.rows !== this.#rows) throw damaged('rows are missing');
    this.isDone = record.is === 'end';
  }
}

/**
 * Yields the records of compressed bytes. They are complete and in order.
 * @throws {BackupError}
 */
export async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<BackupRecord> {
  const reader = new ByteReader(through(bytes, createGunzip()));
  const order = new RecordOrder();
  try {
    while (!order.isDone) {
      const record = await decoded(reader);
      order.next(record);
      yield record;
    }
    if ((await reader.read(1)).length > 0) throw damaged('there are contents after the end mark');
  } finally {
    await reader.close();
  }
}
