import { randomBytes } from 'node:crypto';
import { checkBackup, isEncryptedBackup } from '../src/backup/backup.js';
import type { BackupError } from '../src/backup/backup-error.js';
import { checkKnown } from '../src/backup/load.js';
import { type BackupRecord, type Manifest, packed, unpacked } from '../src/backup/records.js';
import { SealedFile, seal } from '../src/backup/sealed-file.js';

const manifest: Manifest = {
  parley: '0.1.0',
  postgres: '18.4',
  moment: '2026-11-30T12:00:00.000Z',
  migrations: ['0001_schema'],
  tables: [
    { name: 'users', columns: ['id'] },
    { name: 'message', columns: ['channel_id', 'seq'] },
  ],
  sequences: [{ name: 'channel_id_seq', value: null }],
  filesInS3: { count: 0, bytes: 0 },
};
const small: BackupRecord[] = [
  { is: 'manifest', manifest },
  { is: 'rows', bytes: Buffer.from('alice\nbob\n') },
  { is: 'tableEnd', rows: 2 },
  { is: 'tableEnd', rows: 0 },
  { is: 'end', rows: 2 },
];
const passphrase = 'correct horse';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function bytesOf(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const bytes of source) all.push(bytes);
  return Buffer.concat(all);
}

function fileOf(records: readonly BackupRecord[], secret?: string): Promise<Buffer> {
  return bytesOf(seal(packed(each(records)), secret));
}

/** Returns the reason for which a file is refused, or the number of its rows. */
async function checked(file: Buffer, secret?: string): Promise<string | number> {
  const options = { read: () => each([file]), passphrase: secret, onProgress: () => {} };
  return checkBackup(options).then(
    ({ rows }) => rows,
    (error: BackupError) => error.reason,
  );
}

/** Returns the sealed bytes of a file, or the reason for which it is refused. */
async function opened(file: Buffer, secret?: string): Promise<Buffer | string> {
  const read = async () => bytesOf((await SealedFile.open(each([file]))).bytes(secret));
  return read().catch((error: BackupError) => error.reason);
}

function flipped(file: Buffer, at: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

test('refuses a backup with a changed byte, at any place', async () => {
  const file = await fileOf(small);
  expect(await checked(file)).toBe(2);
  for (let at = 0; at < file.length; at++) {
    expect([at, await checked(flipped(file, at))]).toEqual([at, expect.stringMatching(/^backup-(damaged|unknown)$/)]);
  }
});

test('refuses a backup that was cut at any place, and one with bytes after its end', async () => {
  const file = await fileOf(small);
  for (let length = 0; length < file.length; length++) {
    const reason = await checked(file.subarray(0, length));
    expect([length, reason]).toEqual([length, expect.stringMatching(/^backup-(damaged|unknown)$/)]);
  }
  expect(await checked(Buffer.concat([file, Buffer.from([0])]))).toBe('backup-damaged');
});

/** Returns the header and the chunks of a file. */
function partsOf(file: Buffer, tagBytes: number): Buffer[] {
  const parts: Buffer[] = [];
  const magicBytes = 14;
  let at = magicBytes + 4 + file.readUInt32BE(magicBytes);
  parts.push(file.subarray(0, at));
  while (at < file.length) {
    const end = at + 4 + (file.readUInt32BE(at) % 0x8000_0000) + tagBytes;
    parts.push(file.subarray(at, end));
    at = end;
  }
  return parts;
}

/** Makes a file of three chunks. Returns a function that joins its header and some of the chunks. */
async function threeChunks(data: Buffer, secret: string | undefined, tagBytes: number) {
  const [head, ...chunks] = partsOf(await bytesOf(seal(each([data]), secret)), tagBytes);
  expect(chunks.map(({ length }) => length - tagBytes)).toEqual([262_148, 262_148, 175_716]);
  return (...order: number[]) => Buffer.concat([head ?? Buffer.alloc(0), ...order.map((n) => chunks[n] as Buffer)]);
}

test('refuses a backup whose chunks are missing, repeated or exchanged', async () => {
  const data = randomBytes(700_000);
  const joined = await threeChunks(data, undefined, 32);
  expect(data.equals((await opened(joined(0, 1, 2))) as Buffer)).toBe(true);
  for (const order of [[0, 1], [0, 2], [1, 2], [0, 2, 1], [0, 1, 1, 2], []]) {
    expect([order, await opened(joined(...order))]).toEqual([order, 'backup-damaged']);
  }
});

test('refuses an encrypted backup whose chunks are exchanged', async () => {
  const data = randomBytes(700_000);
  const joined = await threeChunks(data, passphrase, 16);
  expect(data.equals((await opened(joined(0, 1, 2), passphrase)) as Buffer)).toBe(true);
  expect(await opened(joined(0, 2, 1), passphrase)).toBe('backup-damaged');
});

test('opens an encrypted backup only with its passphrase', async () => {
  const file = await fileOf(small, passphrase);
  expect(await isEncryptedBackup(each([file]))).toBe(true);
  expect(file.includes('alice')).toBe(false);
  expect(await checked(file, passphrase)).toBe(2);
  expect(await checked(file, 'wrong horse')).toBe('wrong-passphrase');
  expect(await checked(file)).toBe('wrong-passphrase');
});

test('does not open a backup without encryption if a passphrase is given', async () => {
  const file = await fileOf(small);
  expect(await isEncryptedBackup(each([file]))).toBe(false);
  expect(await checked(file, passphrase)).toBe('backup-not-encrypted');
});

test('refuses the format of a newer version', async () => {
  const header = Buffer.from('{"format":2,"cipher":"new"}');
  const file = Buffer.concat([Buffer.from('parley-backup\n\0\0\0'), Buffer.from([header.length]), header]);
  await expect(SealedFile.open(each([file]))).rejects.toThrow(
    'has format 2, and this version of Parley reads format 1',
  );
});

test.each<[string, BackupRecord[]]>([
  ['no manifest', small.slice(1)],
  ['a second manifest', [...small.slice(0, 3), { is: 'manifest', manifest }, ...small.slice(3)]],
  ['no end mark', small.slice(0, -1)],
  ['one table less', [...small.slice(0, 3), { is: 'end', rows: 2 }]],
  ['one table more', [...small.slice(0, 4), { is: 'tableEnd', rows: 0 }, { is: 'end', rows: 2 }]],
  ['another total', [...small.slice(0, -1), { is: 'end', rows: 3 }]],
  ['a record after the end mark', [...small, { is: 'end', rows: 2 }]],
])('refuses a backup with %s', async (_what, records) => {
  expect(await checked(await fileOf(records))).toBe('backup-damaged');
});

test('refuses contents that it does not know', async () => {
  const strange = { ...manifest, tables: [{ name: 'x; DROP TABLE y', columns: ['id'] }] };
  expect(await checked(await fileOf([{ is: 'manifest', manifest: strange }, ...small.slice(1)]))).toBe(
    'backup-unknown',
  );
});

test('refuses migrations of a newer version, and a list with a gap', async () => {
  const newer = { ...manifest, migrations: ['0001_schema', '9999_tomorrow'] };
  await expect(checkKnown(newer)).rejects.toThrow('migration 9999_tomorrow of Parley 0.1.0');
  const gap = { ...manifest, migrations: ['0001_schema', '0003_ownership'] };
  await expect(checkKnown(gap)).rejects.toThrow('lacks migration 0002_roles');
});

test('reads records that arrive in pieces of any size', async () => {
  const bytes = await bytesOf(packed(each(small)));
  const singly = async function* () {
    for (const byte of bytes) yield Buffer.from([byte]);
  };
  const records: BackupRecord[] = [];
  for await (const record of unpacked(singly())) records.push(record);
  expect(records).toEqual(small);
});
