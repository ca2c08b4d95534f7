/**
 * The outer layer of a backup: a header, and then chunks, each with a tag that depends on its
 * bytes, its position, the header, and whether it is the last one. So a changed, missing, repeated
 * or moved byte is noticed in the chunk in which it is. Without a passphrase the tag is a checksum
 * (SHA-256). With one, chunks are encrypted with AES-256-GCM, and the tag also proves that the
 * writer had the passphrase.
 *
 *     "parley-backup\n" · length (4 bytes) · header (JSON) · chunks
 *     chunk: length (4 bytes; the highest bit marks the last chunk) · bytes · tag
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { BackupError, damaged } from './backup-error.js';
import { ByteReader } from './byte-reader.js';

const magic = Buffer.from('parley-backup\n');
const formatVersion = 1;
const chunkBytes = 256 * 1_024;
const maxHeaderBytes = 4_096;
const lastBit = 0x8000_0000;

/** Parameters of scrypt: 128 MiB and about half a second for each try of a passphrase. */
const kdf = { kdf: 'scrypt', n: 131_072, r: 8, p: 1 } as const;

const encryption = z.strictObject({
  cipher: z.literal('aes-256-gcm'),
  kdf: z.literal(kdf.kdf),
  n: z.literal(kdf.n),
  r: z.literal(kdf.r),
  p: z.literal(kdf.p),
  salt: z.base64().length(44),
});

const headerShape = z.strictObject({ format: z.literal(formatVersion), encryption: encryption.nullable() });

type Header = z.infer<typeof headerShape>;

const scryptKey = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** Derives the key of a file. */
function keyOf(passphrase: string, salt: string): Promise<Buffer> {
  const { n: N, r, p } = kdf;
  return scryptKey(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), 32, { N, r, p, maxmem: 256 * 1_024 ** 2 });
}

/** Seals and opens the chunks of one file. */
interface Seal {
  readonly tagBytes: number;
  seal(place: Buffer, bytes: Buffer): { body: Buffer; tag: Buffer };
  /** Returns the bytes, or undefined if the tag does not match. */
  open(place: Buffer, body: Buffer, tag: Buffer): Buffer | undefined;
}

function checksum(place: Buffer, bytes: Buffer): Buffer {
  return createHash('sha256').update(place).update(bytes).digest();
}

const checksums: Seal = {
  tagBytes: 32,
  seal: (place, bytes) => ({ body: bytes, tag: checksum(place, bytes) }),
  open: (place, body, tag) => (checksum(place, body).equals(tag) ? body : undefined),
};

/** A key encrypts one file only, so the position of a chunk is a nonce that is used once. */
function nonceOf(place: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(4), place.subarray(0, 8)]);
}

function ciphers(key: Buffer): Seal {
  return {
    tagBytes: 16,
    seal(place, bytes) {
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(place)).setAAD(place);
      const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return { body, tag: cipher.getAuthTag() };
    },
    open(place, body, tag) {
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(place)).setAAD(place).setAuthTag(tag);
      const bytes = decipher.update(body);
      try {
        return Buffer.concat([bytes, decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

/** Returns the bytes that identify a chunk: its position, its length with the mark of the last one, and the file. */
function placeOf(index: number, length: Buffer, headerHash: Buffer): Buffer {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(index));
  return Buffer.concat([place, length, headerHash]);
}

function lengthOf(size: number, isLast: boolean): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(isLast ? size + lastBit : size);
  return length;
}

function hashOf(header: Buffer): Buffer {
  return createHash('sha256').update(magic).update(header).digest();
}

/**
 * Yields the bytes of a sealed file with the bytes of `source`.
 * @param passphrase encrypts the file; undefined: the file has checksums only
 */
export async function* seal(source: AsyncIterable<Buffer>, passphrase: string | undefined): AsyncGenerator<Buffer> {
  const salt = randomBytes(32).toString('base64');
  const wanted: Header['encryption'] = passphrase === undefined ? null : { cipher: 'aes-256-gcm', ...kdf, salt };
  const header = Buffer.from(JSON.stringify({ format: formatVersion, encryption: wanted } satisfies Header));
  const headerHash = hashOf(header);
  const sealing = passphrase === undefined ? checksums : ciphers(await keyOf(passphrase, salt));
  const chunkOf = (bytes: Buffer, index: number, isLast: boolean) => {
    const length = lengthOf(bytes.length, isLast);
    const { body, tag } = sealing.seal(placeOf(index, length, headerHash), bytes);
    return Buffer.concat([length, body, tag]);
  };
  yield Buffer.concat([magic, lengthOf(header.length, false), header]);
  const reader = new ByteReader(source);
  try {
    let index = 0;
    let next = await reader.read(chunkBytes);
    for (;;) {
      const bytes = next;
      next = bytes.length < chunkBytes ? Buffer.alloc(0) : await reader.read(chunkBytes);
      yield chunkOf(bytes, index++, next.length === 0);
      if (next.length === 0) return;
    }
  } finally {
    await reader.close();
  }
}

function parseHeader(bytes: Buffer): Header {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw damaged('its header cannot be read');
  }
  const header = headerShape.safeParse(value);
  if (header.success) return header.data;
  const { format } = z.looseObject({ format: z.number() }).safeParse(value).data ?? { format: 0 };
  if (format > formatVersion) {
    throw new BackupError(
      'backup-unknown',
      `The backup has format ${format}, and this version of Parley reads format ${formatVersion}. Update Parley.`,
    );
  }
  throw damaged('its header is not that of a backup');
}

/** A sealed file whose header has been read. */
export class SealedFile {
  readonly #reader: ByteReader;
  readonly #header: Header;
  readonly #headerHash: Buffer;

  private constructor(reader: ByteReader, header: Header, headerHash: Buffer) {
    this.#reader = reader;
    this.#header = header;
    this.#headerHash = headerHash;
  }

  /**
   * Reads the header.
   * @throws {BackupError} if this is not a backup, or one of a newer version
   */
  static async open(source: AsyncIterable<Buffer>): Promise<SealedFile> {
    const reader = new ByteReader(source);
    if (!(await reader.read(magic.length)).equals(magic)) {
      throw new BackupError('backup-unknown', 'The file is not a backup of Parley. Choose another file.');
    }
    const size = await reader.read(4);
    const length = size.length === 4 ? size.readUInt32BE() : 0;
    if (length === 0 || length > maxHeaderBytes) throw damaged('its header has no valid length');
    const header = await reader.read(length);
    return new SealedFile(reader, parseHeader(header), hashOf(header));
  }

  get isEncrypted(): boolean {
    return this.#header.encryption !== null;
  }

  async #sealOf(passphrase: string | undefined): Promise<Seal> {
    const { encryption } = this.#header;
    if (encryption === null && passphrase === undefined) return checksums;
    if (encryption === null) {
      throw new BackupError(
        'backup-not-encrypted',
        'The backup is not encrypted, so anyone could have made it. If you trust it, leave out the passphrase.',
      );
    }
    if (passphrase === undefined) {
      throw new BackupError('wrong-passphrase', 'The backup is encrypted. Give its passphrase.');
    }
    return ciphers(await keyOf(passphrase, encryption.salt));
  }

  /**
   * Yields the bytes that were sealed. Each chunk is checked before it is yielded.
   * @throws {BackupError} if a byte differs or is missing, or the passphrase is wrong
   */
  async *bytes(passphrase: string | undefined): AsyncGenerator<Buffer> {
    const sealing = await this.#sealOf(passphrase);
    try {
      for (let index = 0; ; index++) {
        const length = await this.#reader.read(4);
        if (length.length < 4) throw damaged('its end is missing');
        const isLast = length.readUInt32BE() >= lastBit;
        const size = length.readUInt32BE() % lastBit;
        if (size > chunkBytes) throw damaged(`part ${index + 1} has no valid length`);
        const body = await this.#reader.read(size);
        const tag = await this.#reader.read(sealing.tagBytes);
        if (tag.length < sealing.tagBytes) throw damaged('its end is missing');
        yield this.#opened(sealing, index, length, body, tag);
        if (isLast) break;
      }
      if ((await this.#reader.read(1)).length > 0) throw damaged('there are bytes after its end');
    } finally {
      await this.close();
    }
  }

  #opened(sealing: Seal, index: number, length: Buffer, body: Buffer, tag: Buffer): Buffer {
    const bytes = sealing.open(placeOf(index, length, this.#headerHash), body, tag);
    if (bytes !== undefined) return bytes;
    if (index > 0 || !this.isEncrypted) throw damaged(`part ${index + 1} has other bytes than when it was written`);
    throw new BackupError(
      'wrong-passphrase',
      'The passphrase is wrong, or the beginning of the backup is damaged. Try another passphrase or backup.',
    );
  }

  /** Closes the source. */
  close(): Promise<void> {
    return this.#reader.close();
  }
}
